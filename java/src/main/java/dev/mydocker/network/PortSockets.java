package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The sockets that keep published ports from others: bound, and never listening. Packets to such a
 * port are led into the container before they would come to a socket; when they are not, the sender
 * is told that nobody is there.
 */
final class PortSockets implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int IPPROTO_SCTP = 132;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SCM_MAX_FD = 253;
  private static final int ATTEMPTS = 20;
  private static final int ESOCKTNOSUPPORT = 94;

  private final List<Fd> sockets = new ArrayList<>();
  private final List<HostPort> ports = new ArrayList<>();
  private final List<Endpoint> others;

  /**
   * None yet.
   *
   * @param others whose ports are taken
   */
  PortSockets(List<Endpoint> others) {
    this.others = others;
  }

  /** The ports that are held. */
  List<HostPort> ports() {
    return ports;
  }

  /**
   * Takes the ports of an option.
   *
   * @param v4 whether the container has an IPv4 address
   * @param v6 whether it has an IPv6 address
   * @throws NetworkException when they are taken, and by whom
   */
  void take(PortOption option, boolean v4, boolean v6) throws IOException, OptionException {
    List<Ip> addresses = new ArrayList<>();
    Optional<Ip> only =
        option.host().isEmpty() ? Optional.empty() : Optional.of(Ip.parse(option.host()));
    if (v4 && (only.isEmpty() || !only.get().isV6())) {
      addresses.add(only.orElse(Ip.any(false)));
    }
    if (v6 && (only.isEmpty() || only.get().isV6())) {
      addresses.add(only.orElse(Ip.any(true)));
    }
    if (addresses.isEmpty()) {
      throw new NetworkException(
          NetworkException.Kind.UNFIT,
          "cannot publish "
              + option.text()
              + ": the network has no addresses of that family: with IPv6 it has both, network"
              + " create --ipv6");
    }
    NetworkException taken = null;
    int attempts = option.first() == 0 ? ATTEMPTS : option.last() - option.first() + 1;
    for (int i = 0; i < attempts; i++) {
      int port = option.first() == 0 ? 0 : option.first() + i;
      try {
        takeAll(addresses, port, option);
        return;
      } catch (NetworkException e) {
        if (e.kind() != NetworkException.Kind.TAKEN) {
          throw e;
        }
        taken = e;
      }
    }
    throw taken;
  }

  private void takeAll(List<Ip> addresses, int wanted, PortOption option) throws IOException {
    int before = ports.size();
    int held = sockets.size();
    int port = wanted;
    try {
      for (Ip address : addresses) {
        port = take(new HostPort(address, port, option.port(), option.protocol()));
      }
    } catch (IOException e) {
      ports.subList(before, ports.size()).clear();
      while (sockets.size() > held) {
        sockets.remove(sockets.size() - 1).close();
      }
      throw e;
    }
  }

  private int take(HostPort wanted) throws IOException {
    for (Endpoint other : others) {
      for (HostPort port : other.ports()) {
        if (port.clashes(wanted)) {
          throw taken(wanted, "container " + other.container().substring(0, 12));
        }
      }
    }
    for (HostPort port : ports) {
      if (port.clashes(wanted)) {
        throw taken(wanted, "another port of this container");
      }
    }
    boolean v6 = wanted.address().isV6();
    boolean udp = wanted.protocol().equals("udp");
    int protocol = wanted.protocol().equals("sctp") ? IPPROTO_SCTP : 0;
    int number =
        Linux.socketIn(-1, v6 ? AF_INET6 : AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, protocol);
    if (protocol == IPPROTO_SCTP
        && wanted.port() != 0
        && (number == -Errno.EPROTONOSUPPORT.number() || number == -ESOCKTNOSUPPORT)) {
      // This host speaks no SCTP itself, so nobody else here can take the port.
      ports.add(wanted);
      return wanted.port();
    }
    Fd socket = Fd.of(number, "socket", wanted.outside() + "/" + wanted.protocol());
    try {
      if (v6) {
        Linux.setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
      }
      int result = Linux.bind(socket.number(), address(wanted.address(), wanted.port()));
      if (result == -Errno.EADDRINUSE.number()) {
        throw taken(wanted, PortHolder.of(wanted).orElse("another program"));
      }
      KernelException.check(result, "bind", wanted.outside() + "/" + wanted.protocol());
      int port = port(socket);
      ports.add(new HostPort(wanted.address(), port, wanted.inner(), wanted.protocol()));
      sockets.add(socket);
      return port;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static NetworkException taken(HostPort port, String by) {
    return new NetworkException(
        NetworkException.Kind.TAKEN,
        "cannot publish "
            + port.outside()
            + "/"
            + port.protocol()
            + ": port is already allocated: "
            + by
            + " has it (EADDRINUSE): stop that, or choose another port");
  }

  /** The kernel's struct sockaddr_in, or sockaddr_in6. */
  static byte[] address(Ip address, int port) {
    boolean v6 = address.isV6();
    ByteBuffer out = ByteBuffer.allocate(v6 ? 28 : 16);
    out.order(ByteOrder.nativeOrder()).putShort((short) (v6 ? AF_INET6 : AF_INET));
    out.order(ByteOrder.BIG_ENDIAN).putShort((short) port);
    if (v6) {
      out.putInt(0);
    }
    out.put(address.bytes());
    return out.array();
  }

  private static int port(Fd socket) throws KernelException {
    byte[] name = new byte[28];
    KernelException.check(Linux.getsockname(socket.number(), name), "getsockname", socket.name());
    return (name[2] & 0xff) << 8 | name[3] & 0xff;
  }

  /**
   * Gives them away: as long as the result, or a copy of it, is open they stay bound, for all of
   * them lie in it as messages that nobody takes. So their number has no limit, and a monitor that
   * inherits them needs one descriptor.
   */
  Optional<Fd> hold() throws KernelException {
    if (sockets.isEmpty()) {
      return Optional.empty();
    }
    int[] pair = new int[2];
    KernelException.check(Linux.socketpair(pair, false), "socketpair", "published ports");
    Fd end = Fd.of(pair[0], "socketpair", "published ports");
    try (Fd in = Fd.of(pair[1], "socketpair", "published ports")) {
      for (int from = 0; from < sockets.size(); from += SCM_MAX_FD) {
        int[] some = new int[Math.min(SCM_MAX_FD, sockets.size() - from)];
        for (int i = 0; i < some.length; i++) {
          some[i] = sockets.get(from + i).number();
        }
        KernelException.check(Linux.sendFds(in.number(), some), "sendmsg", "published ports");
      }
      return Optional.of(end);
    } catch (KernelException e) {
      end.close();
      throw e;
    }
  }

  @Override
  public void close() {
    sockets.forEach(Fd::close);
  }
}
