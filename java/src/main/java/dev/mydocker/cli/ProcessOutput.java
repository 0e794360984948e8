package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Output;

/** A container's output on descriptors 1 and 2 of this process, byte by byte as it came. */
final class ProcessOutput implements Output {

  @Override
  public void stdout(byte[] buffer, int offset, int length) throws KernelException {
    write(1, "the standard output", buffer, offset, length);
  }

  @Override
  public void stderr(byte[] buffer, int offset, int length) throws KernelException {
    write(2, "the standard error", buffer, offset, length);
  }

  private static void write(int fd, String name, byte[] buffer, int offset, int length)
      throws KernelException {
    int done = 0;
    while (done < length) {
      int n = Linux.write(fd, buffer, offset + done, length - done);
      if (n == -Errno.EAGAIN.number()) {
        waitWritable(fd, name);
      } else {
        done += KernelException.check(n, "write", name);
      }
    }
  }

  /** The descriptor was left non-blocking by whoever shares it (a shell's pipe partner). */
  private static void waitWritable(int fd, String name) throws KernelException {
    int n = Linux.poll(new int[] {fd}, new short[] {Linux.POLLOUT}, new short[1], -1);
    if (n != -Errno.EINTR.number()) {
      KernelException.check(n, "poll", name);
    }
  }
}
