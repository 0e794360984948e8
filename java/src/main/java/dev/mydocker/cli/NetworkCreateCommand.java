package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.network.Network;
import dev.mydocker.network.Networks;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    String driver = arguments.value("--driver").orElse(Network.BRIDGE);
    if (!driver.equals(Network.BRIDGE)) {
      throw new UsageException(
          "--driver: there is no driver " + Text.quote(driver) + ", use bridge");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    try {
      Network network =
          engine.createNetwork(
              Networks.Request.of(
                  arguments.arguments().get(0),
                  arguments.all("--subnet"),
                  arguments.all("--gateway"),
                  arguments.all("--ip-range"),
                  arguments.on("--internal"),
                  arguments.on("--ipv6"),
                  RunFlags.labels(arguments.all("--label")),
                  options(arguments.all("--opt"))));
      session.console().out(network.id() + "\n");
      return 0;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  private static Map<String, String> options(List<String> given) throws UsageException {
    Map<String, String> options = new LinkedHashMap<>();
    for (String text : given) {
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw new UsageException("--opt: " + Text.quote(text) + " is not NAME=VALUE");
      }
      options.put(text.substring(0, equals), text.substring(equals + 1));
    }
    return options;
  }
}
