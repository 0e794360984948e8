package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Map;
import java.util.Objects;

/**
 * A blob as one stream: where the connection breaks, the rest is asked for (RFC 9110, 14: Range).
 */
final class ResumingInput extends InputStream {
  /** Attempts in a row that bring less than {@link #PROGRESS} bytes. */
  private static final int MAX_TRIES = 4;

  private static final long PROGRESS = 1 << 20;

  /** Opens the rest of the content. */
  interface Opener {
    HttpAnswer open(Map<String, String> headers) throws IOException;
  }

  /** Words a failure. */
  interface Failure {
    IOException of(IOException cause);
  }

  private final RegistryHttp http;
  private final Opener opener;
  private final Failure failure;
  private InputStream body;
  private long offset;
  private long resumedAt;
  private int tries;
  private volatile boolean closed;

  /** Takes over an answer that has the content from its first byte on. */
  ResumingInput(RegistryHttp http, HttpAnswer first, Opener opener, Failure failure) {
    this.http = http;
    this.body = first.body();
    this.opener = opener;
    this.failure = failure;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int start, int length) throws IOException {
    Objects.checkFromIndexSize(start, length, buffer.length);
    while (true) {
      try {
        int n = body.read(buffer, start, length);
        offset += Math.max(n, 0);
        return n;
      } catch (IOException e) {
        resume(e);
      }
    }
  }

  private void resume(IOException cause) throws IOException {
    body.close();
    IOException last = cause;
    while (true) {
      mayResume(last);
      http.pause(tries);
      try {
        HttpAnswer rest = opener.open(Map.of("Range", "bytes=" + offset + "-"));
        checkRange(rest);
        body = rest.body();
        resumedAt = offset;
        return;
      } catch (IOException e) {
        // Whatever else passes was tried again already.
        if (!RegistryHttp.isRefused(e)) {
          throw failure.of(e);
        }
        last = e;
      }
    }
  }

  /** Counts an attempt, and throws when there were enough. */
  private void mayResume(IOException cause) throws IOException {
    if (offset - resumedAt >= PROGRESS) {
      tries = 0;
    }
    tries++;
    if (closed || tries > MAX_TRIES || !RegistryHttp.isPassing(cause)) {
      throw failure.of(cause);
    }
  }

  /** An answer with other bytes than the ones asked for must not be joined to those that came. */
  private void checkRange(HttpAnswer rest) throws IOException {
    String range = rest.head().first("content-range").orElse("");
    boolean right = rest.status() == 206 && range.startsWith("bytes " + offset + "-");
    if (!right && !(rest.status() == 200 && offset == 0)) {
      rest.close();
      throw new ProtocolException(
          "no way to go on where the connection broke, at byte "
              + offset
              + " (status "
              + rest.status()
              + ")");
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    body.close();
  }
}
