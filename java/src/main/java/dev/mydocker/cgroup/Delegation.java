package dev.mydocker.cgroup;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The cgroup that was delegated to this user: cgroups(7), "Delegation of a hierarchy to a less
 * privileged user". Only of version 2 is that safe, and only where it stands alone.
 *
 * <p>It is the uppermost one above this process's own that the user owns and in which no process
 * is: so that a process may be moved from here to anywhere below it, and controllers can be handed
 * down in it. With systemd that is the user's manager's, for whatever runs under it.
 */
final class Delegation {
  private static final List<String> FILES = List.of("cgroup.procs", "cgroup.subtree_control");

  private Delegation() {}

  /**
   * Its path below the hierarchy's mount.
   *
   * @param root put in front of each path that is read
   * @param mount where the hierarchy is mounted
   * @param own the lines of /proc/self/cgroup
   */
  static Optional<String> find(String root, String mount, String own) throws IOException {
    for (String line : MountTable.lines(own)) {
      if (line.startsWith("0::/")) {
        String path = line.substring("0::".length());
        for (int end = 0; (end = path.indexOf('/', end + 1)) > 0; ) {
          String above = path.substring(0, end);
          if (isOwned(root + mount + above) && isEmpty(root + mount + above)) {
            return Optional.of(above);
          }
        }
      }
    }
    return Optional.empty();
  }

  /** Whether this user owns a cgroup, and what delegates it. */
  static boolean isOwned(String directory) throws KernelException {
    int user = Linux.geteuid();
    Optional<Fd> opened = CgroupFile.findDirectory(Linux.AT_FDCWD, CgroupFile.bytes(directory));
    if (opened.isEmpty()) {
      return false;
    }
    try (Fd fd = opened.get()) {
      if (Stat.of(fd).uid() != user) {
        return false;
      }
      for (String name : FILES) {
        byte[] path = CgroupFile.bytes(name);
        try (Fd file = CgroupFile.open(fd.number(), path, Linux.O_PATH)) {
          if (Stat.of(file).uid() != user) {
            return false;
          }
        }
      }
      return true;
    } catch (KernelException e) {
      return false;
    }
  }

  /** The kernel hands no controller down in a cgroup with processes, cgroups(7). */
  private static boolean isEmpty(String directory) throws KernelException {
    return CgroupFile.find(directory + "/cgroup.procs").orElse("").isBlank();
  }
}
