package dev.mydocker.network;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Ip;
import java.util.List;

/**
 * Rules in a container's own network namespace: what asks its name server at port 53 reaches the
 * port where that listens. So a program of the container may listen at port 53 of every address, as
 * name servers do.
 *
 * <p>{@code nft list ruleset} in the container shows them as a table {@code ip mydocker}.
 */
final class ResolverRules {
  private static final String TABLE = "mydocker";
  private static final String CHAIN = "names";
  private static final int DNS = 53;

  private static final int LOCAL_OUT = 3;

  /** Where translation of destinations has its place (NF_IP_PRI_NAT_DST). */
  private static final int PRIORITY = -100;

  private ResolverRules() {}

  /**
   * Adds them.
   *
   * @param netns of the container, which has none yet
   * @param address the name server's
   * @param port where it listens
   */
  static void add(int netns, Ip address, int port) throws KernelException {
    RuleMessages batch = new RuleMessages(RuleMessages.NFPROTO_IPV4, TABLE);
    batch.table().chain(CHAIN, "nat", LOCAL_OUT, PRIORITY);
    batch.rule(CHAIN, rule("udp", address, port)).rule(CHAIN, rule("tcp", address, port));
    String what = "nf_tables dnat " + address + ":" + DNS + " to :" + port;
    try (Netlink netlink = Netlink.open(netns, Netlink.NETFILTER)) {
      netlink.request(batch.done(), what);
    }
  }

  private static Rule rule(String protocol, Ip address, int port) {
    return new Rule(
        List.of(Rule.Address.of(false, false, address), new Rule.ToPort(protocol, DNS)),
        new Rule.Lead(address, port));
  }
}
