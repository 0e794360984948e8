package dev.mydocker.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** Reads a descriptor by read(2). */
final class FdInput extends InputStream {
  private final Fd fd;

  FdInput(Fd fd) {
    this.fd = fd;
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
    int n =
        KernelException.check(Linux.read(fd.number(), buffer, offset, length), "read", fd.name());
    return n == 0 ? -1 : n;
  }
}
