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
          new Entry("inspect", "Show everything about images"),
          new Entry("history", "Show how an image was made"),
          new Entry("image", "Commands for images"),
          new Entry("system", "Commands for what mydocker keeps on the disk"),
          new Entry("version", "Show the version"),
          new Entry("help", "Show how a command is used"));

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

  private static final List<Alias> SYSTEM =
      List.of(new Alias("check", "system check"), new Alias("df", "system df"));

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
        return Optional.of(new InspectCommand(false));
      case "image inspect":
        return Optional.of(new InspectCommand(true));
      case "history":
        return Optional.of(new HistoryCommand());
      case "image prune":
        return Optional.of(new ImagePruneCommand());
      case "system check":
        return Optional.of(new SystemCheckCommand());
      case "system df":
        return Optional.of(new SystemDfCommand());
      case "image":
        return Optional.of(new GroupCommand("image", "Work with images", IMAGE));
      case "system":
        return Optional.of(new GroupCommand("system", "Look after what is on the disk", SYSTEM));
      case "version":
        return Optional.of(new VersionCommand());
      case "help":
        return Optional.of(new HelpCommand());
      default:
        return Optional.empty();
    }
  }
}
