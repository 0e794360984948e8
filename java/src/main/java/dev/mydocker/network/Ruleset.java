package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rules of all networks in use, as one table: which packets may come into a network, as whom a
 * container speaks outside, and where published ports lead. A pure function.
 */
final class Ruleset {

  /**
   * A network in use.
   *
   * @param network what it is
   * @param bridge its link
   */
  record Used(Network network, String bridge) {}

  private static final int RAW = -300;
  private static final int DSTNAT = -100;
  private static final int FILTER = 0;
  private static final int SRCNAT = 100;

  private static final Rule.Verdict ACCEPT = new Rule.Accept();
  private static final Rule.Verdict DROP = new Rule.Drop();
  private static final Rule.Verdict MASQUERADE = new Rule.Masquerade();
  private static final Subnet LOOPBACK = new Subnet(Ip.of(new byte[] {127, 0, 0, 0}), Byte.SIZE);
  private static final Ip LOOPBACK6 =
      Ip.of(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  private static final Subnet LINK_LOCAL6 =
      new Subnet(
          Ip.of(new byte[] {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
          10);

  private final List<Used> networks;
  private final List<Endpoint> endpoints;
  private final boolean loopback6;

  private Ruleset(List<Used> networks, List<Endpoint> endpoints, boolean loopback6) {
    this.networks = networks;
    this.endpoints = endpoints;
    this.loopback6 = loopback6;
  }

  /**
   * The table of that name.
   *
   * @param loopback6 whether this host can serve ports to ::1
   */
  static RuleTable of(
      String table, List<Used> networks, List<Endpoint> endpoints, boolean loopback6) {
    Ruleset rules = new Ruleset(networks, endpoints, loopback6);
    return new RuleTable(
        table,
        List.of(
            chain("early", "filter", RuleTable.Hook.PREROUTING, RAW, rules.early()),
            chain("forward", "filter", RuleTable.Hook.FORWARD, FILTER, rules.forward()),
            chain("prerouting", "nat", RuleTable.Hook.PREROUTING, DSTNAT, rules.ports(false)),
            chain("output", "nat", RuleTable.Hook.OUTPUT, DSTNAT, rules.ports(true)),
            chain("postrouting", "nat", RuleTable.Hook.POSTROUTING, SRCNAT, rules.postrouting())));
  }

  private static RuleTable.Chain chain(
      String name, String type, RuleTable.Hook hook, int priority, List<Rule> rules) {
    return new RuleTable.Chain(name, type, hook, priority, rules);
  }

  private static Rule rule(Rule.Verdict verdict, Rule.Match... matches) {
    return new Rule(List.of(matches), verdict);
  }

  private static Rule.Match by(String bridge) {
    return new Rule.Device(true, false, bridge);
  }

  private static Rule.Match notBy(String bridge) {
    return new Rule.Device(true, true, bridge);
  }

  private static Rule.Match into(String bridge) {
    return new Rule.Device(false, false, bridge);
  }

  private static Rule.Match notInto(String bridge) {
    return new Rule.Device(false, true, bridge);
  }

  private static Rule.Match from(Subnet net) {
    return new Rule.Address(true, false, net);
  }

  private static Rule.Match notFrom(Subnet net) {
    return new Rule.Address(true, true, net);
  }

  private static Rule.Match to(Subnet net) {
    return new Rule.Address(false, false, net);
  }

  /** Before anything is translated: an address of a network is nobody's business outside it. */
  private List<Rule> early() {
    List<Rule> out = new ArrayList<>();
    for (Used used : networks) {
      String bridge = used.bridge();
      for (Network.Pool pool : used.network().pools()) {
        out.add(rule(DROP, notBy("lo"), notBy(bridge), to(pool.subnet())));
      }
      // The bridge takes loopback addresses (route_localnet), for what comes from the host alone.
      out.add(rule(DROP, by(bridge), to(LOOPBACK)));
      out.add(rule(DROP, by(bridge), Rule.Address.of(false, false, LOOPBACK6)));
      Optional<Network.Pool> pool = used.network().pool(false);
      if (pool.isPresent()) {
        Rule.Match some = Rule.Address.of(true, true, Ip.any(false));
        out.add(rule(DROP, by(bridge), some, notFrom(pool.get().subnet())));
      }
      Optional<Network.Pool> pool6 = used.network().pool(true);
      if (pool6.isPresent()) {
        Rule.Match some = Rule.Address.of(true, true, Ip.any(true));
        Subnet net = pool6.get().subnet();
        out.add(rule(DROP, by(bridge), some, notFrom(LINK_LOCAL6), notFrom(net)));
      } else {
        out.add(rule(DROP, by(bridge), new Rule.Family(true)));
      }
    }
    return out;
  }

  private List<Rule> forward() {
    List<Rule> out = new ArrayList<>();
    for (Used used : networks) {
      String bridge = used.bridge();
      out.add(rule(ACCEPT, by(bridge), into(bridge)));
      if (used.network().internal()) {
        out.add(rule(DROP, by(bridge)));
      } else {
        out.add(rule(ACCEPT, into(bridge), new Rule.Known()));
        out.add(rule(ACCEPT, into(bridge), new Rule.Led()));
      }
      out.add(rule(DROP, into(bridge)));
    }
    return out;
  }

  /**
   * Where packets to published ports go: those that come in, or those of the host itself. A port
   * that is published on a loopback address is for the host alone, so nothing that comes in is led
   * there.
   */
  private List<Rule> ports(boolean own) {
    List<Rule> out = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      for (HostPort port : endpoint.ports()) {
        Optional<Ip> to = endpoint.address(port.address().isV6());
        if (to.isPresent() && (own || !port.address().isLoopback())) {
          out.add(translation(port, to.get()));
        }
      }
    }
    return out;
  }

  private Rule translation(HostPort port, Ip to) {
    boolean v6 = port.address().isV6();
    List<Rule.Match> matches = new ArrayList<>();
    if (port.address().isAny()) {
      // Where the answers would be dropped the sender is told that nobody is there.
      boolean all = !v6 || loopback6;
      matches.add(all ? new Rule.Family(v6) : Rule.Address.of(true, true, LOOPBACK6));
      matches.add(new Rule.ToThisHost());
    } else {
      matches.add(Rule.Address.of(false, false, port.address()));
    }
    matches.add(new Rule.ToPort(port.protocol(), port.port()));
    return new Rule(matches, new Rule.Lead(to, port.inner()));
  }

  /** As whom a packet leaves: a container outside as the host; into a network as its gateway. */
  private List<Rule> postrouting() {
    List<Rule> out = new ArrayList<>();
    for (Used used : networks) {
      String bridge = used.bridge();
      for (Network.Pool pool : used.network().pools()) {
        if (!used.network().internal()) {
          out.add(rule(MASQUERADE, notInto(bridge), from(pool.subnet())));
        }
        // A container that reaches itself, or its neighbour, by a published port.
        out.add(rule(MASQUERADE, into(bridge), from(pool.subnet()), new Rule.Led()));
      }
      out.add(rule(MASQUERADE, into(bridge), from(LOOPBACK)));
      out.add(rule(MASQUERADE, into(bridge), Rule.Address.of(true, false, LOOPBACK6)));
    }
    return out;
  }
}
