package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker network connect} and {@code disconnect}. */
final class NetworkConnectCommand implements Command {
  private final boolean leaves;

  NetworkConnectCommand(boolean leaves) {
    this.leaves = leaves;
  }

  @Override
  public String synopsis() {
    return "network " + (leaves ? "dis" : "") + "connect [OPTIONS] NETWORK CONTAINER";
  }

  @Override
  public String summary() {
    return leaves ? "Take a container out of a network" : "Put a container into a network, too";
  }

  @Override
  public Flags flags() {
    Flags flags = new Flags().group("Options");
    return leaves
        ? flags.toggle("One that is not in it is no failure", "-f", "--force")
        : flags
            .value("ADDRESS", "Its IPv4 address there", "--ip")
            .value("ADDRESS", "Its IPv6 address there", "--ip6")
            .list("NAME", "A further name of it there", "--alias")
            .later(" --driver-opt --gw-priority --link --link-local-ip ");
  }

  @Override
  public List<String> examples() {
    return leaves
        ? List.of("mydocker network disconnect back web")
        : List.of(
            "mydocker network connect back web",
            "mydocker network connect --ip 10.5.0.7 --alias db office web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> words = arguments.arguments();
    if (words.size() != 2) {
      throw new UsageException("it needs a network and a container");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    try {
      if (leaves) {
        engine.find(words.get(1)).disconnect(words.get(0), arguments.on("--force"));
        return 0;
      }
      NetworkJoin join = NetworkJoin.of(words.get(0));
      Optional<String> ip = arguments.value("--ip");
      join = ip.isPresent() ? join.withIp(ip.get(), false) : join;
      Optional<String> ip6 = arguments.value("--ip6");
      join = ip6.isPresent() ? join.withIp(ip6.get(), true) : join;
      for (String alias : arguments.all("--alias")) {
        join = join.withAlias(alias);
      }
      engine.find(words.get(1)).connect(join);
      return 0;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
