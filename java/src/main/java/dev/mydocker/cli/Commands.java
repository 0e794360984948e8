package dev.mydocker.cli;

import java.util.List;
import java.util.Optional;

/** The commands by name; only the one that is asked for is built, as start-up time counts. */
final class Commands {

  /** A command as the short help lists it. */
  record Entry(String name, String summary) {}

  /** In the order of the short help. */
  static final List<Entry> ALL =
      List.of(
          new Entry("run", "Run a command in a new container"),
          new Entry("exec", "Run a command in a running container"),
          new Entry("attach", "See what a container prints, and type into it"),
          new Entry("logs", "Show what a container has printed"),
          new Entry("ps", "List containers"),
          new Entry("create", "Make a container without starting it"),
          new Entry("start", "Start containers"),
          new Entry("stop", "Stop containers"),
          new Entry("restart", "Stop containers and start them again"),
          new Entry("kill", "Send a signal to containers"),
          new Entry("pause", "Stop the processes of containers where they are"),
          new Entry("unpause", "Let paused containers go on"),
          new Entry("top", "Show the processes of a container"),
          new Entry("stats", "Show what containers use"),
          new Entry("update", "Change the limits of containers"),
          new Entry("port", "List the ports of a container"),
          new Entry("cp", "Copy files out of a container or into it"),
          new Entry("diff", "Show what a container has changed of its image"),
          new Entry("export", "Write a container's files into a tar"),
          new Entry("commit", "Make an image of a container"),
          new Entry("events", "Show what happens, as it happens"),
          new Entry("wait", "Wait until containers have ended"),
          new Entry("rm", "Remove containers"),
          new Entry("rename", "Give a container another name"),
          new Entry("pull", "Fetch an image"),
          new Entry("push", "Send an image to its registry"),
          new Entry("login", "Log in to a registry"),
          new Entry("logout", "Forget the credentials for a registry"),
          new Entry("images", "List the images that are here"),
          new Entry("save", "Write images into an archive"),
          new Entry("load", "Take images out of an archive"),
          new Entry("import", "Make an image of a root file system"),
          new Entry("rmi", "Remove images"),
          new Entry("tag", "Give an image one more name"),
          new Entry("inspect", "Show everything about containers and images"),
          new Entry("history", "Show how an image was made"),
          new Entry("container", "Commands for containers"),
          new Entry("image", "Commands for images"),
          new Entry("network", "Commands for networks"),
          new Entry("volume", "Commands for volumes"),
          new Entry("system", "Commands for what mydocker keeps on the disk"),
          new Entry("unshare", "Run a program where an ordinary user's containers live"),
          new Entry("info", "Show what is here and what it runs on"),
          new Entry("version", "Show the version"),
          new Entry("help", "Show how a command is used"));

  /** The commands below {@code container}. */
  private static final List<Alias> CONTAINER =
      List.of(
          new Alias("ls", "ps"),
          new Alias("list", "ps"),
          new Alias("ps", "ps"),
          new Alias("inspect", "container inspect"),
          new Alias("run", "run"),
          new Alias("create", "create"),
          new Alias("start", "start"),
          new Alias("stop", "stop"),
          new Alias("restart", "restart"),
          new Alias("kill", "kill"),
          new Alias("pause", "pause"),
          new Alias("unpause", "unpause"),
          new Alias("exec", "exec"),
          new Alias("attach", "attach"),
          new Alias("logs", "logs"),
          new Alias("top", "top"),
          new Alias("stats", "stats"),
          new Alias("update", "update"),
          new Alias("port", "port"),
          new Alias("cp", "cp"),
          new Alias("diff", "diff"),
          new Alias("export", "export"),
          new Alias("commit", "commit"),
          new Alias("wait", "wait"),
          new Alias("rm", "rm"),
          new Alias("remove", "rm"),
          new Alias("rename", "rename"),
          new Alias("prune", "container prune"));

  /** The commands below {@code image}: what each is called, and the command it is. */
  private static final List<Alias> IMAGE =
      List.of(
          new Alias("ls", "images"),
          new Alias("list", "images"),
          new Alias("rm", "rmi"),
          new Alias("remove", "rmi"),
          new Alias("inspect", "image inspect"),
          new Alias("prune", "image prune"),
          new Alias("build", "build"),
          new Alias("history", "history"),
          new Alias("import", "import"),
          new Alias("load", "load"),
          new Alias("pull", "pull"),
          new Alias("push", "push"),
          new Alias("save", "save"),
          new Alias("tag", "tag"));

  private static final List<Alias> NETWORK =
      List.of(
          new Alias("connect", "network connect"),
          new Alias("create", "network create"),
          new Alias("disconnect", "network disconnect"),
          new Alias("inspect", "network inspect"),
          new Alias("ls", "network ls"),
          new Alias("list", "network ls"),
          new Alias("prune", "network prune"),
          new Alias("rm", "network rm"),
          new Alias("remove", "network rm"));

  private static final List<Alias> VOLUME =
      List.of(
          new Alias("create", "volume create"),
          new Alias("ls", "volume ls"),
          new Alias("list", "volume ls"),
          new Alias("inspect", "volume inspect"),
          new Alias("rm", "volume rm"),
          new Alias("remove", "volume rm"),
          new Alias("prune", "volume prune"));

