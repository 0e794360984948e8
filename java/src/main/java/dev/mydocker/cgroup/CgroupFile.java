package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Files and directories of the cgroup file system, with as few system calls as there can be: a
 * launch makes and removes dozens of them.
 */
final class CgroupFile {
  private static final int BUFFER = 4096;
  private static final int DIRENT_LENGTH = 16;
  private static final int DIRENT_TYPE = 18;
  private static final int DIRENT_NAME = 19;
  private static final byte DT_DIR = 4;

  private CgroupFile() {}

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static boolean is(int result, Errno errno) {
    return result == -errno.number();
  }

  /** A file or directory at {@code path} below {@code dirfd}. */
  static Fd open(int dirfd, byte[] path, int flags) throws KernelException {
    int n = Linux.openat2(dirfd, path, flags, 0, 0);
    if (n < 0) {
      throw new KernelException("openat2", KernelException.printable(path), -n);
    }
    return Fd.of(n, "openat2", "");
  }

  /** A directory, or empty when it is not there. */
  static Optional<Fd> findDirectory(int dirfd, byte[] path) throws KernelException {
    int n = Linux.openat2(dirfd, path, Linux.O_RDONLY | Linux.O_DIRECTORY, 0, 0);
    if (is(n, Errno.ENOENT) || is(n, Errno.ENODEV)) {
      return Optional.empty();
    }
    KernelException.check(n, "openat2", path);
    return Optional.of(Fd.of(n, "openat2", ""));
  }

  static boolean exists(String path) {
    int n = Linux.openat2(Linux.AT_FDCWD, bytes(path), Linux.O_PATH, 0, 0);
    if (n >= 0) {
      Linux.close(n);
    }
    return n >= 0;
  }

  /** Writes a file in one write(2), as the kernel demands here: 0 or {@code -errno}. */
  static int write(int dirfd, byte[] path, byte[] value) {
    int fd = Linux.openat2(dirfd, path, Linux.O_WRONLY, 0, 0);
    if (fd < 0) {
      return fd;
    }
    int n = Linux.write(fd, value, 0, value.length);
    Linux.close(fd);
    return Math.min(n, 0);
  }

  /** The text of a file; empty when the file, or what it belongs to, is not there (any more). */
  static Optional<String> find(int dirfd, byte[] path) throws KernelException {
    int n = Linux.openat2(dirfd, path, Linux.O_RDONLY, 0, 0);
    if (n >= 0) {
      try (Fd fd = Fd.of(n, "openat2", "")) {
        return Optional.of(text(fd.number(), path));
      } catch (KernelException e) {
        // ENODEV: the cgroup was removed after the open.
        n = -e.errno().number();
      }
    }
    if (is(n, Errno.ENOENT) || is(n, Errno.ENODEV)) {
      return Optional.empty();
    }
    throw new KernelException("read", KernelException.printable(path), -n);
  }

  static Optional<String> find(String path) throws KernelException {
    return find(Linux.AT_FDCWD, bytes(path));
  }

  /** All that can be read from here on, without white space at its ends. */
  static String text(int fd, byte[] path) throws KernelException {
    byte[] buffer = new byte[BUFFER];
    int length = 0;
    while (true) {
      int n = Linux.read(fd, buffer, length, buffer.length - length);
      KernelException.check(n, "read", path);
      if (n == 0) {
        return new String(buffer, 0, length, StandardCharsets.UTF_8).strip();
      }
      length += n;
      if (length == buffer.length) {
        buffer = Arrays.copyOf(buffer, 2 * length);
      }
    }
  }

  /** The cgroups directly below an open one. A container chose the names: they are bytes. */
  static List<byte[]> children(Fd directory) throws KernelException {
    List<byte[]> names = new ArrayList<>();
    ByteBuffer records = ByteBuffer.allocate(BUFFER).order(ByteOrder.nativeOrder());
    while (true) {
      int n = Linux.getdents64(directory.number(), records.array());
      KernelException.check(n, "getdents64", directory.name());
      if (n == 0) {
        return names;
      }
      for (int at = 0; at < n; at += records.getShort(at + DIRENT_LENGTH) & 0xffff) {
        byte[] name = nameAt(records.array(), at + DIRENT_NAME);
        if (records.get(at + DIRENT_TYPE) == DT_DIR && !isDots(name)) {
          names.add(name);
        }
      }
    }
  }

  private static byte[] nameAt(byte[] records, int start) {
    int end = start;
    while (records[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(records, start, end);
  }

  private static boolean isDots(byte[] name) {
    return name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
  }

  /**
   * Removes a cgroup and those below it, the deepest first.
   *
   * @return 0, also when it is not there; else {@code -errno}: EBUSY while a process is in one
   */
  static int removeTree(int dirfd, byte[] path) throws KernelException {
    int n = Linux.unlinkat(dirfd, path, Linux.AT_REMOVEDIR);
    if (is(n, Errno.ENOENT)) {
      return 0;
    }
    if (!is(n, Errno.EBUSY)) {
      return n;
    }
    Optional<Fd> opened = findDirectory(dirfd, path);
    if (opened.isEmpty()) {
      return 0;
    }
    try (Fd directory = opened.get()) {
      for (byte[] child : children(directory)) {
        removeTree(directory.number(), child);
      }
    }
    n = Linux.unlinkat(dirfd, path, Linux.AT_REMOVEDIR);
    return is(n, Errno.ENOENT) ? 0 : n;
  }
}
