package dev.mydocker.kernel;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Writes a file that nobody is going to read soon from its beginning, past the page cache
 * (O_DIRECT, open(2)): no page of memory is taken for it, and there is little left to sync. Where
 * the file system has no such writes, it goes through the cache as everything else.
 *
 * <p>{@link #flush} writes what is left; nothing may be written after that.
 */
public final class DirectOutput extends OutputStream {
  /** Bytes; what O_DIRECT wants of addresses, offsets and lengths is less or the same. */
  private static final int ALIGNMENT = 4096;

  private static final int SIZE = 128 * 1024;

  private final Fd fd;
  private final int flags;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(SIZE + ALIGNMENT).alignedSlice(ALIGNMENT).limit(SIZE);
  private boolean direct;

  /** A stream to an empty file; closing the stream does not close the file. */
  public DirectOutput(Fd fd) {
    this.fd = fd;
    this.flags = Linux.getFlags(fd.number());
    this.direct = flags >= 0 && Linux.setFlags(fd.number(), flags | Linux.O_DIRECT) >= 0;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    int done = 0;
    while (done < length) {
      int n = Math.min(length - done, buffer.remaining());
      buffer.put(bytes, offset + done, n);
      done += n;
      if (!buffer.hasRemaining()) {
        drain();
      }
    }
  }

  @Override
  public void flush() throws IOException {
    if (buffer.position() % ALIGNMENT != 0) {
      useCache();
    }
    drain();
    useCache();
  }

  private void drain() throws KernelException {
    int done = 0;
    while (done < buffer.position()) {
      int n = Linux.writeDirect(fd.number(), buffer, done, buffer.position() - done);
      boolean refused = direct && n == -Errno.EINVAL.number();
      if (refused || direct && n % ALIGNMENT != 0) {
        useCache();
      }
      done += refused ? 0 : KernelException.check(n, "write", fd.name());
    }
    buffer.clear().limit(SIZE);
  }

  private void useCache() throws KernelException {
    if (direct) {
      direct = false;
      KernelException.check(Linux.setFlags(fd.number(), flags), "fcntl F_SETFL", fd.name());
    }
  }
}
