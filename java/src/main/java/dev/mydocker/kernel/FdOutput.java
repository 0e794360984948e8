package dev.mydocker.kernel;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** Writes a descriptor by write(2), whole buffers. */
final class FdOutput extends OutputStream {
  private final Fd fd;

  FdOutput(Fd fd) {
    this.fd = fd;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    int done = 0;
    while (done < length) {
      done +=
          KernelException.check(
              Linux.write(fd.number(), buffer, offset + done, length - done), "write", fd.name());
    }
  }
}
