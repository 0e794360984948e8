package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The flows that the kernel remembers (nf_conntrack). Rules of translation see the first packet of
 * a flow only; of UDP, where no packet says that it is the first one, a client that asks again and
 * again keeps its flow where it once went: nowhere, or to a container that is gone. So flows to a
 * port are forgotten when it begins, or ceases, to be published.
 */
final class Conntrack {
  /**
   * Subsystem NFNL_SUBSYS_CTNETLINK in the upper byte; see linux/netfilter/nfnetlink_conntrack.h.
   */
  private static final int GET = 1 << 8 | 1;

  private static final int DELETE = 1 << 8 | 2;
  private static final int HEADER = 4;
  private static final int TUPLE_ORIG = 1;
  private static final int TUPLE_IP = 1;
  private static final int TUPLE_PROTO = 2;
  private static final int IP_V4_DST = 2;
  private static final int IP_V6_DST = 4;
  private static final int PROTO_NUM = 1;
  private static final int PROTO_DST_PORT = 3;
  private static final int NESTED = 0x8000;
  private static final int IPPROTO_UDP = 17;

  private Conntrack() {}

  /**
   * Has the kernel forget every UDP flow to some ports. One without this interface keeps them, for
   * as long as packets come: then nothing can be done.
   *
   * @param ports published, or until now
   */
  static void forget(List<HostPort> ports) throws KernelException {
    List<HostPort> udp = new ArrayList<>();
    for (HostPort port : ports) {
      if (port.protocol().equals("udp")) {
        udp.add(port);
      }
    }
    if (udp.isEmpty()) {
      return;
    }
    Set<Ip> own;
    try (Links links = Links.in(-1, NetJournal.NONE)) {
      own = links.addresses();
    }
    try (Netlink netlink = Netlink.open(-1, Netlink.NETFILTER)) {
      for (Netlink.Reply flow : netlink.ask(message(GET, NetMessage.F_DUMP, 0), "CT_GET")) {
        Optional<ByteBuffer> tuple = flow.attribute(HEADER, TUPLE_ORIG);
        if (tuple.isPresent() && leadsTo(tuple.get(), udp, own)) {
          forget(netlink, flow.body().get(0), tuple.get());
        }
      }
    } catch (KernelException e) {
      if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
    }
  }

  private static NetMessage message(int type, int flags, int family) {
    return new NetMessage(type, NetMessage.F_REQUEST | flags).u8(family).u8(0).u16(0);
  }

  private static void forget(Netlink netlink, int family, ByteBuffer tuple) throws KernelException {
    NetMessage message = message(DELETE, NetMessage.F_ACK, family);
    try {
      netlink.request(message.attribute(TUPLE_ORIG | NESTED, tuple.array()), "CT_DELETE");
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  private static boolean leadsTo(ByteBuffer tuple, List<HostPort> ports, Set<Ip> own) {
    Optional<ByteBuffer> ip = Netlink.find(tuple, 0, TUPLE_IP);
    Optional<ByteBuffer> proto = Netlink.find(tuple, 0, TUPLE_PROTO);
    if (ip.isEmpty() || proto.isEmpty()) {
      return false;
    }
    Optional<ByteBuffer> number = Netlink.find(proto.get(), 0, PROTO_NUM);
    Optional<ByteBuffer> port = Netlink.find(proto.get(), 0, PROTO_DST_PORT);
    Optional<ByteBuffer> to = Netlink.find(ip.get(), 0, IP_V4_DST);
    to = to.isPresent() ? to : Netlink.find(ip.get(), 0, IP_V6_DST);
    if (number.isEmpty() || number.get().get(0) != IPPROTO_UDP || port.isEmpty() || to.isEmpty()) {
      return false;
    }
    Ip address = Ip.of(to.get().array());
    int wanted = port.get().order(ByteOrder.BIG_ENDIAN).getShort(0) & 0xffff;
    for (HostPort one : ports) {
      // A flow that only passes through this host is somebody else's.
      boolean there = one.address().isAny() ? own.contains(address) : one.address().equals(address);
      if (one.port() == wanted && there) {
        return true;
      }
    }
    return false;
  }
}
