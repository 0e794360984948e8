package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.RandomName;
import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The links, addresses and routes of one network namespace, as rtnetlink(7) changes them. Each
 * change is told to a journal as it is done.
 */
final class Links implements AutoCloseable {
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_DELLINK = 17;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_SETLINK = 19;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_GETROUTE = 26;

  private static final int ACK = NetMessage.F_REQUEST | NetMessage.F_ACK;
  private static final int MAKE = ACK | NetMessage.F_CREATE | NetMessage.F_EXCL;

  private static final int LINK = 16;
  private static final int ROUTE = 12;
  private static final int ADDRESS = 8;
  private static final int IFF_UP = 1;

  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_MASTER = 10;
  private static final int IFLA_PROTINFO = 12;
  private static final int IFLA_BRPORT_MODE = 4;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_IFALIAS = 20;
  private static final int IFLA_GROUP = 27;
  private static final int IFLA_NET_NS_FD = 28;
  private static final int IFLA_NUM_TX_QUEUES = 31;
  private static final int IFLA_NUM_RX_QUEUES = 32;
  private static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_INFO_DATA = 2;
  private static final int VETH_INFO_PEER = 1;

  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_BROADCAST = 4;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_F_NODAD = 2;

  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RTA_PRIORITY = 6;
  private static final int RTN_UNICAST = 1;
  private static final int RTN_LOCAL = 2;
  private static final int RT_TABLE_MAIN = 254;
  private static final int RT_TABLE_LOCAL = 255;
  private static final int LAST = 1 << 16;
  private static final byte[] LOOPBACK6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  private static final int RTPROT_BOOT = 3;

  static final int AF_UNSPEC = 0;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  private static final int AF_BRIDGE = 7;

  /**
   * A route of a namespace.
   *
   * @param to where it leads
   * @param link the number of the link it goes by; 0 when there is none
   */
  record Route(Subnet to, int link) {}

  /**
   * A link of a namespace.
   *
   * @param index its number
   * @param name its name
   */
  record Link(int index, String name) {}

  private final Netlink netlink;
  private final int netns;
  private final NetJournal journal;

  private Links(Netlink netlink, int netns, NetJournal journal) {
    this.netlink = netlink;
    this.netns = netns;
    this.journal = journal;
  }

  /**
   * Those of a namespace.
   *
   * @param netns a descriptor of it as a number; -1 for this process's
   */
  static Links in(int netns, NetJournal journal) throws KernelException {
    return new Links(Netlink.open(netns, Netlink.ROUTE), netns, journal);
  }

  private interface Change {
    void run() throws KernelException;
  }

  private void change(String what, String why, Change change) throws KernelException {
    long start = System.nanoTime();
    long result = 0;
    try {
      change.run();
    } catch (KernelException e) {
      result = -e.errno().number();
      throw e;
    } finally {
      journal.did("netlink", List.of(what), why, result, start, System.nanoTime());
    }
  }

  private static NetMessage link(int type, int flags, int index, int set) {
    return new NetMessage(type, flags).u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(set).u32(set);
  }

