package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tables of packet rules as messages to the kernel (linux/netfilter/nf_tables.h): one batch of them
 * is one transaction, of which all holds or nothing. A rule is a list of expressions that load
 * something into a register and compare it. Numbers in attributes are in network order; what is
 * loaded is as the kernel keeps it, some of it in the machine's order.
 */
final class RuleMessages {
  static final int NFTABLES = 10;
  static final int NFPROTO_INET = 1;
  static final int NFPROTO_IPV4 = 2;
  private static final int NFPROTO_IPV6 = 10;

  private static final int BATCH_BEGIN = 16;
  private static final int BATCH_END = 17;
  private static final int NEW_TABLE = NFTABLES << 8;
  private static final int DELETE_TABLE = NFTABLES << 8 | 2;
  private static final int NEW_CHAIN = NFTABLES << 8 | 3;
  private static final int NEW_RULE = NFTABLES << 8 | 6;
  private static final int MAKE = NetMessage.F_REQUEST | NetMessage.F_CREATE;
  private static final int F_APPEND = 0x800;

  private static final int NETWORK_HEADER = 1;
  private static final int TRANSPORT_HEADER = 2;
  private static final int META_IIFNAME = 6;
  private static final int META_OIFNAME = 7;
  private static final int META_NFPROTO = 15;
  private static final int META_L4PROTO = 16;
  private static final int IFNAMSIZ = 16;
  private static final int EQUAL = 0;
  private static final int NOT_EQUAL = 1;
  private static final int FIB_ADDRTYPE = 3;
  private static final int FIB_DADDR = 2;
  private static final int RTN_LOCAL = 2;
  private static final int CT_STATE = 0;
  private static final int CT_STATUS = 2;
  private static final int ESTABLISHED_OR_RELATED = 2 | 4;
  private static final int IPS_DST_NAT = 1 << 5;
  private static final int NF_DROP = 0;
  private static final int NF_ACCEPT = 1;
  private static final int NAT_DNAT = 1;
  private static final int DEST_PORT = 2;

  private final int family;
  private final String table;
  private final List<NetMessage> out = new ArrayList<>();

  /**
   * A batch about one table, as yet empty.
   *
   * @param family its {@code NFPROTO_*}
   */
  RuleMessages(int family, String table) {
    this.family = family;
    this.table = table;
  }

  /** A batch that puts a table in the place of what has its name. */
  static List<NetMessage> replacing(RuleTable table) {
    RuleMessages batch = new RuleMessages(NFPROTO_INET, table.name());
    // Only what is there can be deleted.
    batch.table().delete().table();
    for (RuleTable.Chain chain : table.chains()) {
      batch.chain(chain.name(), chain.type(), chain.hook().number, chain.priority());
      for (Rule rule : chain.rules()) {
        batch.rule(chain.name(), rule);
      }
    }
    return batch.done();
  }

  /** The whole batch, the last change of which is answered when all of them hold. */
  List<NetMessage> done() {
    out.get(out.size() - 1).also(NetMessage.F_ACK);
    out.add(0, edge(BATCH_BEGIN));
    out.add(edge(BATCH_END));
    return out;
  }

  private static NetMessage edge(int type) {
    return new NetMessage(type, NetMessage.F_REQUEST).u8(0).u8(0).u8(0).u8(NFTABLES);
  }

  private NetMessage add(int type, int flags) {
    NetMessage m = new NetMessage(type, flags).u8(family).u8(0).u16(0).attribute(1, table);
    out.add(m);
    return m;
  }

  /** Makes the table, unless it is there. */
  RuleMessages table() {
    add(NEW_TABLE, MAKE);
    return this;
  }

  RuleMessages delete() {
    add(DELETE_TABLE, NetMessage.F_REQUEST);
    return this;
  }

  RuleMessages chain(String name, String type, int hook, int priority) {
    NetMessage m = add(NEW_CHAIN, MAKE).attribute(3, name).attribute(7, type);
    int at = m.begin(4);
    m.attribute(1, u32(hook)).attribute(2, u32(priority)).end(at);
    return this;
  }

  RuleMessages rule(String chain, Rule rule) {
    NetMessage m = add(NEW_RULE, MAKE | F_APPEND).attribute(2, chain);
    int all = m.begin(4);
    for (Rule.Match match : rule.matches()) {
      match(m, match);
    }
    verdict(m, rule.verdict());
    m.end(all);
    return this;
  }

  // ---- what a rule is about ---------------------------------------------------------------------

