package dev.mydocker.kernel;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What statx(2) tells about a file.
 *
 * @param mode type and permission bits, as in inode(7)
 * @param nlink number of hard links
 * @param uid owner
 * @param gid group
 * @param size bytes
 * @param inode inode number
 * @param device the file system's device, major &lt;&lt; 32 | minor
 * @param rdevMajor for a device node, its major number
 * @param rdevMinor for a device node, its minor number
 * @param mtimeSec modification time, seconds since the epoch
 * @param mtimeNsec its nanoseconds
 * @param mountId the mount the file is on (STATX_MNT_ID, Linux 5.8)
 */
public record Stat(
    int mode,
    long nlink,
    int uid,
    int gid,
    long size,
    long inode,
    long device,
    int rdevMajor,
    int rdevMinor,
    long mtimeSec,
    long mtimeNsec,
    long mountId) {

  /** Number of values {@link Linux#statx} fills in. */
  static final int FIELDS = 12;

  /** The file at {@code path} under {@code dirfd}; a final symbolic link is not followed. */
  public static Stat of(int dirfd, byte[] path) throws KernelException {
    long[] v = new long[FIELDS];
    int flags = Linux.AT_SYMLINK_NOFOLLOW | (path.length == 0 ? Linux.AT_EMPTY_PATH : 0);
    KernelException.check(Linux.statx(dirfd, path, flags, v), "statx", path);
    return from(v);
  }

  /** {@link #of(int, byte[])}, or empty when there is no such file. */
  static Optional<Stat> find(int dirfd, byte[] path) throws KernelException {
    long[] v = new long[FIELDS];
    int n = Linux.statx(dirfd, path, Linux.AT_SYMLINK_NOFOLLOW, v);
    if (n == -Errno.ENOENT.number()) {
      return Optional.empty();
    }
    KernelException.check(n, "statx", path);
    return Optional.of(from(v));
  }

  private static Stat from(long[] v) {
    return new Stat(
        (int) v[0],
        v[1],
        (int) v[2],
        (int) v[3],
        v[4],
        v[5],
        v[6],
        (int) v[7],
        (int) v[8],
        v[9],
        v[10],
        v[11]);
  }

  /** The open file itself. */
  public static Stat of(Fd fd) throws KernelException {
    return of(fd.number(), new byte[0]);
  }

  /** The file at an absolute path of this host that the engine owns. */
  public static Stat of(String path) throws KernelException {
    return of(Linux.AT_FDCWD, path.getBytes(StandardCharsets.UTF_8));
  }

  /** The type bits of {@link #mode}: one of {@code Linux.S_IF*}. */
  public int type() {
    return mode & Linux.S_IFMT;
  }

  public boolean isDirectory() {
    return type() == Linux.S_IFDIR;
  }

  public boolean isRegular() {
    return type() == Linux.S_IFREG;
  }

  public boolean isSymlink() {
    return type() == Linux.S_IFLNK;
  }
}
