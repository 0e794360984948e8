package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.PrunedContainers;
import java.io.IOException;
import java.util.List;

/** {@code mydocker container prune}. */
final class ContainerPruneCommand implements Command {

  @Override
  public String synopsis() {
    return "container prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove all containers that do not run";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Do not ask", "-f", "--force")
        .list("NAME=VALUE", "Only those: until, label or label!", "--filter");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker container prune", "mydocker container prune -f --filter until=24h");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    if (!arguments.on("--force")
        && !Confirmation.asked(session.console(), "This removes all containers that do not run.")) {
      return 0;
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    ContainerFilter filter = ContainerFilter.parse(arguments.all("--filter"), engine);
    PrunedContainers pruned = engine.prune(filter::matches);
    session
        .console()
        .out(list(pruned) + "Total reclaimed space: " + Human.size(pruned.bytes(), 4) + "\n");
    return VolumePruneCommand.failures(pruned.failures(), session.console(), "container prune: ");
  }

  /** What is printed of those that were removed. */
  static String list(PrunedContainers pruned) {
    return pruned.ids().isEmpty()
        ? ""
        : "Deleted Containers:\n" + String.join("\n", pruned.ids()) + "\n\n";
  }
}
