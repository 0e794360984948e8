package dev.mydocker.explain;

import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.network.Preview;
import java.util.ArrayList;
import java.util.List;

/** A container's networks as the steps that the JVM will do, in the words of a recording. */
final class NetworkSteps {
  private static final String WIRE = "a wire from the bridge into the container";
  private static final String PASSED_ON = "packets of containers are passed on";

  /**
   * A step.
   *
   * @param call {@code netlink}, {@code write} or {@code nft}
   * @param arguments in words
   * @param why half a line
   */
  record One(String call, List<String> arguments, String why) {
    String shown() {
      List<String> quoted = new ArrayList<>();
      arguments.forEach(argument -> quoted.add(Printable.quoted(argument)));
      return call + "(" + String.join(", ", quoted) + ")";
    }
  }

  private final Preview network;
  private final List<One> out = new ArrayList<>();

  private static final String NAMES = "so that port 53 of its addresses is free for its programs";

  private NetworkSteps(Preview network) {
    this.network = network;
  }

  /** Before M is cloned: bridges and rules. */
  static List<One> before(Preview network) {
    NetworkSteps steps = new NetworkSteps(network);
    steps.before();
    return steps.out;
  }

  /** While I waits: its links. */
  static List<One> plug(Preview network) {
    NetworkSteps steps = new NetworkSteps(network);
    network.links().forEach(steps::plug);
    if (network.isNamed()) {
      String names = PlanCompiler.RESOLVER_ADDRESS + ":53 is port " + PlanCompiler.RESOLVER_PORT;
      steps.netlink("new rules: " + names, NAMES);
    }
    return steps.out;
  }

  private void before() {
    for (String parameter : network.parameters()) {
      write(parameter, "1", PASSED_ON);
    }
    for (Preview.Link link : network.links()) {
      if (!link.bridged()) {
        bridge(link);
      }
    }
    out.add(
        new One(
            "netlink",
            List.of("new rules of table inet " + network.table()),
            "translation, published ports, isolation"));
  }

  private void bridge(Preview.Link link) {
    String name = link.bridge();
    netlink("new bridge " + name, "the network's switch, and its gateway");
    if (hasV6(link)) {
      write("ipv6/conf/" + name + "/accept_ra", "0", "no container tells the host its routes");
    } else {
      write("ipv6/conf/" + name + "/disable_ipv6", "1", "the network has no IPv6");
    }
    write("ipv4/conf/" + name + "/route_localnet", "1", "published ports serve 127.0.0.1, too");
    for (Preview.Address address : link.addresses()) {
      String what = address.gateway() + "/" + address.prefix() + " to " + name;
      netlink("add address " + what, "the host in the network");
    }
    netlink("set " + name + " up", "only then it carries anything");
    if (hasV6(link)) {
      netlink("add route local ::1 dev " + name, "published ports serve ::1, too");
    }
  }

  private void plug(Preview.Link link) {
    String device = link.device();
    netlink(
        "new veth " + link.wire() + " in the bridge, its peer " + device + " in the container",
        WIRE);
    if (link.hairpin()) {
      netlink(
          "set " + link.wire() + " hairpin on", "the container reaches itself by a published port");
    }
    if (hasV6(link)) {
      String why = "the engine gives addresses and routes";
      write("ipv6/conf/" + device + "/accept_ra", "0", why);
    } else {
      write("ipv6/conf/" + device + "/disable_ipv6", "1", "the network has no IPv6");
    }
    for (Preview.Address address : link.addresses()) {
      String what = address.container() + "/" + address.prefix() + " to " + device;
      netlink("add address " + what, "the container in the network");
    }
    netlink("set " + device + " up", "only then it carries anything");
    for (Preview.Address address : link.addresses()) {
      if (link.wayOut()) {
        netlink(
            "add route default via " + address.gateway() + " dev " + device,
            "the bridge leads out");
      }
    }
  }

  private static boolean hasV6(Preview.Link link) {
    for (Preview.Address address : link.addresses()) {
      if (address.gateway().isV6()) {
        return true;
      }
    }
    return false;
  }

  private void netlink(String what, String why) {
    out.add(new One("netlink", List.of(what), why));
  }

  private void write(String parameter, String value, String why) {
    out.add(new One("write", List.of("/proc/sys/net/" + parameter, value), why));
  }
}
