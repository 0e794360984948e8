package dev.mydocker.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Objects;

/**
 * The body of an answer, which ends well only where its framing says (RFC 9112, 6 and 7). Read to
 * its end it gives its connection back; closed before, it closes the connection.
 */
final class HttpBody extends InputStream {
  private static final int MAX_LINE = 4096;
  private static final int MAX_TRAILERS = 50;

  /** Bytes left of the body or of the current chunk; unbounded when only the end tells. */
  private long left;

  private final boolean chunked;
  private final boolean untilEnd;
  private final boolean keep;
  private final HttpInput in;
  private final HttpConnection connection;
  private boolean started;
  private boolean done;
  private boolean closed;

  /**
   * The body after {@code head}.
   *
   * @param none whether the answer has no body, whatever its head says
   * @param reusable whether the connection may serve another request
   */
  HttpBody(HttpHead head, HttpInput in, HttpConnection connection, boolean none, boolean reusable)
      throws IOException {
    this.in = in;
    this.connection = connection;
    boolean empty = none || head.status() == 204 || head.status() == 304;
    this.chunked = !empty && head.isChunked();
    long length = empty ? 0 : head.contentLength();
    this.untilEnd = !chunked && length < 0;
    this.left = chunked ? 0 : untilEnd ? Long.MAX_VALUE : length;
    this.keep = reusable && head.keepsConnection() && !untilEnd;
    if (left == 0 && !chunked) {
      finish(keep);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (closed) {
      throw new IOException("the body is closed");
    }
    if (!done && chunked && left == 0) {
      nextChunk();
    }
    if (done) {
      return -1;
    }
    int n = in.read(buffer, offset, (int) Math.min(length, left));
    if (n < 0) {
      if (!untilEnd) {
        throw new EOFException("the connection ended early");
      }
      finish(false);
      return -1;
    }
    left -= n;
    if (left == 0 && !chunked) {
      finish(keep);
    }
    return n;
  }

  private void nextChunk() throws IOException {
    if (started && !in.line(MAX_LINE).isEmpty()) {
      throw new ProtocolException("a chunk that is longer than its size");
    }
    started = true;
    left = chunkSize(in.line(MAX_LINE));
    if (left > 0) {
      return;
    }
    for (int i = 0; !in.line(MAX_LINE).isEmpty(); i++) {
      if (i == MAX_TRAILERS) {
        throw new ProtocolException("too many trailers");
      }
    }
    finish(keep);
  }

  private static long chunkSize(String line) throws ProtocolException {
    int semicolon = line.indexOf(';');
    String digits = (semicolon < 0 ? line : line.substring(0, semicolon)).strip();
    boolean good = !digits.isEmpty() && digits.length() <= 15;
    long size = 0;
    for (int i = 0; good && i < digits.length(); i++) {
      int digit = digits.charAt(i) < 0x80 ? Character.digit(digits.charAt(i), 16) : -1;
      good = digit >= 0;
      size = size * 16 + digit;
    }
    if (!good) {
      throw new ProtocolException("a malformed chunk");
    }
    return size;
  }

  private void finish(boolean reusable) {
    done = true;
    if (reusable) {
      connection.giveBack();
    } else {
      connection.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    if (!done) {
      connection.close();
    }
  }
}
