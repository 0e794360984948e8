package dev.mydocker.cli;

import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.util.ArrayList;
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
        .list("NAME=VALUE", "Only those: until, label", "--filter");
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
    long before = written(engine);
    List<String> deleted = new ArrayList<>();
    for (ContainerInfo container : engine.containers()) {
      if (isAtRest(container.state()) && filter.matches(container)) {
        try {
          engine.find(container.id()).remove(false);
          deleted.add(container.id() + "\n");
        } catch (ContainerException e) {
          // Somebody else has removed or started it since the look.
        }
      }
    }
    String list =
        deleted.isEmpty() ? "" : "Deleted Containers:\n" + String.join("", deleted) + "\n";
    String size = Human.size(Math.max(0, before - written(engine)), 4);
    session.console().out(list + "Total reclaimed space: " + size + "\n");
    return 0;
  }

  private static boolean isAtRest(ContainerState state) {
    return !state.isRunning() && state != ContainerState.RESTARTING;
  }

  private static long written(Engine engine) throws IOException {
    return engine.containerUsage().stream().mapToLong(usage -> usage.bytes()).sum();
  }
}
