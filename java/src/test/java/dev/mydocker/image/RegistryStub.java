package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/** A server that says byte for byte what a test makes it say, and remembers what it was asked. */
final class RegistryStub implements AutoCloseable {
  record Request(String method, String target, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /** Answers; an exception closes the connection. */
  interface Handler {
    void answer(Request request, OutputStream out) throws Exception;
  }

  private final ServerSocket server;
  private final Optional<Integer> tunnel;
  private final Handler handler;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final CountDownLatch deaf = new CountDownLatch(1);

  RegistryStub(Handler handler) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), handler);
  }

  RegistryStub(ServerSocket server, Handler handler) {
    this(server, Optional.empty(), handler);
  }

  private RegistryStub(ServerSocket server, Optional<Integer> tunnel, Handler handler) {
    this.server = server;
    this.tunnel = tunnel;
    this.handler = handler;
    threads.execute(this::acceptAll);
  }

  /** A proxy that connects everybody to one port of this machine. */
  static RegistryStub tunnel(int port) throws IOException {
    return new RegistryStub(
        new ServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        Optional.of(port),
        (r, out) -> {});
  }

  int port() {
    return server.getLocalPort();
  }

  String authority() {
    return "127.0.0.1:" + port();
  }

  List<Request> requests() {
    return requests;
  }

  /** How many connections came. */
  int connections() {
    return sockets.size();
  }

  /** A whole answer. */
  static void reply(OutputStream out, int status, byte[] body, String... headers)
      throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    String head = "HTTP/1.1 " + status + " Something\r\nContent-Length: " + body.length + "\r\n";
    for (String header : headers) {
      head += header + "\r\n";
    }
    answer.write((head + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    answer.write(body);
    answer.writeTo(out);
  }

  static void reply(OutputStream out, int status, String body, String... headers)
      throws IOException {
    reply(out, status, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  /** Text as it stands. */
  static void raw(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        threads.execute(() -> serve(socket));
      }
    } catch (IOException | RejectedExecutionException e) {
      // The test is over.
    } finally {
      deaf.countDown();
    }
  }

  /** A handler that has closed the server has nobody connected any more when it is done. */
  private void answer(Request request, Socket socket) throws Exception {
    try {
      handler.answer(request, socket.getOutputStream());
    } finally {
      if (server.isClosed()) {
        // What is closed under an accept(2) listens until that has ended.
        deaf.await();
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      PushbackInputStream in = new PushbackInputStream(socket.getInputStream());
      int first = in.read();
      if (first < 0 || first == 22) {
        return;
      }
      in.unread(first);
      while (true) {
        Request request = read(in);
        requests.add(request);
        if (tunnel.isPresent()) {
          passOn(in, socket);
        }
        answer(request, socket);
      }
    } catch (Exception e) {
      // What a handler wants to happen: the connection ends.
    }
  }

  private void passOn(InputStream in, Socket client) throws IOException {
    try (Socket target = new Socket(InetAddress.getLoopbackAddress(), tunnel.orElseThrow())) {
      sockets.add(target);
      raw(client.getOutputStream(), "HTTP/1.1 200 Connected\r\n\r\n");
      threads.execute(() -> copy(target, client));
      in.transferTo(target.getOutputStream());
    }
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // One of them is closed.
    }
  }

  private static Request read(InputStream in) throws IOException {
    String[] start = line(in).split(" ");
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
    return new Request(start[0], start[1], headers, body);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
