package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Volumes;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** {@code mydocker volume prune}. */
final class VolumePruneCommand implements Command {

  @Override
  public String synopsis() {
    return "volume prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove the volumes without a name that no container has";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Those with a name too", "-a", "--all")
        .toggle("Do not ask", "-f", "--force")
        .list("NAME=VALUE", "Only those: label or label!", "--filter");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker volume prune", "mydocker volume prune -a -f --filter label!=keep");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    VolumeFilter filter = VolumeFilter.parse(arguments.all("--filter"), VolumeFilter.OF_PRUNING);
    boolean all = arguments.on("--all") || filter.all();
    if (!arguments.on("--force") && !Confirmation.asked(session.console(), warning(all))) {
      return 0;
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Volumes.Pruned pruned = engine.volumes().prune(all, volume -> filter.matches(volume, Set.of()));
    String size = Human.size(pruned.bytes(), 4);
    session.console().out(list(pruned) + "Total reclaimed space: " + size + "\n");
    return failures(pruned.failures(), session.console(), "volume prune: ");
  }

  /** Their names under a heading; empty when there are none. */
  static String list(Volumes.Pruned pruned) {
    return pruned.names().isEmpty()
        ? ""
        : "Deleted Volumes:\n" + String.join("\n", pruned.names()) + "\n\n";
  }

  /** Says what could not be removed; the command's exit code. */
  static int failures(List<String> failures, Console console, String command) throws IOException {
    for (String failure : failures) {
      console.error(command + failure);
    }
    return failures.isEmpty() ? 0 : 1;
  }

  private static String warning(boolean all) {
    return all
        ? "This removes all volumes that no container has."
        : "This removes all volumes without a name that no container has.";
  }
}
