package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Removed;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** {@code mydocker image prune}. */
final class ImagePruneCommand implements Command {

  @Override
  public String synopsis() {
    return "image prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove the images without names, and the layers that nothing refers to";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("All images that no container uses", "-a", "--all")
        .toggle("Do not ask", "-f", "--force")
        .list("NAME=VALUE", "Only those: until, label or label!", "--filter");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker image prune", "mydocker image prune -a -f --filter until=24h");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    ImageFilter filter =
        ImageFilter.parse(
            arguments.all("--filter"), ImageFilter.OF_PRUNING, Instant.now(), name -> Instant.MIN);
    boolean all = filter.dangling().map(dangling -> !dangling).orElse(arguments.on("--all"));
    if (!arguments.on("--force") && !Confirmation.asked(session.console(), warning(all))) {
      return 0;
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    session.console().out(text(engine.images().local().prune(all, filter::matchesContent)));
    return 0;
  }

  private static String warning(boolean all) {
    return all
        ? "This removes all images that no container uses."
        : "This removes all images without a name.";
  }

  /** What is printed of a removal. */
  static String text(Removed removed) {
    return list(removed) + "Total reclaimed space: " + Human.size(removed.bytes(), 4) + "\n";
  }

  /** The names and ids that were removed. */
  static String list(Removed removed) {
    List<String> lines = RmiCommand.lines(removed, "untagged: ", "deleted: ");
    return lines.isEmpty() ? "" : "Deleted Images:\n" + String.join("", lines) + "\n";
  }
}
