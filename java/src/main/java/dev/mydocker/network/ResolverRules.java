package dev.mydocker.network;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Rules in a container's own network namespace: what asks its name server at port 53 reaches the
 * port where that listens. So a program of the container may listen at port 53 of every address, as
 * name servers do.
 *
 * <p>There are no more than two of them, so the messages are made here
 * (linux/netfilter/nf_tables.h) and no nft is started; numbers in them are in network order. {@code
 * nft list ruleset} in the container shows them as a table {@code ip mydocker}.
 */
final class ResolverRules {
  private static final String TABLE = "mydocker";
  private static final String CHAIN = "names";
  private static final int DNS = 53;

  private static final int BATCH_BEGIN = 16;
  private static final int BATCH_END = 17;
  private static final int NFTABLES = 10;
  private static final int NEW_TABLE = NFTABLES << 8;
  private static final int NEW_CHAIN = NFTABLES << 8 | 3;
  private static final int NEW_RULE = NFTABLES << 8 | 6;
  private static final int F_APPEND = 0x800;
  private static final int AF_INET = 2;
  private static final int LOCAL_OUT = 3;

  /** Where translation of destinations has its place (NF_IP_PRI_NAT_DST). */
  private static final int PRIORITY = -100;

  private static final int NETWORK_HEADER = 1;
  private static final int TRANSPORT_HEADER = 2;
  private static final int L4PROTO = 16;

  private final Ip address;
  private final int port;

  private ResolverRules(Ip address, int port) {
    this.address = address;
    this.port = port;
  }

  /**
   * Adds them.
   *
   * @param netns of the container, which has none yet
   * @param address the name server's
   * @param port where it listens
   */
  static void add(int netns, Ip address, int port) throws KernelException {
    ResolverRules rules = new ResolverRules(address, port);
    String what = "nf_tables dnat " + address + ":" + DNS + " to :" + port;
    try (Netlink netlink = Netlink.open(netns, Netlink.NETFILTER)) {
      netlink.request(
          List.of(
              edge(BATCH_BEGIN),
              table(),
              chain(),
              rules.rule(17, NetMessage.F_REQUEST),
              rules.rule(6, NetMessage.F_REQUEST | NetMessage.F_ACK),
              edge(BATCH_END)),
          what);
    }
  }

  private static NetMessage edge(int type) {
    return new NetMessage(type, NetMessage.F_REQUEST).u8(0).u8(0).u8(0).u8(NFTABLES);
  }

  private static NetMessage of(int type, int flags) {
    return new NetMessage(type, flags).u8(AF_INET).u8(0).u16(0).attribute(1, TABLE);
  }

  private static NetMessage table() {
    return of(NEW_TABLE, NetMessage.F_REQUEST | NetMessage.F_CREATE);
  }

  private static NetMessage chain() {
    NetMessage m = of(NEW_CHAIN, NetMessage.F_REQUEST | NetMessage.F_CREATE);
    m.attribute(3, CHAIN).attribute(7, "nat");
    int hook = m.begin(4);
    return m.attribute(1, u32(LOCAL_OUT)).attribute(2, u32(PRIORITY)).end(hook);
  }

  /** {@code ip daddr ADDRESS udp dport 53 dnat to ADDRESS:PORT}, as nft would put it. */
  private NetMessage rule(int protocol, int flags) {
    NetMessage m = of(NEW_RULE, flags | NetMessage.F_CREATE | F_APPEND).attribute(2, CHAIN);
    int all = m.begin(4);
    load(m, NETWORK_HEADER, 16, 4);
    compare(m, address.bytes());
    Begun meta = expression(m, "meta");
    m.attribute(1, u32(1)).attribute(2, u32(L4PROTO));
    end(m, meta);
    compare(m, new byte[] {(byte) protocol});
    load(m, TRANSPORT_HEADER, 2, 2);
    compare(m, u16(DNS));
    immediate(m, 1, address.bytes());
    immediate(m, 2, u16(port));
    Begun nat = expression(m, "nat");
    m.attribute(1, u32(1)).attribute(2, u32(AF_INET)).attribute(3, u32(1)).attribute(5, u32(2));
    end(m, nat);
    return m.end(all);
  }

  // ---- expressions ------------------------------------------------------------------------------

  /** One that is begun, and its data. */
  private record Begun(int whole, int data) {}

  private static Begun expression(NetMessage m, String name) {
    int whole = m.begin(1);
    m.attribute(1, name);
    return new Begun(whole, m.begin(2));
  }

  private static void end(NetMessage m, Begun begun) {
    m.end(begun.data()).end(begun.whole());
  }

  /** Some bytes of a packet into the first register. */
  private static void load(NetMessage m, int header, int offset, int length) {
    Begun payload = expression(m, "payload");
    m.attribute(1, u32(1)).attribute(2, u32(header));
    m.attribute(3, u32(offset)).attribute(4, u32(length));
    end(m, payload);
  }

  /** Ends the rule unless the first register has that value. */
  private static void compare(NetMessage m, byte[] value) {
    Begun compare = expression(m, "cmp");
    m.attribute(1, u32(1)).attribute(2, u32(0));
    int data = m.begin(3);
    m.attribute(1, value).end(data);
    end(m, compare);
  }

  private static void immediate(NetMessage m, int register, byte[] value) {
    Begun immediate = expression(m, "immediate");
    m.attribute(1, u32(register));
    int data = m.begin(2);
    m.attribute(1, value).end(data);
    end(m, immediate);
  }

  private static byte[] u32(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static byte[] u16(int value) {
    return ByteBuffer.allocate(2).putShort((short) value).array();
  }
}
