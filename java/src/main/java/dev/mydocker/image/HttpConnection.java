package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;

/** One connection to a server or proxy: a request, its answer, the next request. */
final class HttpConnection {
  private final Socket socket;
  private final HttpInput in;
  private final Consumer<HttpConnection> whenFree;
  private final Consumer<HttpConnection> whenClosed;

  /**
   * Takes over a connected socket.
   *
   * @param whenFree gets the connection after an answer that leaves it usable
   * @param whenClosed hears that it is closed
   */
  HttpConnection(
      Socket socket,
      HttpTiming timing,
      Consumer<HttpConnection> whenFree,
      Consumer<HttpConnection> whenClosed)
      throws IOException {
    this.socket = socket;
    this.in = new HttpInput(socket.getInputStream(), timing);
    this.whenFree = whenFree;
    this.whenClosed = whenClosed;
  }

  /**
   * Sends a request and reads the answer's head. After an exception the connection is closed.
   *
   * @param target path and query, or for a proxy the whole URL
   * @param headers the header fields; neither names nor values may hold control characters
   * @param body sent when it is not empty
   */
  HttpAnswer send(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    try {
      write(socket.getOutputStream(), method, target, headers, body);
      HttpHead head = HttpHead.read(in);
      return new HttpAnswer(head, new HttpBody(head, in, this));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Writes a request in one piece. */
  static void write(
      OutputStream socket, String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    StringBuilder head = new StringBuilder(method + " " + clean(target) + " HTTP/1.1\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + clean(value) + "\r\n"));
    if (body.length > 0) {
      head.append("Content-Length: " + body.length + "\r\n");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    out.write(body);
    out.writeTo(socket);
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
      socket.close();
    } catch (IOException e) {
      // The socket is gone either way.
    }
    whenClosed.accept(this);
  }
}
