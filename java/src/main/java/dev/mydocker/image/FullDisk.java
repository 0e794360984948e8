package dev.mydocker.image;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.nio.file.Path;

/** What a user is told when the disk that the images are on has no room left. */
final class FullDisk {
  private FullDisk() {}

  /** A failure below the state root; it says where to make room when that is what was lacking. */
  static IOException told(IOException failure, Path root) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof KernelException e) {
        boolean full = e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT;
        return full
            ? new IOException(failure.getMessage() + ": make room in " + root, failure)
            : failure;
      }
    }
    return failure;
  }
}