  /** Makes a bridge, which is down. */
  void bridge(String name, byte[] mac, int mtu, String alias) throws KernelException {
    NetMessage message =
        link(RTM_NEWLINK, MAKE, 0, 0)
            .attribute(IFLA_IFNAME, name)
            .attribute(IFLA_ADDRESS, mac)
            .attribute(IFLA_IFALIAS, alias);
    if (mtu > 0) {
      message.attribute(IFLA_MTU, mtu);
    }
    int info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, "bridge").end(info);
    change(
        "new bridge " + name,
        "the network's switch, and its gateway",
        () -> netlink.request(message, "RTM_NEWLINK of bridge " + name));
  }

  /**
   * Makes a pair of links, each the other's wire: one here, up and part of a bridge, the other in a
   * container.
   */
  void veth(String name, int bridge, Peer peer, int mtu) throws KernelException {
    NetMessage message =
        link(RTM_NEWLINK, MAKE, 0, IFF_UP)
            .attribute(IFLA_IFNAME, name)
            .attribute(IFLA_MASTER, bridge);
    oneQueue(message);
    if (mtu > 0) {
      message.attribute(IFLA_MTU, mtu);
    }
    int info = message.begin(IFLA_LINKINFO);
    message.attribute(IFLA_INFO_KIND, "veth");
    int data = message.begin(IFLA_INFO_DATA);
    int other = message.begin(VETH_INFO_PEER);
    message.u8(AF_UNSPEC).u8(0).u16(0).u32(0).u32(0).u32(0);
    message.attribute(IFLA_IFNAME, peer.name()).attribute(IFLA_ADDRESS, peer.mac());
    message.attribute(IFLA_NET_NS_FD, peer.netns());
    oneQueue(message);
    if (mtu > 0) {
      message.attribute(IFLA_MTU, mtu);
    }
    message.end(other).end(data).end(info);
    change(
        "new veth " + name + " in the bridge, its peer " + peer.name() + " in the container",
        "a wire from the bridge into the container",
        () -> netlink.request(message, "RTM_NEWLINK of veth " + name));
  }

  /**
   * Not said, the kernel makes a queue for each CPU and then uses one of them, for which change it
   * waits twice until every CPU has taken note of it (RCU).
   */
  private static void oneQueue(NetMessage message) {
    message.attribute(IFLA_NUM_TX_QUEUES, 1).attribute(IFLA_NUM_RX_QUEUES, 1);
  }

  /**
   * The end of a wire that is in a container.
   *
   * @param name its name there
   * @param mac its address
   * @param netns the container's network namespace, as a descriptor's number
   */
  record Peer(String name, byte[] mac, int netns) {}

  void up(int index, String name) throws KernelException {
    NetMessage message = link(RTM_NEWLINK, ACK, index, IFF_UP);
    change(
        "set " + name + " up",
        "only then it carries anything",
        () -> netlink.request(message, "RTM_NEWLINK of " + name + ", to set it up"));
  }

  /**
   * Lets a bridge send packets out by the port they came in by: one whose way br_netfilter has
   * changed on the bridge (bridge-nf-call-iptables) does not come by the host's own routing.
   */
  void hairpin(int index, String name) throws KernelException {
    NetMessage message = new NetMessage(RTM_SETLINK, ACK);
    message.u8(AF_BRIDGE).u8(0).u16(0).u32(index).u32(0).u32(0);
    int port = message.begin(IFLA_PROTINFO);
    message.attribute(IFLA_BRPORT_MODE, (byte) 1).end(port);
    change(
        "set " + name + " hairpin on",
        "the container reaches itself by a published port",
        () -> netlink.request(message, "RTM_SETLINK of " + name + ", hairpin mode"));
  }

  /** Gives a link an address. */
  void address(int index, String name, Ip address, int prefix, String why) throws KernelException {
    NetMessage message =
        new NetMessage(RTM_NEWADDR, MAKE)
            .u8(address.isV6() ? AF_INET6 : AF_INET)
            .u8(prefix)
            .u8(0)
            .u8(0)
            .u32(index)
            .attribute(IFA_LOCAL, address.bytes())
            .attribute(IFA_ADDRESS, address.bytes());
    if (address.isV6()) {
      // The engine gives each address once: nobody needs to be asked whether it is taken.
      message.attribute(IFA_FLAGS, IFA_F_NODAD);
    } else {
      message.attribute(IFA_BROADCAST, address.masked(prefix, true).bytes());
    }
    String what = address + "/" + prefix + " to " + name;
    change("add address " + what, why, () -> netlink.request(message, "RTM_NEWADDR of " + what));
  }

  /** What has no nearer way goes by a gateway. */
  void gateway(int index, String name, Ip gateway) throws KernelException {
    NetMessage message =
        new NetMessage(RTM_NEWROUTE, MAKE)
            .u8(gateway.isV6() ? AF_INET6 : AF_INET)
            .u8(0)
            .u8(0)
            .u8(0)
            .u8(RT_TABLE_MAIN)
            .u8(RTPROT_BOOT)
            .u8(0)
            .u8(RTN_UNICAST)
            .u32(0)
            .attribute(RTA_OIF, index)
            .attribute(RTA_GATEWAY, gateway.bytes());
    change(
        "add route default via " + gateway + " dev " + name,
        "the bridge leads out",
        () -> netlink.request(message, "RTM_NEWROUTE of default via " + gateway));
  }

  /**
   * Lets a link take packets to ::1, too. The kernel drops those that say so when they come in;
   * what is left is the answers to what this host has sent from there and translated, which
   * conntrack gives their address back. Behind the route of lo, which is what everything else
   * takes.
   */
  void loopback6(int index, String name) throws KernelException {
    NetMessage message =
        new NetMessage(RTM_NEWROUTE, MAKE)
            .u8(AF_INET6)
            .u8(Byte.SIZE * LOOPBACK6.length)
            .u8(0)
            .u8(0)
            .u8(RT_TABLE_LOCAL)
            .u8(RTPROT_BOOT)
            .u8(0)
            .u8(RTN_LOCAL)
            .u32(0)
            .attribute(RTA_DST, LOOPBACK6)
            .attribute(RTA_OIF, index)
            .attribute(RTA_PRIORITY, LAST);
    change(
        "add route local ::1 dev " + name,
        "published ports serve ::1, too",
        () -> netlink.request(message, "RTM_NEWROUTE of local ::1 dev " + name));
  }

  /** Removes a link; one that is not there is removed already. */
  void delete(String name) throws KernelException {
    NetMessage message = link(RTM_DELLINK, ACK, 0, 0).attribute(IFLA_IFNAME, name);
    change(
        "delete " + name,
        "nobody uses it any more",
        () -> requestUnlessGone(message, "RTM_DELLINK of " + name));
  }

  /**
   * Removes links, as a group that they are put into for this moment: for a link that goes the
   * kernel waits several times until every CPU has taken note (RCU), and for a group as often as
   * for one.
   */
  void delete(List<String> names) throws KernelException {
    if (names.size() < 2) {
      for (String name : names) {
        delete(name);
      }
      return;
    }
    String all = String.join(", ", names);
    // 0 is everybody's; a number that nobody else would choose, as all of the group goes.
    int group = ByteBuffer.wrap(RandomName.bytes(Integer.BYTES)).getInt() | 1 << 31;
    for (String name : names) {
      NetMessage message =
          link(RTM_SETLINK, ACK, 0, 0).attribute(IFLA_IFNAME, name).attribute(IFLA_GROUP, group);
      requestUnlessGone(message, "RTM_SETLINK of " + name + ", group");
    }
    NetMessage message = link(RTM_DELLINK, ACK, 0, 0).attribute(IFLA_GROUP, group);
    change(
        "delete " + all,
        "nobody uses them any more",
        () -> requestUnlessGone(message, "RTM_DELLINK of " + all));
  }

  private void requestUnlessGone(NetMessage message, String what) throws KernelException {
    try {
      netlink.request(message, what);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENODEV) {
        throw e;
      }
    }
  }

  /** The number of a link; empty when there is none of that name. */
  Optional<Integer> index(String name) throws KernelException {
    NetMessage message = link(RTM_GETLINK, NetMessage.F_REQUEST, 0, 0).attribute(IFLA_IFNAME, name);
    try {
      List<Netlink.Reply> found = netlink.ask(message, "RTM_GETLINK of " + name);
      return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0).body().getInt(4));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENODEV) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Every link. */
  List<Link> all() throws KernelException {
    NetMessage message = link(RTM_GETLINK, NetMessage.F_REQUEST | NetMessage.F_DUMP, 0, 0);
    List<Link> out = new ArrayList<>();
    for (Netlink.Reply reply : netlink.ask(message, "RTM_GETLINK of all links")) {
      Optional<ByteBuffer> name = reply.attribute(LINK, IFLA_IFNAME);
      out.add(new Link(reply.body().getInt(4), name.map(Netlink::text).orElse("")));
    }
    return out;
  }

  /** Every address of this namespace; of IPv4 all of 127.0.0.0/8 are, of which this has one. */
  Set<Ip> addresses() throws KernelException {
    Set<Ip> out = new HashSet<>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      NetMessage message = new NetMessage(RTM_GETADDR, NetMessage.F_REQUEST | NetMessage.F_DUMP);
      message.u8(family).u8(0).u8(0).u8(0).u32(0);
      for (Netlink.Reply reply : netlink.ask(message, "RTM_GETADDR of all addresses")) {
        // IFA_LOCAL is of IPv4 alone; there IFA_ADDRESS may be the other end's.
        Optional<ByteBuffer> local = reply.attribute(ADDRESS, IFA_LOCAL);
        Optional<ByteBuffer> ip = local.isPresent() ? local : reply.attribute(ADDRESS, IFA_ADDRESS);
        ip.ifPresent(bytes -> out.add(Ip.of(bytes.array())));
      }
    }
    return out;
  }

  /** Every route of the main table but the default ones. */
  List<Route> routes() throws KernelException {
    List<Route> out = new ArrayList<>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      NetMessage message = new NetMessage(RTM_GETROUTE, NetMessage.F_REQUEST | NetMessage.F_DUMP);
      message.u8(family).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(0);
      for (Netlink.Reply reply : netlink.ask(message, "RTM_GETROUTE of all routes")) {
        Optional<ByteBuffer> to = reply.attribute(ROUTE, RTA_DST);
        int prefix = reply.body().get(1) & 0xff;
        if (to.isPresent() && prefix > 0 && (reply.body().get(4) & 0xff) == RT_TABLE_MAIN) {
          Optional<ByteBuffer> by = reply.attribute(ROUTE, RTA_OIF);
          Ip first = Ip.of(to.get().array()).masked(prefix, false);
          out.add(new Route(new Subnet(first, prefix), by.isPresent() ? by.get().getInt(0) : 0));
        }
      }
    }
    return out;
  }

  /**
   * Writes a kernel parameter of the namespace.
   *
   * @param name below /proc/sys/net: {@code ipv4/ip_forward}
   */
  void parameter(String name, String value, String why) throws KernelException {
    String path = "/proc/sys/net/" + name;
    byte[] bytes = path.getBytes(StandardCharsets.US_ASCII);
    long start = System.nanoTime();
    int result = Linux.openIn(netns, bytes, Linux.O_WRONLY);
    if (result >= 0) {
      try (Fd file = Fd.of(result, "open", path)) {
        byte[] text = value.getBytes(StandardCharsets.US_ASCII);
        result = Linux.write(file.number(), text, 0, text.length);
      }
    }
    journal.did("write", List.of(path, value), why, Math.min(0, result), start, System.nanoTime());
    KernelException.check(result, "write", path);
  }

  @Override
  public void close() {
    netlink.close();
  }
}
