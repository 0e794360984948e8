package dev.mydocker.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/**
 * What a peer sends, as lines and as bytes, with a limit to how slowly it may come. The socket's
 * own timeout ends a silence; this class ends a trickle. Bytes that were not read ahead with a line
 * go from the socket straight into the caller's buffer.
 */
final class HttpInput {
  private final InputStream in;
  private final HttpTiming timing;
  private final byte[] buffer = new byte[8192];
  private int at;
  private int end;

  /** Time spent waiting for the peer, and what came, since the window began. */
  private long waited;

  private long progress;

  HttpInput(InputStream in, HttpTiming timing) {
    this.in = in;
    this.timing = timing;
  }

  /** Begins a new window. */
  void restartWindow() {
    waited = 0;
    progress = 0;
  }

  /** Some bytes, or -1 at the connection's end. */
  int read(byte[] target, int offset, int length) throws IOException {
    if (at < end) {
      int n = Math.min(length, end - at);
      System.arraycopy(buffer, at, target, offset, n);
      at += n;
      return n;
    }
    return receive(target, offset, length);
  }

  /**
   * A line without its end, in ISO 8859-1.
   *
   * @param limit the most bytes it may have
   */
  String line(int limit) throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      if (at == end) {
        at = 0;
        end = Math.max(0, receive(buffer, 0, buffer.length));
        if (end == 0) {
          throw new EOFException("the connection ended early");
        }
      }
      int start = at;
      while (at < end && buffer[at] != '\n') {
        at++;
      }
      line.append(new String(buffer, start, at - start, StandardCharsets.ISO_8859_1));
      if (line.length() > limit) {
        throw new ProtocolException("the answer's head is too long");
      }
      if (at < end) {
        at++;
        int length = line.length();
        if (length > 0 && line.charAt(length - 1) == '\r') {
          line.setLength(length - 1);
        }
        return line.toString();
      }
    }
  }

  private int receive(byte[] target, int offset, int length) throws IOException {
    long start = System.nanoTime();
    int n = in.read(target, offset, length);
    waited += System.nanoTime() - start;
    progress += Math.max(n, 0);
    if (waited > timing.window().toNanos()) {
      throw new SocketTimeoutException("the answer comes too slowly");
    }
    if (progress >= HttpTiming.MIN_PROGRESS) {
      restartWindow();
    }
    return n;
  }
}
