package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/** One connection to a server or proxy: a request, its answer, the next request. */
final class HttpConnection {
  /** Content up to this size goes out in one piece with its head. */
  private static final int ONE_PIECE = 16 << 10;

  private final Socket socket;
  private final Socket transport;
  private final HttpTiming timing;
  private final HttpInput in;
  private final Consumer<HttpConnection> whenFree;
  private final Consumer<HttpConnection> whenClosed;
  private volatile boolean sending;

  /**
   * Takes over a connected socket.
   *
   * @param transport the socket below {@code socket}'s TLS, or the same
   * @param whenFree gets the connection after an answer that leaves it usable
   * @param whenClosed hears that it is closed
   */
  HttpConnection(
      Socket socket,
      Socket transport,
      HttpTiming timing,
      Consumer<HttpConnection> whenFree,
      Consumer<HttpConnection> whenClosed)
      throws IOException {
    this.socket = socket;
    this.transport = transport;
    this.timing = timing;
    this.in = new HttpInput(socket.getInputStream(), timing);
    this.whenFree = whenFree;
    this.whenClosed = whenClosed;
  }

  /**
   * Sends a request and reads the answer's head. After an exception the connection is closed.
   *
   * @param target path and query, or for a proxy the whole URL
   * @param headers all header fields but the content's length; neither names nor values may hold
   *     control characters
   */
  HttpAnswer send(HttpRequest request, String target, Map<String, String> headers)
      throws IOException {
    try {
      boolean whole = write(request, target, headers);
      HttpHead head = HttpHead.read(in);
      return new HttpAnswer(head, new HttpBody(head, in, this, request.isHead(), whole));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Writes a request.
   *
   * @return false when the peer did not take all of its content: its answer may say why
   */
  private boolean write(HttpRequest request, String target, Map<String, String> headers)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>(headers);
    if (request.tellsLength()) {
      all.put("Content-Length", String.valueOf(request.content().length()));
    }
    ByteArrayOutputStream first = head(request.method(), target, all);
    if (request.content().length() <= ONE_PIECE) {
      request.content().writeTo(first);
      first.writeTo(socket.getOutputStream());
      return true;
    }
    sending = true;
    try (WatchedOutput out =
        new WatchedOutput(socket.getOutputStream(), transport, timing.window())) {
      first.writeTo(out);
      request.content().writeTo(out);
      return true;
    } catch (SocketException | SSLException e) {
      return false;
    } finally {
      sending = false;
    }
  }

  /** Writes a request without content. */
  static void write(OutputStream socket, String method, String target, Map<String, String> headers)
      throws IOException {
    head(method, target, headers).writeTo(socket);
  }

  private static ByteArrayOutputStream head(
      String method, String target, Map<String, String> headers) throws IOException {
    StringBuilder head = new StringBuilder(method + " " + clean(target) + " HTTP/1.1\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + clean(value) + "\r\n"));
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    return out;
  }

  /** A line feed from outside would begin a header of its own. */
  private static String clean(String value) {
    if (!value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("a control character in a request's head");
    }
    return value;
  }

  void giveBack() {
    whenFree.accept(this);
  }

  void close() {
    try {
      // TLS says goodbye when it is closed, and for that waits until a write has ended.
      (sending ? transport : socket).close();
    } catch (IOException e) {
      // The socket is gone either way.
    }
    whenClosed.accept(this);
  }
}
