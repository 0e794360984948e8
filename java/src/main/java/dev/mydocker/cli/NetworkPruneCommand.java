package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.network.Network;
import dev.mydocker.network.NetworkException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** {@code mydocker network prune}. */
final class NetworkPruneCommand implements Command {

  @Override
  public String synopsis() {
    return "network prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove the networks that no container has";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Do not ask", "-f", "--force")
        .list("NAME=VALUE", "Only those: label, label! or until", "--filter");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker network prune", "mydocker network prune -f --filter until=24h");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    NetworkFilter filter = NetworkFilter.parse(arguments.all("--filter"), NetworkFilter.OF_PRUNING);
    if (!arguments.on("--force")
        && !Confirmation.asked(
            session.console(), "This removes all networks that no container has.")) {
      return 0;
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    session.console().out(prune(engine, filter));
    return 0;
  }

  /** Removes them; their names under a heading, empty when there were none. */
  static String prune(Engine engine, NetworkFilter filter) throws IOException, UsageException {
    Set<String> used = engine.usedNetworks();
    List<String> gone = new ArrayList<>();
    for (Network network : engine.networks().list()) {
      boolean goes = !network.isPredefined() && !used.contains(network.id());
      if (goes && filter.matches(network, used)) {
        try {
          engine.removeNetwork(network.id());
          gone.add(network.name());
        } catch (NetworkException e) {
          // Somebody has come into it, or removed it, since the look.
          continue;
        }
      }
    }
    engine.tellNetworksPruned();
    return gone.isEmpty() ? "" : "Deleted Networks:\n" + String.join("\n", gone) + "\n\n";
  }
}
