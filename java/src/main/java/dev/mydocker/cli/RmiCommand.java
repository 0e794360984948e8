package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Digest;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.Removed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** {@code mydocker rmi}. */
final class RmiCommand implements Command {

  @Override
  public String synopsis() {
    return "rmi [OPTIONS] IMAGE [IMAGE...]";
  }

  @Override
  public String summary() {
    return "Remove names of images, and images with their last name";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Also what stopped containers use, or has several names", "-f", "--force")
        .toggle("Leave the layers that nothing refers to any more", "--no-prune");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker rmi busybox", "mydocker rmi -f 3f1c20aa localhost:5000/app:v1");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one image");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean force = arguments.on("--force");
    boolean failed = false;
    for (String image : arguments.arguments()) {
      try {
        Removed removed = engine.images().local().remove(image, force, !arguments.on("--no-prune"));
        session.console().out(String.join("", lines(removed, "Untagged: ", "Deleted: ")));
      } catch (IOException e) {
        session.console().error("rmi: " + e.getMessage());
        failed |= !force || !isMissing(e);
      }
    }
    return failed ? 1 : 0;
  }

  private static boolean isMissing(IOException e) {
    return e instanceof ImageException image && image.kind() == ImageException.Kind.NOT_FOUND;
  }

  /** A line for each name and digest. */
  static List<String> lines(Removed removed, String untagged, String deleted) {
    List<String> out = new ArrayList<>();
    for (String name : removed.untagged()) {
      out.add(untagged + Text.printable(name) + "\n");
    }
    for (Digest digest : removed.deleted()) {
      out.add(deleted + digest + "\n");
    }
    return out;
  }
}
