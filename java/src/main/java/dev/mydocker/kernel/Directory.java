package dev.mydocker.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * An open directory of a tree nobody trusts (a layer, a container's root, a volume), and the only
 * way this engine touches what lies beneath such a directory.
 *
 * <p>There are two ways down. A <em>name</em> is one component; the call acts on that entry itself
 * and follows no link. A <em>path</em> may have several components and is resolved by the kernel:
 * {@link Resolve#BENEATH} refuses every symbolic link and every {@code ..} that leaves, {@link
 * Resolve#IN_ROOT} follows links as if this directory were the root of the file system. Neither
 * crosses a mount, as their {@code MOUNTED} kinds do; none takes a magic link of /proc. The
 * descriptor so obtained is then used; no path is ever resolved twice.
 *
 * <p>Not safe for closing in one thread while another uses it. See openat2(2).
 */
public final class Directory implements AutoCloseable {

  /** How a path of several components is walked. */
  public enum Resolve {
    /** No symbolic link anywhere, and nothing above the directory: ELOOP or EXDEV. */
    BENEATH(Linux.RESOLVE_BENEATH | Linux.RESOLVE_NO_SYMLINKS | Linux.RESOLVE_NO_XDEV),
    /** The same for a tree whose mounts are part of it. */
    MOUNTED_BENEATH(Linux.RESOLVE_BENEATH | Linux.RESOLVE_NO_SYMLINKS),
    /** Links are followed with this directory as the root: {@code /} and {@code ..} stay inside. */
    IN_ROOT(Linux.RESOLVE_IN_ROOT | Linux.RESOLVE_NO_XDEV),
    /** The same for the root of a running container, whose mounts are part of what it shows. */
    IN_MOUNTED_ROOT(Linux.RESOLVE_IN_ROOT);

    private final long flags;

    Resolve(long flags) {
      this.flags = flags | Linux.RESOLVE_NO_MAGICLINKS;
    }

    private Resolve withoutLinks() {
      return switch (this) {
        case BENEATH, IN_ROOT -> BENEATH;
        case MOUNTED_BENEATH, IN_MOUNTED_ROOT -> MOUNTED_BENEATH;
      };
    }
  }

  /**
   * An entry of a directory.
   *
   * @param name one component, any bytes but NUL and slash
   * @param inode its inode number
   */
  public record Entry(byte[] name, long inode) {}

  private static final byte[] SELF = {'.'};
  private static final int LIST_BUFFER = 4 * 1024;
  private static final int DIRENT_NAME = 19;

  /** With the NUL at its end; see limits.h. */
  private static final int PATH_MAX = 4096;

  private static final int XATTR_MAX = 65536;
  private static final int MAX_OPEN_DEPTH = 128;

  private final Fd fd;

  private Directory(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens a directory of the engine's own state, whose path is trusted.
   *
   * @throws KernelException ENOENT, ENOTDIR, or ELOOP when the last component is a link
   */
  public static Directory open(Path trusted) throws KernelException {
    byte[] path = trusted.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8);
    int flags = Linux.O_PATH | Linux.O_DIRECTORY | Linux.O_NOFOLLOW;
    int n = Linux.openat2(Linux.AT_FDCWD, path, flags, 0, Linux.RESOLVE_NO_MAGICLINKS);
    return new Directory(Fd.of(n, "openat2", trusted.toString()));
  }

  /** Takes a descriptor that is a directory, and owns it from now on. */
  public static Directory of(Fd fd) {
    return new Directory(fd);
  }

  /** The descriptor (O_PATH), owned by this object. */
  public Fd fd() {
    return fd;
  }

  /** A directory beneath this one; the empty path and {@code .} are this directory itself. */
  public Directory openDirectory(byte[] path, Resolve resolve) throws KernelException {
    return new Directory(Fd.of(descend(path, resolve), "openat2", KernelException.printable(path)));
  }

  /** {@link #openDirectory}, or empty when the path or a part of it does not exist. */
  public Optional<Directory> findDirectory(byte[] path, Resolve resolve) throws KernelException {
    int n = descend(path, resolve);
    if (n == -Errno.ENOENT.number()) {
      return Optional.empty();
    }
    return Optional.of(new Directory(Fd.of(n, "openat2", KernelException.printable(path))));
  }

  /**
   * Opens a directory. A path that is longer than the kernel takes is walked in pieces: no name can
   * lead there, so the links in the pieces after the first are followed by nobody.
   */
  private int descend(byte[] path, Resolve resolve) {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    int end = pieceEnd(path, 0);
    int n = Linux.openat2(fd.number(), orSelf(piece(path, 0, end)), flags, 0, resolve.flags);
    while (n >= 0 && end < path.length) {
      int start = end + 1;
      end = pieceEnd(path, start);
      int next =
          Linux.openat2(n, orSelf(piece(path, start, end)), flags, 0, resolve.withoutLinks().flags);
      Linux.close(n);
      n = next;
    }
    return n;
  }

  private static byte[] piece(byte[] path, int start, int end) {
    return end - start == path.length ? path : Arrays.copyOfRange(path, start, end);
  }

  /** The last slash before a piece would be too long, or the path's end. */
  private static int pieceEnd(byte[] path, int start) {
    int end = path.length;
    if (end - start >= PATH_MAX) {
      end = start + PATH_MAX - 1;
      while (end > start && path[end] != '/') {
        end--;
      }
    }
    // A name of more than a path's length: the kernel is to refuse it.
    return end == start ? path.length : end;
  }

  /**
   * {@link #openDirectory} of one whose missing parts are made, with mode 0755 less the umask.
   *
   * @param path begins with a name
   * @throws KernelException EEXIST when a link leads to what is not there
   */
  public Directory makeDirectories(byte[] path, Resolve resolve) throws KernelException {
    Optional<Directory> there = findDirectory(path, resolve);
    if (there.isPresent()) {
      return there.get();
    }
    Directory at = openDirectory(SELF, resolve);
    try {
      int end = 0;
      while (end < path.length) {
        int start = end == 0 ? 0 : end + 1;
        end = start;
        while (end < path.length && path[end] != '/') {
          end++;
        }
        byte[] whole = Arrays.copyOf(path, end);
        Optional<Directory> next = findDirectory(whole, resolve);
        if (next.isEmpty()) {
          at.mkdir(Arrays.copyOfRange(path, start, end), 0755);
          next = Optional.of(openDirectory(whole, resolve));
        }
        at.close();
        at = next.get();
      }
      return at;
    } catch (KernelException e) {
      at.close();
      throw e;
    }
  }

  /**
   * Opens a path. The descriptor carries no name: a layer has many files, and the caller knows
   * which one it opened.
   *
   * @param flags {@code Linux.O_*}; the open never becomes a controlling terminal
   * @param mode permission bits for O_CREAT
   */
  public Fd open(byte[] path, int flags, int mode, Resolve resolve) throws KernelException {
    int all = (flags & Linux.O_PATH) != 0 ? flags : flags | Linux.O_NOCTTY;
    int n = Linux.openat2(fd.number(), orSelf(path), all, mode, resolve.flags);
    if (n < 0) {
      throw new KernelException("openat2", KernelException.printable(path), -n);
    }
    return Fd.of(n, "openat2", "");
  }

  /**
   * Opens an existing regular file for reading. A fifo or device is refused without being opened,
   * so that nothing blocks and no driver is touched.
   *
   * @throws KernelException EINVAL when it is not a regular file
   */
  public Fd openRegular(byte[] path, Resolve resolve) throws KernelException {
    try (Fd found = open(path, Linux.O_PATH, 0, resolve)) {
      if (!Stat.of(found).isRegular()) {
        throw failure("openat2", path, Errno.EINVAL);
      }
      int n = Linux.openat2(Linux.AT_FDCWD, selfPath(found.number()), Linux.O_RDONLY, 0, 0);
      return Fd.of(n, "openat2", KernelException.printable(path));
    }
  }

  /** Creates a regular file that was not there, mode 0600, for writing; EEXIST otherwise. */
  public Fd create(byte[] name) throws KernelException {
    return create(name, 0600);
  }

  /** {@link #create(byte[])} with permission bits, which the process's umask reduces. */
  public Fd create(byte[] name, int mode) throws KernelException {
    requireName("openat2", name);
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL | Linux.O_NOFOLLOW | Linux.O_NOCTTY;
    int n = Linux.openat2(fd.number(), name, flags, mode, Resolve.BENEATH.flags);
    return Fd.of(n, "openat2", KernelException.printable(name));
  }

  /** mkdirat(2); {@code mode} is reduced by the process's umask. */
  public void mkdir(byte[] name, int mode) throws KernelException {
    requireName("mkdirat", name);
    KernelException.check(Linux.mkdirat(fd.number(), name, mode), "mkdirat", name);
  }

  /** mknodat(2): a device, fifo or socket; {@code mode} includes the type bits. */
  public void mknod(byte[] name, int mode, int major, int minor) throws KernelException {
    requireName("mknodat", name);
    KernelException.check(Linux.mknodat(fd.number(), name, mode, major, minor), "mknodat", name);
  }

  /** symlinkat(2): {@code target} is any text and is not looked at. */
  public void symlink(byte[] name, byte[] target) throws KernelException {
    requireName("symlinkat", name);
    KernelException.check(Linux.symlinkat(target, fd.number(), name), "symlinkat", name);
  }

  /** linkat(2): {@code name} becomes another name of {@code from/existing}; links stay links. */
  public void hardlink(byte[] name, Directory from, byte[] existing) throws KernelException {
    requireName("linkat", name);
    requireName("linkat", existing);
    KernelException.check(
        Linux.linkat(from.fd.number(), existing, fd.number(), name, 0), "linkat", name);
  }

  /** unlinkat(2) of anything but a directory. */
  public void unlink(byte[] name) throws KernelException {
    requireName("unlinkat", name);
    KernelException.check(Linux.unlinkat(fd.number(), name, 0), "unlinkat", name);
  }

  /** unlinkat(2) of an empty directory. */
  public void rmdir(byte[] name) throws KernelException {
    requireName("unlinkat", name);
    KernelException.check(Linux.unlinkat(fd.number(), name, Linux.AT_REMOVEDIR), "unlinkat", name);
  }

  /**
   * renameat2(2) of {@code name} to {@code newName} in {@code to}.
   *
   * @param flags 0, {@code Linux.RENAME_NOREPLACE} or {@code Linux.RENAME_EXCHANGE}
   */
  public void rename(byte[] name, Directory to, byte[] newName, int flags) throws KernelException {
    requireName("renameat2", name);
    requireName("renameat2", newName);
    KernelException.check(
        Linux.renameat2(fd.number(), name, to.fd.number(), newName, flags), "renameat2", name);
  }

  /**
   * Removes an entry and everything beneath it. It follows no link and leaves no mount: a mount
   * point below is an error, and what is mounted there stays whole. An absent entry is success.
   *
   * @throws KernelException EXDEV or EBUSY when something is mounted below
   */
  public void removeTree(byte[] name) throws KernelException {
    requireName("unlinkat", name);
    Deque<byte[]> pending = new ArrayDeque<>();
    pending.add(name);
    while (!pending.isEmpty()) {
      remove(this, pending.remove(), 0, pending);
    }
  }

  /**
   * One entry of {@code parent}, recursively. A tree deeper than its share of descriptors and stack
   * is cut: the deep directory is renamed into this directory and waits in {@code pending}.
   */
  private void remove(Directory parent, byte[] name, int depth, Deque<byte[]> pending)
      throws KernelException {
    int n = Linux.unlinkat(parent.fd.number(), name, 0);
    if (n >= 0 || n == -Errno.ENOENT.number()) {
      return;
    }
    if (n != -Errno.EISDIR.number() && n != -Errno.EPERM.number()) {
      throw new KernelException("unlinkat", KernelException.printable(name), -n);
    }
    try (Directory directory = parent.openDirectory(name, Resolve.BENEATH)) {
      for (Entry entry : directory.list()) {
        if (depth < MAX_OPEN_DEPTH) {
          remove(directory, entry.name(), depth + 1, pending);
        } else {
          byte[] moved = ascii(".removing-" + entry.inode());
          directory.rename(entry.name(), this, moved, Linux.RENAME_NOREPLACE);
          pending.add(moved);
        }
      }
    }
    parent.rmdir(name);
  }

  /** The entries of this directory without {@code .} and {@code ..}, in the kernel's order. */
  public List<Entry> list() throws KernelException {
    List<Entry> entries = new ArrayList<>();
    byte[] buffer = new byte[LIST_BUFFER];
    try (Fd readable = open(SELF, Linux.O_RDONLY | Linux.O_DIRECTORY, 0, Resolve.BENEATH)) {
      while (true) {
        int n = Linux.getdents64(readable.number(), buffer);
        KernelException.check(n, "getdents64", fd.name());
        if (n == 0) {
          return entries;
        }
        parseEntries(buffer, n, entries);
      }
    }
  }

  /** Reads {@code struct linux_dirent64} records; see getdents(2). */
  static void parseEntries(byte[] buffer, int length, List<Entry> into) {
    ByteBuffer records = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
    int at = 0;
    while (at + DIRENT_NAME < length) {
      int size = records.getShort(at + 16) & 0xffff;
      int end = at + DIRENT_NAME;
      while (end < at + size && buffer[end] != 0) {
        end++;
      }
      byte[] name = Arrays.copyOfRange(buffer, at + DIRENT_NAME, end);
      if (!isDots(name)) {
        into.add(new Entry(name, records.getLong(at)));
      }
      at += size;
    }
  }

  /** What is known about an entry; a link is not followed. */
  public Stat stat(byte[] name) throws KernelException {
    requireName("statx", name);
    return Stat.of(fd.number(), name);
  }

  /** {@link #stat}, or empty when there is no such entry. */
  public Optional<Stat> find(byte[] name) throws KernelException {
    requireName("statx", name);
    return Stat.find(fd.number(), name);
  }

  /** What is known about this directory. */
  public Stat stat() throws KernelException {
    return Stat.of(fd);
  }

  /** The text of a symbolic link; EINVAL when the entry is none. */
  public byte[] readlink(byte[] name) throws KernelException {
    requireName("readlinkat", name);
    byte[] text = new byte[4096];
    int n = KernelException.check(Linux.readlinkat(fd.number(), name, text), "readlinkat", name);
    return Arrays.copyOf(text, n);
  }

  /**
   * Where this directory is, from the root of its mount when that is attached nowhere. A name for
   * comparing and for messages, never to be opened.
   */
  public byte[] path() throws KernelException {
    byte[] text = new byte[4096];
    int n = Linux.readlinkat(Linux.AT_FDCWD, selfPath(fd.number()), text);
    return Arrays.copyOf(text, KernelException.check(n, "readlinkat", fd.name()));
  }

  /** Sets the owner of an entry, of a link itself when it is one; -1 leaves an id as it is. */
  public void chown(byte[] name, int uid, int gid) throws KernelException {
    requireName("fchownat", name);
    int flags = Linux.AT_SYMLINK_NOFOLLOW;
    KernelException.check(Linux.fchownat(fd.number(), name, uid, gid, flags), "fchownat", name);
  }

  /** Sets the owner of this directory. */
  public void chown(int uid, int gid) throws KernelException {
    int n = Linux.fchownat(fd.number(), new byte[0], uid, gid, Linux.AT_EMPTY_PATH);
    KernelException.check(n, "fchownat", fd.name());
  }

  /**
   * Sets the permission bits of an entry that is not a symbolic link.
   *
   * @throws KernelException ELOOP for a symbolic link, which has no mode
   */
  public void chmod(byte[] name, int mode) throws KernelException {
    requireName("fchmodat", name);
    try (Fd entry = open(name, Linux.O_PATH | Linux.O_NOFOLLOW, 0, Resolve.BENEATH)) {
      chmod(entry, mode, KernelException.printable(name));
    }
  }

  /** Sets the permission bits of this directory. */
  public void chmod(int mode) throws KernelException {
    chmod(fd, mode, fd.name());
  }

  /** fchmod(2) refuses an O_PATH descriptor; its /proc link names exactly the same file. */
  private static void chmod(Fd target, int mode, String name) throws KernelException {
    KernelException.check(
        Linux.fchmodat(Linux.AT_FDCWD, selfPath(target.number()), mode), "fchmodat", name);
  }

  /**
   * Sets access and modification time of an entry, of a link itself when it is one.
   *
   * @param atimeSec seconds since the epoch
   * @param atimeNsec its nanoseconds, 0 to 999,999,999
   */
  public void setTimes(byte[] name, long atimeSec, long atimeNsec, long mtimeSec, long mtimeNsec)
      throws KernelException {
    requireName("utimensat", name);
    setTimesOf(name, atimeSec, atimeNsec, mtimeSec, mtimeNsec);
  }

  /** Sets the times of this directory. */
  public void setTimes(long atimeSec, long atimeNsec, long mtimeSec, long mtimeNsec)
      throws KernelException {
    setTimesOf(SELF, atimeSec, atimeNsec, mtimeSec, mtimeNsec);
  }

  private void setTimesOf(byte[] name, long asec, long ansec, long msec, long mnsec)
      throws KernelException {
    int flags = Linux.AT_SYMLINK_NOFOLLOW;
    int n = Linux.utimensat(fd.number(), name, asec, ansec, msec, mnsec, flags);
    KernelException.check(n, "utimensat", name);
  }

  /** Sets an extended attribute of an entry, of a link itself when it is one; see xattr(7). */
  public void setXattr(byte[] name, byte[] attribute, byte[] value) throws KernelException {
    requireName("lsetxattr", name);
    KernelException.check(
        Linux.lsetxattr(beneathSelf(name), attribute, value, 0), "lsetxattr", name);
  }

  /** Sets an extended attribute of this directory. */
  public void setXattr(byte[] attribute, byte[] value) throws KernelException {
    KernelException.check(
        Linux.lsetxattr(beneathSelf(SELF), attribute, value, 0), "lsetxattr", fd.name());
  }

  /** An extended attribute of an entry, of a link itself; empty when it has none of that name. */
  public Optional<byte[]> getXattr(byte[] name, byte[] attribute) throws KernelException {
    requireName("lgetxattr", name);
    return getXattrOf(name, attribute);
  }

  /** An extended attribute of this directory; empty when it has none of that name. */
  public Optional<byte[]> getXattr(byte[] attribute) throws KernelException {
    return getXattrOf(SELF, attribute);
  }

  private Optional<byte[]> getXattrOf(byte[] name, byte[] attribute) throws KernelException {
    byte[] path = beneathSelf(name);
    int size = Linux.lgetxattr(path, attribute, new byte[0]);
    if (size == -Errno.ENODATA.number() || size == -Errno.EOPNOTSUPP.number()) {
      return Optional.empty();
    }
    byte[] value = new byte[KernelException.check(size, "lgetxattr", name)];
    if (value.length > 0) {
      int n = KernelException.check(Linux.lgetxattr(path, attribute, value), "lgetxattr", name);
      value = Arrays.copyOf(value, Math.min(n, value.length));
    }
    return Optional.of(value);
  }

  /** The names of an entry's extended attributes, of a link's own when it is one. */
  public List<byte[]> listXattrs(byte[] name) throws KernelException {
    requireName("llistxattr", name);
    return listXattrsOf(name);
  }

  /** The names of this directory's extended attributes. */
  public List<byte[]> listXattrs() throws KernelException {
    return listXattrsOf(SELF);
  }

  private List<byte[]> listXattrsOf(byte[] name) throws KernelException {
    byte[] path = beneathSelf(name);
    // Most files have none, and a buffer for the largest list costs more than the call.
    int n = Linux.llistxattr(path, new byte[0]);
    if (n == 0 || n == -Errno.EOPNOTSUPP.number()) {
      return List.of();
    }
    byte[] names = new byte[XATTR_MAX];
    n = Linux.llistxattr(path, names);
    KernelException.check(n, "llistxattr", name);
    List<byte[]> result = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < n; i++) {
      if (names[i] == 0) {
        result.add(Arrays.copyOfRange(names, start, i));
        start = i + 1;
      }
    }
    return result;
  }

  /** fsync(2) of this directory: its entries are on disk when this returns. */
  public void fsync() throws KernelException {
    try (Fd readable = open(SELF, Linux.O_RDONLY | Linux.O_DIRECTORY, 0, Resolve.BENEATH)) {
      KernelException.check(Linux.fsync(readable.number()), "fsync", fd.name());
    }
  }

  /** syncfs(2): everything written to this directory's file system is on disk. */
  public void syncFileSystem() throws KernelException {
    try (Fd readable = open(SELF, Linux.O_RDONLY | Linux.O_DIRECTORY, 0, Resolve.BENEATH)) {
      KernelException.check(Linux.syncfs(readable.number()), "syncfs", fd.name());
    }
  }

  /**
   * Tries to take an exclusive flock(2) on a directory entry; it lasts until the given descriptor
   * is closed or its process dies.
   *
   * @return the descriptor that holds the lock, or empty when somebody else holds it
   */
  public Optional<Fd> tryLock(byte[] name) throws KernelException {
    requireName("flock", name);
    int flags = Linux.O_RDONLY | Linux.O_DIRECTORY | Linux.O_NOFOLLOW;
    return tryLock(open(name, flags, 0, Resolve.BENEATH), KernelException.printable(name));
  }

  /** {@link #tryLock(byte[])} of this directory. */
  public Optional<Fd> tryLock() throws KernelException {
    int flags = Linux.O_RDONLY | Linux.O_DIRECTORY;
    return tryLock(open(SELF, flags, 0, Resolve.BENEATH), fd.name());
  }

  private static Optional<Fd> tryLock(Fd lock, String name) throws KernelException {
    int n = Linux.flock(lock.number(), Linux.LOCK_EX | Linux.LOCK_NB);
    if (n >= 0) {
      return Optional.of(lock);
    }
    lock.close();
    if (n == -Errno.EAGAIN.number()) {
      return Optional.empty();
    }
    throw new KernelException("flock", name, -n);
  }

  /** Waits for the exclusive flock(2) of this directory; closing the result gives it up. */
  public Fd lock() throws KernelException {
    Fd lock = open(SELF, Linux.O_RDONLY | Linux.O_DIRECTORY, 0, Resolve.BENEATH);
    int n = Linux.flock(lock.number(), Linux.LOCK_EX);
    if (n < 0) {
      lock.close();
      throw new KernelException("flock", fd.name(), -n);
    }
    return lock;
  }

  /**
   * Reads a whole regular file of at most {@code limit} bytes.
   *
   * @throws KernelException EINVAL when it is not a regular file, EFBIG when it is longer
   */
  public byte[] read(byte[] path, Resolve resolve, int limit) throws IOException {
    try (Fd file = openRegular(path, resolve)) {
      byte[] content = file.input().readNBytes(limit);
      if (content.length == limit && file.input().read() >= 0) {
        throw failure("read", path, Errno.EFBIG);
      }
      return content;
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return fd.toString();
  }

  /** Calls that take a dirfd would resolve a slash or {@code ..} themselves, outside any check. */
  private static void requireName(String call, byte[] name) throws KernelException {
    boolean bad = name.length == 0 || isDots(name);
    for (byte b : name) {
      bad |= b == '/' || b == 0;
    }
    if (bad) {
      throw failure(call, name, Errno.EINVAL);
    }
  }

  private static boolean isDots(byte[] name) {
    return name.length > 0
        && name.length <= 2
        && name[0] == '.'
        && (name.length == 1 || name[1] == '.');
  }

  private static KernelException failure(String call, byte[] name, Errno errno) {
    return new KernelException(call, KernelException.printable(name), errno.number());
  }

  private static byte[] orSelf(byte[] path) {
    return path.length == 0 ? SELF : path;
  }

  /** The link in /proc that stands for one of this process's descriptors. */
  private static byte[] selfPath(int number) {
    return ascii("/proc/self/fd/" + number);
  }

  /** The xattr calls take no dirfd: the directory by its /proc link, then one component. */
  private byte[] beneathSelf(byte[] name) {
    byte[] directory = ascii("/proc/self/fd/" + fd.number() + "/");
    byte[] path = Arrays.copyOf(directory, directory.length + name.length);
    System.arraycopy(name, 0, path, directory.length, name.length);
    return path;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
