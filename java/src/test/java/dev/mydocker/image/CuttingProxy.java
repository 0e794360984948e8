package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes connections on to a port of this machine, and resets some of them within an upload. */
final class CuttingProxy implements AutoCloseable {
  private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger cuts;
  private final int port;
  private final long limit;

  /**
   * Starts it.
   *
   * @param authority whose port it leads to
   * @param limit bytes that go to the server before a connection is reset
   * @param cuts how many connections are
   */
  CuttingProxy(String authority, long limit, int cuts) throws IOException {
    this.port = Integer.parseInt(authority.substring(authority.lastIndexOf(':') + 1));
    this.limit = limit;
    this.cuts = new AtomicInteger(cuts);
    threads.execute(this::acceptAll);
  }

  String authority() {
    return "localhost:" + front.getLocalPort();
  }

  int cutsLeft() {
    return cuts.get();
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket client = front.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
        sockets.addAll(List.of(client, server));
        threads.execute(() -> copy(server, client, Long.MAX_VALUE));
        threads.execute(() -> copy(client, server, limit));
      }
    } catch (IOException | RejectedExecutionException e) {
      // The test is over.
    }
  }

  private void copy(Socket from, Socket to, long most) {
    byte[] buffer = new byte[64 << 10];
    long passed = 0;
    try (from;
        to) {
      InputStream in = from.getInputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        passed += n;
        if (passed > most && cuts.getAndUpdate(c -> Math.max(0, c - 1)) > 0) {
          from.setSoLinger(true, 0);
          return;
        }
        to.getOutputStream().write(buffer, 0, n);
      }
    } catch (IOException e) {
      // One of them is closed.
    }
  }

  @Override
  public void close() throws IOException {
    front.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