  private void match(NetMessage m, Rule.Match match) {
    if (match instanceof Rule.Device device) {
      meta(m, device.in() ? META_IIFNAME : META_OIFNAME);
      byte[] name = device.name().getBytes(StandardCharsets.UTF_8);
      compare(m, device.not() ? NOT_EQUAL : EQUAL, Arrays.copyOf(name, IFNAMSIZ));
    } else if (match instanceof Rule.Address address) {
      address(m, address);
    } else if (match instanceof Rule.Family one) {
      family(m, one.v6());
    } else if (match instanceof Rule.ToThisHost) {
      Begun fib = expression(m, "fib");
      m.attribute(1, u32(1)).attribute(2, u32(FIB_ADDRTYPE)).attribute(3, u32(FIB_DADDR));
      end(m, fib);
      compare(m, EQUAL, own(RTN_LOCAL));
    } else if (match instanceof Rule.ToPort port) {
      meta(m, META_L4PROTO);
      compare(m, EQUAL, new byte[] {(byte) protocol(port.protocol())});
      load(m, TRANSPORT_HEADER, DEST_PORT, Short.BYTES);
      compare(m, EQUAL, u16(port.port()));
    } else if (match instanceof Rule.Known) {
      connection(m, CT_STATE, ESTABLISHED_OR_RELATED);
    } else if (match instanceof Rule.Led) {
      connection(m, CT_STATUS, IPS_DST_NAT);
    } else {
      // Left out, it would be a rule for more packets than were meant.
      throw new IllegalArgumentException(match.toString());
    }
  }

  private void address(NetMessage m, Rule.Address address) {
    byte[] first = address.net().first().bytes();
    boolean v6 = address.net().first().isV6();
    if (family == NFPROTO_INET) {
      family(m, v6);
    }
    int source = v6 ? 8 : 12;
    load(m, NETWORK_HEADER, address.from() ? source : source + first.length, first.length);
    if (!address.isSingle()) {
      byte[] ones = new byte[first.length];
      Arrays.fill(ones, (byte) 0xff);
      mask(m, Ip.of(ones).masked(address.net().prefix(), false).bytes());
    }
    compare(m, address.not() ? NOT_EQUAL : EQUAL, first);
  }

  private static void family(NetMessage m, boolean v6) {
    meta(m, META_NFPROTO);
    compare(m, EQUAL, new byte[] {(byte) (v6 ? NFPROTO_IPV6 : NFPROTO_IPV4)});
  }

  private static int protocol(String name) {
    return switch (name) {
      case "udp" -> 17;
      case "sctp" -> 132;
      default -> 6;
    };
  }

  /** One of these bits of what connection tracking knows is set. */
  private static void connection(NetMessage m, int key, int bits) {
    Begun ct = expression(m, "ct");
    m.attribute(1, u32(1)).attribute(2, u32(key));
    end(m, ct);
    mask(m, own(bits));
    compare(m, NOT_EQUAL, own(0));
  }

  // ---- what becomes of a packet -----------------------------------------------------------------

  private static void verdict(NetMessage m, Rule.Verdict verdict) {
    if (verdict instanceof Rule.Accept) {
      verdict(m, NF_ACCEPT);
    } else if (verdict instanceof Rule.Drop) {
      verdict(m, NF_DROP);
    } else if (verdict instanceof Rule.Masquerade) {
      end(m, expression(m, "masq"));
    } else if (verdict instanceof Rule.Lead lead) {
      immediate(m, 1, lead.to().bytes());
      immediate(m, 2, u16(lead.port()));
      Begun nat = expression(m, "nat");
      m.attribute(1, u32(NAT_DNAT));
      m.attribute(2, u32(lead.to().isV6() ? NFPROTO_IPV6 : NFPROTO_IPV4));
      m.attribute(3, u32(1)).attribute(5, u32(2));
      end(m, nat);
    } else {
      throw new IllegalArgumentException(verdict.toString());
    }
  }

  private static void verdict(NetMessage m, int code) {
    Begun immediate = expression(m, "immediate");
    m.attribute(1, u32(0));
    int data = m.begin(2);
    int verdict = m.begin(2);
    m.attribute(1, u32(code)).end(verdict).end(data);
    end(m, immediate);
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

  private static void meta(NetMessage m, int key) {
    Begun meta = expression(m, "meta");
    m.attribute(1, u32(1)).attribute(2, u32(key));
    end(m, meta);
  }

  /** Some bytes of a packet into the first register. */
  private static void load(NetMessage m, int header, int offset, int length) {
    Begun payload = expression(m, "payload");
    m.attribute(1, u32(1)).attribute(2, u32(header));
    m.attribute(3, u32(offset)).attribute(4, u32(length));
    end(m, payload);
  }

  /** Only these bits of the first register stay. */
  private static void mask(NetMessage m, byte[] bits) {
    Begun bitwise = expression(m, "bitwise");
    m.attribute(1, u32(1)).attribute(2, u32(1)).attribute(3, u32(bits.length));
    value(m, 4, bits);
    value(m, 5, new byte[bits.length]);
    end(m, bitwise);
  }

  /** Ends the rule unless the first register compares so. */
  private static void compare(NetMessage m, int how, byte[] value) {
    Begun compare = expression(m, "cmp");
    m.attribute(1, u32(1)).attribute(2, u32(how));
    value(m, 3, value);
    end(m, compare);
  }

  private static void immediate(NetMessage m, int register, byte[] value) {
    Begun immediate = expression(m, "immediate");
    m.attribute(1, u32(register));
    value(m, 2, value);
    end(m, immediate);
  }

  private static void value(NetMessage m, int attribute, byte[] value) {
    int data = m.begin(attribute);
    m.attribute(1, value).end(data);
  }

  private static byte[] u32(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static byte[] u16(int value) {
    return ByteBuffer.allocate(2).putShort((short) value).array();
  }

  private static byte[] own(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }
}
