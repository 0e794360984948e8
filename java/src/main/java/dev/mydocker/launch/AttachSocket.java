package dev.mydocker.launch;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The socket {@code attach} in a container's run directory, at which its monitor accepts clients:
 * mode 0600 in a directory of mode 0700, so it is its owner's alone.
 *
 * <p>It is named through a descriptor of the directory, as unix(7) allows a name 107 bytes.
 */
public final class AttachSocket {
  private static final byte[] NAME = "attach".getBytes(StandardCharsets.US_ASCII);

  private AttachSocket() {}

  /** Makes it, in place of one that is there already. */
  public static Fd listen(Path runDirectory) throws KernelException {
    try (Directory directory = Directory.open(runDirectory)) {
      int n = Linux.unlinkat(directory.fd().number(), NAME, 0);
      if (n != -Errno.ENOENT.number()) {
        KernelException.check(n, "unlinkat", runDirectory + "/attach");
      }
      return Fd.of(Linux.listenUnix(within(directory)), "bind", runDirectory + "/attach");
    }
  }

  /**
   * Connects to it.
   *
   * @throws KernelException ENOENT or ECONNREFUSED when no monitor is there
   */
  static Fd connect(Path runDirectory) throws KernelException {
    try (Directory directory = Directory.open(runDirectory)) {
      return Fd.of(Linux.connectUnix(within(directory)), "connect", runDirectory + "/attach");
    }
  }

  private static byte[] within(Directory directory) {
    String path = "/proc/self/fd/" + directory.fd().number() + "/attach";
    return path.getBytes(StandardCharsets.US_ASCII);
  }
}
