package dev.mydocker.image;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.Set;

/** What hostile input may be answered with. */
final class Refusal {
  /**
   * What a file system says to names, sizes, attributes and nodes that it does not take. Any other
   * error would mean that the unpacker does not know what it has unpacked, or was elsewhere.
   */
  private static final Set<Errno> FROM_FILE_SYSTEM =
      Set.of(
          Errno.ENAMETOOLONG,
          Errno.ENOSPC,
          Errno.EINVAL,
          Errno.E2BIG,
          Errno.ERANGE,
          Errno.EFBIG,
          Errno.EMLINK,
          Errno.EPERM,
          Errno.EOPNOTSUPP);

  private Refusal() {}

  /** Throws unless it is a refusal on one line, or the file system's. */
  static void check(IOException answer) {
    boolean image = answer instanceof ImageException;
    boolean kernel = answer instanceof KernelException e && FROM_FILE_SYSTEM.contains(e.errno());
    boolean line = answer.getMessage().chars().noneMatch(Character::isISOControl);
    if (!image && !kernel || !line) {
      throw new AssertionError("no answer to hostile input: " + answer, answer);
    }
  }
}
