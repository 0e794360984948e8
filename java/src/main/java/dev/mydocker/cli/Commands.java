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
          new Entry("version", "Show the version"),
          new Entry("help", "Show how a command is used"));

  private Commands() {}

  /** The command of that name. */
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
      case "version":
        return Optional.of(new VersionCommand());
      case "help":
        return Optional.of(new HelpCommand());
      default:
        return Optional.empty();
    }
  }
}