  private static final List<Alias> SYSTEM =
      List.of(
          new Alias("check", "system check"),
          new Alias("df", "system df"),
          new Alias("events", "events"),
          new Alias("info", "info"),
          new Alias("prune", "system prune"),
          new Alias("start", "system start"));

  /**
   * A command of a group.
   *
   * @param name in the group
   * @param command as {@link #find} knows it
   */
  record Alias(String name, String command) {}

  private Commands() {}

  /** The command of that name, or of those words: {@code image ls}. */
  static Optional<Command> find(String name) {
    switch (name) {
      case "run":
        return Optional.of(new RunCommand());
      case "create":
        return Optional.of(new CreateCommand());
      case "start":
        return Optional.of(new StartCommand());
      case "stop":
        return Optional.of(new StopCommand(false));
      case "restart":
        return Optional.of(new StopCommand(true));
      case "kill":
        return Optional.of(new KillCommand());
      case "pause":
        return Optional.of(new PauseCommand(true));
      case "unpause":
        return Optional.of(new PauseCommand(false));
      case "exec":
        return Optional.of(new ExecCommand());
      case "attach":
        return Optional.of(new AttachCommand());
      case "logs":
        return Optional.of(new LogsCommand());
      case "top":
        return Optional.of(new TopCommand());
      case "stats":
        return Optional.of(new StatsCommand());
      case "update":
        return Optional.of(new UpdateCommand());
      case "port":
        return Optional.of(new PortCommand());
      case "cp":
        return Optional.of(new CpCommand());
      case "diff":
        return Optional.of(new DiffCommand());
      case "export":
        return Optional.of(new ExportCommand());
      case "commit":
        return Optional.of(new CommitCommand());
      case "events":
        return Optional.of(new EventsCommand());
      case "wait":
        return Optional.of(new WaitCommand());
      case "rm":
        return Optional.of(new RmCommand());
      case "rename":
        return Optional.of(new RenameCommand());
      case "ps":
        return Optional.of(new PsCommand());
      case "container":
        return Optional.of(new GroupCommand("container", "Work with containers", CONTAINER));
      case "pull":
        return Optional.of(new PullCommand());
      case "push":
        return Optional.of(new PushCommand());
      case "login":
        return Optional.of(new LoginCommand());
      case "logout":
        return Optional.of(new LogoutCommand());
      case "images":
        return Optional.of(new ImagesCommand());
      case "save":
        return Optional.of(new SaveCommand());
      case "load":
        return Optional.of(new LoadCommand());
      case "import":
        return Optional.of(new ImportCommand());
      case "rmi":
        return Optional.of(new RmiCommand());
      case "tag":
        return Optional.of(new TagCommand());
      case "inspect":
        return Optional.of(new InspectCommand(InspectCommand.Of.ANYTHING));
      case "container inspect":
        return Optional.of(new InspectCommand(InspectCommand.Of.CONTAINERS));
      case "container prune":
        return Optional.of(new ContainerPruneCommand());
      case "image inspect":
        return Optional.of(new InspectCommand(InspectCommand.Of.IMAGES));
      case "history":
        return Optional.of(new HistoryCommand());
      case "image prune":
        return Optional.of(new ImagePruneCommand());
      case "network connect":
        return Optional.of(new NetworkConnectCommand(false));
      case "network disconnect":
        return Optional.of(new NetworkConnectCommand(true));
      case "network create":
        return Optional.of(new NetworkCreateCommand());
      case "network inspect":
        return Optional.of(new InspectCommand(InspectCommand.Of.NETWORKS));
      case "network ls":
        return Optional.of(new NetworkLsCommand());
      case "network prune":
        return Optional.of(new NetworkPruneCommand());
      case "network rm":
        return Optional.of(new NetworkRmCommand());
      case "network":
        return Optional.of(new GroupCommand("network", "Work with networks", NETWORK));
      case "volume create":
        return Optional.of(new VolumeCreateCommand());
      case "volume ls":
        return Optional.of(new VolumeLsCommand());
      case "volume inspect":
        return Optional.of(new InspectCommand(InspectCommand.Of.VOLUMES));
      case "volume rm":
        return Optional.of(new VolumeRmCommand());
      case "volume prune":
        return Optional.of(new VolumePruneCommand());
      case "volume":
        return Optional.of(new GroupCommand("volume", "Work with volumes", VOLUME));
      case "system check":
        return Optional.of(new SystemCheckCommand());
      case "system df":
        return Optional.of(new SystemDfCommand());
      case "system prune":
        return Optional.of(new SystemPruneCommand());
      case "system start":
        return Optional.of(new SystemStartCommand());
      case "image":
        return Optional.of(new GroupCommand("image", "Work with images", IMAGE));
      case "system":
        return Optional.of(new GroupCommand("system", "Look after what is on the disk", SYSTEM));
      case "info":
        return Optional.of(new InfoCommand());
      case "unshare":
        return Optional.of(new UnshareCommand());
      case "version":
        return Optional.of(new VersionCommand());
      case "help":
        return Optional.of(new HelpCommand());
      default:
        return Optional.empty();
    }
  }
}
