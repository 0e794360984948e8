package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The sockets of a container's name server, by UDP and TCP, for a running container that was in no
 * network with names when it began: the plan's BIND makes the same.
 */
public final class NameSockets implements AutoCloseable {
  private static final int AF_INET = 2;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEPORT = 15;

  private final List<Fd> sockets = new ArrayList<>();

  private NameSockets() {}

  /**
   * Binds them; nobody listens yet.
   *
   * @param netns the container's network namespace
   * @param address the name server's, there: IPv4, the first byte the highest
   * @param port where it listens
   * @return empty when a program of the container has the port
   */
  public static Optional<NameSockets> bind(Fd netns, int address, int port) throws KernelException {
    Ip server = Ip.of(ByteBuffer.allocate(4).putInt(address).array());
    NameSockets all = new NameSockets();
    try {
      for (int type : new int[] {SOCK_DGRAM, SOCK_STREAM}) {
        int number = Linux.socketIn(netns.number(), AF_INET, type, 0);
        Fd socket = Fd.of(number, "socket", "name server");
        all.sockets.add(socket);
        int n = Linux.setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, 1);
        KernelException.check(n, "setsockopt", socket.name());
        n = Linux.bind(socket.number(), PortSockets.address(server, port));
        if (n == -Errno.EADDRINUSE.number()) {
          all.close();
          return Optional.empty();
        }
        KernelException.check(n, "bind", server + ":" + port);
      }
      return Optional.of(all);
    } catch (KernelException e) {
      all.close();
      throw e;
    }
  }

  /** They stay this object's. */
  public List<Fd> sockets() {
    return List.copyOf(sockets);
  }

  @Override
  public void close() {
    sockets.forEach(Fd::close);
  }
}
