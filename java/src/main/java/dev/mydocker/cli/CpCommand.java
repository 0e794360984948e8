package dev.mydocker.cli;

import dev.mydocker.engine.ContainerFiles;
import dev.mydocker.engine.Engine;
import dev.mydocker.image.CopyPlace;
import dev.mydocker.image.TreeCopy;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code mydocker cp}. */
final class CpCommand implements Command {

  /**
   * One side of a copy.
   *
   * @param container empty for this host
   * @param path {@code -} on this host for a tar
   */
  record Side(Optional<String> container, String path) {

    /** As Docker reads it: what begins like a path of this host is one, whatever follows. */
    static Side parse(String text) {
      int colon = text.indexOf(':');
      if (text.startsWith("/") || text.startsWith(".") || colon < 0) {
        return new Side(Optional.empty(), text);
      }
      return new Side(Optional.of(text.substring(0, colon)), text.substring(colon + 1));
    }

    boolean isTar() {
      return container.isEmpty() && path.equals("-");
    }
  }

  @Override
  public String synopsis() {
    return "cp [OPTIONS] CONTAINER:SRC DEST|-\n       mydocker cp [OPTIONS] SRC|- CONTAINER:DEST";
  }

  @Override
  public String summary() {
    return "Copy files out of a container or into it, running or not";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Keep the owners", "-a", "--archive")
        .toggle("Copy what a link SRC leads to, instead of the link", "-L", "--follow-link")
        .toggle("Do not say what was copied", "-q", "--quiet");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker cp web:/etc/nginx/nginx.conf .",
        "mydocker cp ./site/. web:/srv/www",
        "tar -c site | mydocker cp - web:/srv",
        "mydocker cp web:/var/log - | tar t");
  }

  @Override
  public String notes() {
    return "DIR/ is a directory, DIR/. what is in it. - is a tar on the standard input or output."
        + "\nSockets are not copied.";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 2) {
      throw new UsageException("it needs a source and a destination");
    }
    Side from = Side.parse(arguments.arguments().get(0));
    Side to = Side.parse(arguments.arguments().get(1));
    if (from.container().isPresent() == to.container().isPresent()) {
      throw new UsageException(
          from.container().isPresent()
              ? "it copies from one container to this host, or back: not between containers"
              : "one of the two must be in a container: CONTAINER:PATH");
    }
    if (to.isTar() && Linux.isatty(1) == 1) {
      throw new UsageException("an archive is nothing for a terminal: redirect it");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    String container = from.container().or(to::container).orElseThrow();
    TreeCopy.Copied copied;
    try (ContainerFiles files = engine.find(container).files();
        Directory host = Directory.open(Path.of("/"))) {
      CopyPlace inside = files.place();
      CopyPlace here = CopyPlace.whole(host);
      copied = copy(from, to, inside, here, arguments, session);
      if (from.container().isPresent()) {
        files.tellCopiedFrom(from.path());
      } else {
        files.tellCopiedTo(to.path());
      }
    }
    if (copied.left() > 0) {
      session
          .console()
          .warning(copied.left() + " files were not copied: sockets, devices, or gone");
    }
    if (!arguments.on("--quiet") && !to.isTar() && Linux.isatty(2) == 1) {
      String size = Human.size(copied.bytes(), 3);
      session.console().progressErr("Successfully copied " + size + "\n");
    }
    return 0;
  }

  private static TreeCopy.Copied copy(
      Side from, Side to, CopyPlace inside, CopyPlace here, Flags.Parsed arguments, Session session)
      throws IOException {
    boolean follow = arguments.on("--follow-link");
    boolean owners = arguments.on("--archive");
    if (to.isTar()) {
      return TreeCopy.toTar(inside, from.path(), follow, session.console().output());
    }
    if (from.isTar()) {
      return TreeCopy.fromTar(session.console().input(), inside, to.path());
    }
    return from.container().isPresent()
        ? TreeCopy.copy(inside, from.path(), here, absolute(to.path()), follow, owners)
        : TreeCopy.copy(here, absolute(from.path()), inside, to.path(), follow, owners);
  }

  /** A path of this host from its root, its end as it was. */
  private static String absolute(String path) {
    return path.startsWith("/") ? path : Path.of("").toAbsolutePath() + "/" + path;
  }
}
