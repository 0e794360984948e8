package dev.mydocker.explain;

import dev.mydocker.network.Preview;
import java.util.ArrayList;
import java.util.List;

/** A container's networks as commands of iproute2 and nftables. */
final class NetworkScript {
  private final Preview network;

  NetworkScript(Preview network) {
    this.network = network;
  }

  /** What is made before the container's first process: bridges and rules. */
  List<String> before() {
    List<String> out = new ArrayList<>();
    for (Preview.Link link : network.links()) {
      if (link.bridged()) {
        continue;
      }
      String bridge = Sh.quote(link.bridge());
      String mtu = link.mtu() > 0 ? " mtu " + link.mtu() : "";
      out.add(Sh.comment("network " + link.network() + ": its switch, and the host in it"));
      out.add("ip link add " + bridge + mtu + " type bridge && made_" + made(link) + "=yes");
      boolean v6 = false;
      for (Preview.Address address : link.addresses()) {
        out.add("ip addr add " + address.gateway() + "/" + address.prefix() + " dev " + bridge);
        v6 |= address.gateway().isV6();
      }
      String parameters = "/proc/sys/net/ipv6/conf/" + link.bridge();
      out.add(
          v6
              ? "echo 0 > " + Sh.quote(parameters + "/accept_ra")
              : "echo 1 > " + Sh.quote(parameters + "/disable_ipv6"));
      out.add(
          "echo 1 > " + Sh.quote("/proc/sys/net/ipv4/conf/" + link.bridge() + "/route_localnet"));
      out.add("ip link set " + bridge + " up");
      if (v6) {
        out.add("ip -6 route add local ::1 dev " + bridge + " table local metric 65536");
      }
    }
    for (String parameter : network.parameters()) {
      out.add("echo 1 > /proc/sys/net/" + parameter + " # packets of containers are passed on");
    }
    out.add("# translation, published ports, isolation");
    out.add("nft -f - <<'END'");
    out.add(network.rules().strip());
    out.add("END");
    out.add("made_table=yes");
    return out;
  }

  /** What is made while the first process, {@code $pid}, waits: its links. */
  List<String> plug() {
    List<String> out = new ArrayList<>();
    for (Preview.Link link : network.links()) {
      String wire = Sh.quote(link.wire());
      String device = Sh.quote(link.device());
      String mtu = link.mtu() > 0 ? " mtu " + link.mtu() : "";
      out.add("# a wire from the bridge into the container");
      out.add(
          "ip link add "
              + wire
              + mtu
              + " type veth peer name "
              + device
              + " address "
              + link.mac()
              + mtu
              + " netns \"$pid\"");
      out.add("ip link set " + wire + " master " + Sh.quote(link.bridge()) + " up");
      if (link.hairpin()) {
        out.add("bridge link set dev " + wire + " hairpin on");
      }
      String inside = "nsenter --net=\"/proc/$pid/ns/net\" -- ";
      boolean v6 = false;
      for (Preview.Address address : link.addresses()) {
        v6 |= address.gateway().isV6();
      }
      String parameter = v6 ? "accept_ra=0" : "disable_ipv6=1";
      String file = "/proc/sys/net/ipv6/conf/" + link.device() + "/" + parameter.split("=")[0];
      out.add(inside + "sh -c " + Sh.quote("echo " + parameter.split("=")[1] + " > " + file));
      for (Preview.Address address : link.addresses()) {
        String nodad = address.container().isV6() ? " nodad" : "";
        out.add(
            inside
                + "ip addr add "
                + address.container()
                + "/"
                + address.prefix()
                + " dev "
                + device
                + nodad);
      }
      out.add(inside + "ip link set " + device + " up");
      for (Preview.Address address :
          link.wayOut() ? link.addresses() : List.<Preview.Address>of()) {
        out.add(inside + "ip route add default via " + address.gateway() + " dev " + device);
      }
    }
    return out;
  }

  /** What removes all of it. */
  List<String> after() {
    List<String> out = new ArrayList<>();
    // Others that were there when this was written keep their rules.
    String table =
        network.without().isEmpty()
            ? "nft delete table inet " + network.table()
            : "{ " + Sh.print(network.without()) + " | nft -f -; }";
    out.add("[ -z \"${made_table-}\" ] || " + table);
    for (Preview.Link link : network.links()) {
      out.add("ip link del " + Sh.quote(link.wire()) + " 2>/dev/null");
      out.add("[ -z \"${made_" + made(link) + "-}\" ] || ip link del " + Sh.quote(link.bridge()));
    }
    return out;
  }

  private static String made(Preview.Link link) {
    return "bridge_" + link.device();
  }
}
