package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.PrunedContainers;
import dev.mydocker.image.Removed;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** {@code mydocker system prune}. */
final class SystemPruneCommand implements Command {
  private static final Set<String> FILTERS = Set.of("until", "label", "label!");

  @Override
  public String synopsis() {
    return "system prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove the containers that do not run, and the images without names";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("All images that no container uses", "-a", "--all")
        .toggle("Do not ask", "-f", "--force")
        .list("NAME=VALUE", "Only what is: until, label or label!", "--filter")
        .later(" --volumes ");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker system prune", "mydocker system prune -a -f --filter until=24h");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    List<String> given = arguments.all("--filter");
    boolean all = arguments.on("--all");
    ImageFilter images = ImageFilter.parse(given, FILTERS, Instant.now(), name -> Instant.MIN);
    Engine engine = Engine.open(session.environment());
    ContainerFilter containers = ContainerFilter.parse(given, engine);
    if (!arguments.on("--force") && !Confirmation.asked(session.console(), warning(all, given))) {
      return 0;
    }
    engine.sweep();
    PrunedContainers gone = engine.prune(containers::matches);
    Removed removed = engine.images().local().prune(all, images::matchesContent);
    session
        .console()
        .out(
            ContainerPruneCommand.list(gone)
                + ImagePruneCommand.list(removed)
                + "Total reclaimed space: "
                + Human.size(gone.bytes() + removed.bytes(), 4)
                + "\n");
    return 0;
  }

  private static String warning(boolean all, List<String> filters) {
    StringBuilder out = new StringBuilder("This will remove:\n  - all stopped containers\n");
    out.append(
        all
            ? "  - all images without at least one container associated to them\n"
            : "  - all dangling images\n");
    if (!filters.isEmpty()) {
      out.append("\n  Items to be pruned will be filtered with:\n");
      filters.forEach(filter -> out.append("  - ").append(Text.printable(filter)).append('\n'));
    }
    return out.toString();
  }
}
