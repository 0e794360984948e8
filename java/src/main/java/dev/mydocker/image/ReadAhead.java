package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * A stream whose source is read by a thread of its own, a few buffers ahead: what that read costs
 * (the network, a hash, an inflater) is paid on another core. An exception of the source comes out
 * of {@link #read} at the place where it happened.
 */
final class ReadAhead extends InputStream {
  private static final int BUFFER = 128 * 1024;
  private static final int DEPTH = 6;

  /** A filled buffer; {@code failure} is what happened after its last byte, or null. */
  private record Chunk(byte[] bytes, int length, boolean last, Throwable failure) {}

  private final InputStream source;
  private final BlockingQueue<Chunk> filled = new ArrayBlockingQueue<>(DEPTH + 1);
  private final BlockingQueue<byte[]> free = new ArrayBlockingQueue<>(DEPTH + 1);
  private final Thread thread;

  /** When there is no memory left to say so; the queue has room for it. */
  private final Chunk broken =
      new Chunk(new byte[0], 0, true, new OutOfMemoryError("reading ahead"));

  private Chunk chunk = new Chunk(new byte[0], 0, false, null);
  private int at;

  /** Starts to read. */
  ReadAhead(InputStream source, String name) {
    this.source = source;
    for (int i = 0; i < DEPTH; i++) {
      free.add(new byte[BUFFER]);
    }
    thread = new Thread(this::fill, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void fill() {
    try {
      boolean last = false;
      while (!last) {
        byte[] buffer = free.take();
        int n = 0;
        Throwable failure = null;
        try {
          while (n < buffer.length && !last) {
            int got = source.read(buffer, n, buffer.length - n);
            last = got < 0;
            n += Math.max(got, 0);
          }
        } catch (IOException | RuntimeException | Error e) {
          failure = e;
          last = true;
        }
        filled.put(new Chunk(buffer, n, last, failure));
      }
    } catch (InterruptedException e) {
      // Closed: nobody reads any more.
    } catch (Error e) {
      filled.offer(broken);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    while (at == chunk.length) {
      if (chunk.last) {
        return end();
      }
      next();
    }
    int n = Math.min(length, chunk.length - at);
    System.arraycopy(chunk.bytes, at, into, offset, n);
    at += n;
    return n;
  }

  private void next() throws IOException {
    try {
      if (chunk.bytes.length > 0) {
        free.put(chunk.bytes);
      }
      chunk = filled.take();
      at = 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private int end() throws IOException {
    if (chunk.failure instanceof IOException e) {
      throw e;
    }
    if (chunk.failure != null) {
      throw new IOException(chunk.failure.toString(), chunk.failure);
    }
    return -1;
  }

  /** Closes the source, and comes back when its thread has ended. */
  @Override
  public void close() throws IOException {
    thread.interrupt();
    try {
      source.close();
    } finally {
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
