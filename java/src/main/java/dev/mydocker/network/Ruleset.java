package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.util.List;
import java.util.Optional;

/**
 * The rules of all networks in use, as one table for nft(8): which packets may come into a network,
 * as whom a container speaks outside, and where published ports lead. A pure function.
 */
final class Ruleset {

  /**
   * A network in use.
   *
   * @param network what it is
   * @param bridge its link
   */
  record Used(Network network, String bridge) {}

  private final StringBuilder out = new StringBuilder();
  private final List<Used> networks;
  private final List<Endpoint> endpoints;
  private final boolean loopback6;

  private Ruleset(List<Used> networks, List<Endpoint> endpoints, boolean loopback6) {
    this.networks = networks;
    this.endpoints = endpoints;
    this.loopback6 = loopback6;
  }

  /**
   * The table of that name as a file for {@code nft -f}, which replaces it in one step.
   *
   * @param loopback6 whether this host can serve ports to ::1
   */
  static String of(String table, List<Used> networks, List<Endpoint> endpoints, boolean loopback6) {
    Ruleset rules = new Ruleset(networks, endpoints, loopback6);
    rules.line("table inet " + table + " {}");
    rules.line("delete table inet " + table);
    rules.line("table inet " + table + " {");
    rules.early();
    rules.forward();
    rules.ports("prerouting", "dstnat", false);
    rules.ports("output", "-100", true);
    rules.postrouting();
    rules.line("}");
    return rules.out.toString();
  }

  private void line(String text) {
    out.append(text).append('\n');
  }

  private static String family(Subnet subnet) {
    return subnet.first().isV6() ? "ip6" : "ip";
  }

  /** Before anything is translated: an address of a network is nobody's business outside it. */
  private void early() {
    line("  chain early {");
    line("    type filter hook prerouting priority raw; policy accept;");
    for (Used used : networks) {
      String bridge = "\"" + used.bridge() + "\"";
      for (Network.Pool pool : used.network().pools()) {
        String net = family(pool.subnet());
        line(
            "    iifname != { \"lo\", "
                + bridge
                + " } "
                + net
                + " daddr "
                + pool.subnet()
                + " drop");
      }
      // The bridge takes loopback addresses (route_localnet), for what comes from the host alone.
      line("    iifname " + bridge + " ip daddr 127.0.0.0/8 drop");
      line("    iifname " + bridge + " ip6 daddr ::1 drop");
      Optional<Network.Pool> pool = used.network().pool(false);
      if (pool.isPresent()) {
        line(
            "    iifname " + bridge + " ip saddr != { 0.0.0.0, " + pool.get().subnet() + " } drop");
      }
      Optional<Network.Pool> pool6 = used.network().pool(true);
      if (pool6.isPresent()) {
        line(
            "    iifname "
                + bridge
                + " ip6 saddr != { ::, fe80::/10, "
                + pool6.get().subnet()
                + " } drop");
      } else {
        line("    iifname " + bridge + " meta nfproto ipv6 drop");
      }
    }
    line("  }");
  }

  private void forward() {
    line("  chain forward {");
    line("    type filter hook forward priority filter; policy accept;");
    for (Used used : networks) {
      String bridge = "\"" + used.bridge() + "\"";
      line("    iifname " + bridge + " oifname " + bridge + " accept");
      if (used.network().internal()) {
        line("    iifname " + bridge + " drop");
      } else {
        line("    oifname " + bridge + " ct state established,related accept");
        line("    oifname " + bridge + " ct status dnat accept");
      }
      line("    oifname " + bridge + " drop");
    }
    line("  }");
  }

  /**
   * Where packets to published ports go: those that come in, or those of the host itself. A port
   * that is published on a loopback address is for the host alone, so nothing that comes in is led
   * there.
   */
  private void ports(String chain, String priority, boolean own) {
    line("  chain " + chain + " {");
    line("    type nat hook " + chain + " priority " + priority + "; policy accept;");
    for (Endpoint endpoint : endpoints) {
      for (HostPort port : endpoint.ports()) {
        Optional<Ip> to = endpoint.address(port.address().isV6());
        if (to.isPresent() && (own || !port.address().isLoopback())) {
          line("    " + translation(port, to.get()));
        }
      }
    }
    line("  }");
  }

  private String translation(HostPort port, Ip to) {
    boolean v6 = port.address().isV6();
    String net = v6 ? "ip6" : "ip";
    // Where the answers would be dropped the sender is told that nobody is there.
    String ipv6 = loopback6 ? "ipv6" : "ipv6 ip6 saddr != ::1";
    String where =
        port.address().isAny()
            ? "meta nfproto " + (v6 ? ipv6 : "ipv4") + " fib daddr type local"
            : net + " daddr " + port.address();
    String target = (v6 ? "[" + to + "]" : to) + ":" + port.inner();
    return where
        + " "
        + port.protocol()
        + " dport "
        + port.port()
        + " dnat "
        + net
        + " to "
        + target;
  }

  /** As whom a packet leaves: a container outside as the host; into a network as its gateway. */
  private void postrouting() {
    line("  chain postrouting {");
    line("    type nat hook postrouting priority srcnat; policy accept;");
    for (Used used : networks) {
      String bridge = "\"" + used.bridge() + "\"";
      for (Network.Pool pool : used.network().pools()) {
        String net = family(pool.subnet());
        String from = net + " saddr " + pool.subnet();
        if (!used.network().internal()) {
          line("    oifname != " + bridge + " " + from + " masquerade");
        }
        // A container that reaches itself, or its neighbour, by a published port.
        line("    oifname " + bridge + " " + from + " ct status dnat masquerade");
      }
      line("    oifname " + bridge + " ip saddr 127.0.0.0/8 masquerade");
      line("    oifname " + bridge + " ip6 saddr ::1 masquerade");
    }
    line("  }");
  }
}
