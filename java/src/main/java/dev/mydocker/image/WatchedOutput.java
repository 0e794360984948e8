package dev.mydocker.image;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * A socket's output with a limit to how long one write may take: the socket's own timeout is for
 * reading alone. A thread of its own closes the socket when the peer takes nothing for so long.
 */
final class WatchedOutput extends OutputStream {
  private final Socket transport;
  private final OutputStream out;
  private final long limitNanos;
  private final Thread watch;
  private boolean writing;
  private long since;
  private boolean stalled;

  /**
   * Starts watching; {@link #close} ends it and leaves the socket open.
   *
   * @param out the socket's output, or that of the TLS above it
   * @param limit for each write
   */
  WatchedOutput(OutputStream out, Socket transport, Duration limit) {
    this.out = out;
    this.transport = transport;
    this.limitNanos = limit.toNanos();
    this.watch = new Thread(this::watch, "mydocker upload watch");
    watch.setDaemon(true);
    watch.start();
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] buffer, int offset, int length) throws IOException {
    mark(true);
    try {
      out.write(buffer, offset, length);
    } catch (IOException e) {
      throw isStalled() ? new SocketTimeoutException("the content is taken too slowly") : e;
    } finally {
      mark(false);
    }
  }

  private synchronized void mark(boolean now) {
    writing = now;
    since = System.nanoTime();
  }

  private synchronized boolean isStalled() {
    return stalled;
  }

  private void watch() {
    try {
      while (!isOverdue()) {
        Thread.sleep(Math.max(1, limitNanos / 4_000_000));
      }
      transport.close();
    } catch (InterruptedException | IOException e) {
      // Either the content is written, or the socket is gone already.
      return;
    }
  }

  private synchronized boolean isOverdue() {
    stalled = writing && System.nanoTime() - since > limitNanos;
    return stalled;
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
