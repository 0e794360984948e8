package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.network.Network;
import dev.mydocker.network.NetworkRequest;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker network create}. */
final class NetworkCreateCommand implements Command {

  @Override
  public String synopsis() {
    return "network create [OPTIONS] NETWORK";
  }

  @Override
  public String summary() {
    return "Make a network";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("DRIVER", "What it is made of: bridge", "-d", "--driver")
        .list("CIDR", "Its addresses: 10.5.0.0/16", "--subnet")
        .list("ADDRESS", "The host's in it; the subnet's first without", "--gateway")
        .list("CIDR", "Those of the subnet that containers get", "--ip-range")
        .toggle("Nothing leads out of it", "--internal")
        .toggle("It has IPv6 addresses, too", "--ipv6")
        .list("NAME=VALUE", "Give it a label", "--label")
        .list("NAME=VALUE", "com.docker.network.driver.mtu=1400", "-o", "--opt")
        .later(
            " --attachable --aux-address --config-from --config-only --ingress --ipam-driver"
                + " --ipam-opt --ipv4 --scope ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker network create front",
        "mydocker network create --internal back",
        "mydocker network create --subnet 10.5.0.0/16 --gateway 10.5.0.1 --ipv6 office");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs one name");
    }
    DriverFlags.requireDriver(arguments, Network.BRIDGE);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    try {
      Network network =
          engine.createNetwork(
              NetworkRequest.of(
                  arguments.arguments().get(0),
                  arguments.all("--subnet"),
                  arguments.all("--gateway"),
                  arguments.all("--ip-range"),
                  arguments.on("--internal"),
                  arguments.on("--ipv6"),
                  RunFlags.labels(arguments.all("--label")),
                  DriverFlags.options(arguments)));
      session.console().out(network.id() + "\n");
      return 0;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
