package dev.mydocker.kernel;

import java.nio.ByteBuffer;

/**
 * The Linux system calls this engine uses, one native method per call, and the only class of the
 * project that declares {@code native}.
 *
 * <p>Every method is the system call of its name with the kernel's own convention: a result of zero
 * or more on success, {@code -errno} on failure; {@code EINTR} is retried where the call is safe to
 * repeat. Nothing here throws for a failed call: {@link KernelException#check} turns the number
 * into an exception that names the call and its object. Paths are bytes, as the kernel sees them,
 * and cross JNI as {@code byte[]}; a path with a NUL byte in it is {@code -EINVAL}, one of 4096
 * bytes or more {@code -ENAMETOOLONG}.
 */
public final class Linux {

  /** Version of the contract between this class and native/linux.c; checked by JNI_OnLoad. */
  public static final int ABI = 1;

  // open(2), openat2(2): the values are per architecture where the kernel says so, see Arch.
  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_NOCTTY = 0400;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_CLOEXEC = 02000000;
  public static final int O_PATH = 010000000;

  /**
   * These differ between architectures (x86: 0200000, 0400000 and 040000, arm64: 040000, 0100000
   * and 0200000).
   */
  public static final int O_DIRECTORY;

  public static final int O_NOFOLLOW;

  public static final int O_DIRECT;

  /** openat2(2), {@code resolve}. */
  public static final long RESOLVE_NO_XDEV = 0x01;

  public static final long RESOLVE_NO_MAGICLINKS = 0x02;
  public static final long RESOLVE_NO_SYMLINKS = 0x04;
  public static final long RESOLVE_BENEATH = 0x08;
  public static final long RESOLVE_IN_ROOT = 0x10;

  public static final int AT_FDCWD = -100;
  public static final int AT_SYMLINK_NOFOLLOW = 0x100;
  public static final int AT_REMOVEDIR = 0x200;
  public static final int AT_EMPTY_PATH = 0x1000;
  public static final int AT_RECURSIVE = 0x8000;

  public static final int RENAME_NOREPLACE = 1;
  public static final int RENAME_EXCHANGE = 2;

  /** inode(7), file type bits of {@code st_mode}. */
  public static final int S_IFMT = 0170000;

  public static final int S_IFSOCK = 0140000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFBLK = 0060000;
  public static final int S_IFDIR = 0040000;
  public static final int S_IFCHR = 0020000;
  public static final int S_IFIFO = 0010000;

  /** fsconfig(2), {@code command}. */
  public static final int FSCONFIG_SET_FLAG = 0;

  public static final int FSCONFIG_SET_STRING = 1;

  public static final int FSCONFIG_CMD_CREATE = 6;

  /** fsmount(2), {@code attributes}. */
  public static final int MOUNT_ATTR_RDONLY = 1;

  public static final int MOUNT_ATTR_NOSUID = 2;
  public static final int MOUNT_ATTR_NODEV = 4;
  public static final int MOUNT_ATTR_NOEXEC = 8;

  /** open_tree(2), {@code flags}. */
  public static final int OPEN_TREE_CLONE = 1;

  /** mount_setattr(2), {@code propagation}. */
  public static final int MS_PRIVATE = 1 << 18;

  /** bpf(2): a program that the kernel asks when a process of a cgroup uses a device. */
  public static final int BPF_PROG_TYPE_CGROUP_DEVICE = 15;

  public static final int BPF_CGROUP_DEVICE = 6;

  /** What programs of the cgroups above and below say counts as well. */
  public static final int BPF_F_ALLOW_MULTI = 2;

  public static final int LOCK_SH = 1;
  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;
  public static final int LOCK_UN = 8;

  public static final short POLLIN = 1;
  public static final short POLLOUT = 4;
  public static final short POLLERR = 8;
  public static final short POLLHUP = 16;

  public static final int SHUT_RD = 0;
  public static final int SHUT_WR = 1;
  public static final int SHUT_RDWR = 2;

  static {
    NativeLibrary.load();
    O_DIRECTORY = openFlag(0);
    O_NOFOLLOW = openFlag(1);
    O_DIRECT = openFlag(2);
  }

  private Linux() {}

  /** The architecture's value of O_DIRECTORY (0), O_NOFOLLOW (1) or O_DIRECT (2). */
  private static native int openFlag(int which);

  // ---- files ------------------------------------------------------------------------------------

  /** openat2(2). {@code O_CLOEXEC} is always added. Retries EINTR, and EAGAIN (a raced rename). */
  public static native int openat2(int dirfd, byte[] path, int flags, int mode, long resolve);

  /** close(2). Never retried: on Linux the descriptor is gone whatever the result says. */
  public static native int close(int fd);

  /** read(2) into {@code buffer[offset, offset+length)}; at most 64 KiB per call; 0 at the end. */
  public static native int read(int fd, byte[] buffer, int offset, int length);

  /** write(2) of {@code buffer[offset, offset+length)}; at most 64 KiB per call. */
  public static native int write(int fd, byte[] buffer, int offset, int length);

  /** write(2) of the memory {@code [offset, offset+length)} of a direct buffer. */
  public static native int writeDirect(int fd, ByteBuffer buffer, int offset, int length);

  /** lseek(2); {@code whence}: 0 SEEK_SET, 1 SEEK_CUR, 2 SEEK_END, 3 SEEK_DATA, 4 SEEK_HOLE. */
  public static native long lseek(int fd, long offset, int whence);

  /** ftruncate(2), {@code length} in bytes. */
  public static native int ftruncate(int fd, long length);

  public static native int fsync(int fd);

  /** syncfs(2): writes the whole file system that {@code fd} is on. */
  public static native int syncfs(int fd);

  /** flock(2) with {@code LOCK_*}. */
  public static native int flock(int fd, int operation);

  /**
   * statx(2) of {@code path} under {@code dirfd} (an empty path with {@code AT_EMPTY_PATH}: the fd
   * itself). Fills {@code out}, which has at least {@link Stat#FIELDS} elements; see {@link Stat}.
   */
  public static native int statx(int dirfd, byte[] path, int flags, long[] out);

  /** readlinkat(2) into {@code buffer}; the number of bytes, not NUL-terminated. */
  public static native int readlinkat(int dirfd, byte[] path, byte[] buffer);

  /**
   * getdents64(2) into {@code buffer}: raw {@code struct linux_dirent64} records; bytes, 0 at end.
   */
  public static native int getdents64(int fd, byte[] buffer);

  public static native int mkdirat(int dirfd, byte[] path, int mode);

  /** mknodat(2); {@code mode} includes the type bits. */
  public static native int mknodat(int dirfd, byte[] path, int mode, int major, int minor);

  public static native int symlinkat(byte[] target, int dirfd, byte[] path);

  public static native int linkat(
      int olddirfd, byte[] oldpath, int newdirfd, byte[] newpath, int flags);

  public static native int unlinkat(int dirfd, byte[] path, int flags);

  public static native int renameat2(
      int olddirfd, byte[] oldpath, int newdirfd, byte[] newpath, int flags);

  /** fchownat(2); -1 leaves an id as it is. */
  public static native int fchownat(int dirfd, byte[] path, int uid, int gid, int flags);

  /** fchmod(2), {@code mode} octal 07777. */
  public static native int fchmod(int fd, int mode);

  /** fchmodat(2); follows a symbolic link, as the system call has no flag. */
  public static native int fchmodat(int dirfd, byte[] path, int mode);

  /** utimensat(2); seconds since the epoch and nanoseconds of access and modification. */
  public static native int utimensat(
      int dirfd,
      byte[] path,
      long atimeSec,
      long atimeNsec,
      long mtimeSec,
      long mtimeNsec,
      int flags);

  /** fsetxattr(2); {@code flags} 0, 1 XATTR_CREATE, 2 XATTR_REPLACE. */
  public static native int fsetxattr(int fd, byte[] name, byte[] value, int flags);

  /** setxattr(2) on a path that may be a symbolic link, which is not followed (lsetxattr). */
  public static native int lsetxattr(byte[] path, byte[] name, byte[] value, int flags);

  /** lgetxattr(2) into {@code value}; its size in bytes. An empty {@code value} asks the size. */
  public static native int lgetxattr(byte[] path, byte[] name, byte[] value);

  /** llistxattr(2): NUL-terminated names, one after the other; bytes. */
  public static native int llistxattr(byte[] path, byte[] list);

  /** fcntl(2) F_DUPFD_CLOEXEC with {@code min}. */
  public static native int dupfd(int fd, int min);

  /** fcntl(2) F_GETFL. */
  public static native int getFlags(int fd);

  /** fcntl(2) F_SETFL. */
  public static native int setFlags(int fd, int flags);

  /** memfd_create(2), CLOEXEC, sealing allowed, executable. */
  public static native int memfdCreate(byte[] name);

  /** fcntl(2) F_ADD_SEALS: SEAL 1, SHRINK 2, GROW 4, WRITE 8. */
  public static native int addSeals(int fd, int seals);

  /** pipe2(2) with O_CLOEXEC; {@code fds[0]} reads, {@code fds[1]} writes. */
  public static native int pipe2(int[] fds);

  // ---- sockets and waiting ----------------------------------------------------------------------

  /** socketpair(2): AF_UNIX, {@code SOCK_SEQPACKET} when asked, else SOCK_STREAM; CLOEXEC. */
  public static native int socketpair(int[] fds, boolean seqpacket);

  /** A connected AF_UNIX stream socket to {@code path} (socket(2), connect(2)); the fd. */
  public static native int connectUnix(byte[] path);

  /** A listening AF_UNIX stream socket at {@code path}, mode 0600 from the start; the fd. */
  public static native int listenUnix(byte[] path);

  /** send(2) with MSG_NOSIGNAL; at most 64 KiB per call. */
  public static native int send(int fd, byte[] buffer, int offset, int length);

  public static native int shutdown(int fd, int how);

  /** poll(2) over parallel arrays; {@code timeout} in milliseconds, -1 for ever; not retried. */
  public static native int poll(int[] fds, short[] events, short[] revents, int timeout);

  // ---- processes --------------------------------------------------------------------------------

  public static native int getpid();

  public static native int geteuid();

  public static native int getegid();

  /** kill(2). */
  public static native int kill(int pid, int signal);

  public static native int pidfdOpen(int pid);

  public static native int pidfdSendSignal(int pidfd, int signal);

  /**
   * waitid(2) on a pidfd for WEXITED, with __WALL; {@code WNOHANG} when {@code block} is false.
   * Fills {@code out} with {@code si_code} (1 CLD_EXITED, 2 CLD_KILLED, 3 CLD_DUMPED; 0: none yet)
   * and {@code si_status}.
   */
  public static native int waitPidfd(int pidfd, boolean block, int[] out);

  /** getrlimit(2) of this process: soft and hard into {@code out}; RLIM_INFINITY is -1. */
  public static native int getrlimit(int resource, long[] out);

  /** uname(2): sysname, nodename, release, version, machine, each ended by a NUL; bytes. */
  public static native int uname(byte[] buffer);

  /** getrandom(2): fills {@code out}, at most 256 bytes; gives its length. */
  public static native int getrandom(byte[] out);

  /**
   * Capabilities of this process from capget(2): {effective, permitted, inheritable} as bit sets,
   * and the bounding set read with prctl(2) PR_CAPBSET_READ as the fourth element.
   */
  public static native int capget(long[] out);

  /** mount(2); an empty {@code type} or {@code data} is passed as NULL. */
  public static native int mount(
      byte[] source, byte[] target, byte[] type, long flags, byte[] data);

  public static native int umount2(byte[] target, int flags);

  /** fsopen(2) with FSOPEN_CLOEXEC: a file system of that type that is to be configured; the fd. */
  public static native int fsopen(byte[] type);

  /**
   * fsconfig(2) without {@code aux}; an empty {@code key} or {@code value} is passed as NULL. The
   * kernel takes values of up to 255 bytes.
   */
  public static native int fsconfig(int context, int command, byte[] key, byte[] value);

  /**
   * fsmount(2) with FSMOUNT_CLOEXEC: a mount that is attached nowhere, and goes when the fd and all
   * that was opened below it are closed.
   *
   * @param attributes {@code MOUNT_ATTR_*}
   */
  public static native int fsmount(int context, int attributes);

  /**
   * open_tree(2) with OPEN_TREE_CLOEXEC: a copy of a mount that is attached nowhere, and goes when
   * the fd and all that was opened below it are closed; the fd.
   *
   * @param flags {@code OPEN_TREE_CLONE}, {@code AT_RECURSIVE}, {@code AT_EMPTY_PATH}
   */
  public static native int openTree(int dirfd, byte[] path, int flags);

  /** move_mount(2): attaches the mount that one descriptor is to the directory that another is. */
  public static native int moveMount(int tree, int target);

  /**
   * setfsuid(2) and setfsgid(2) of the calling thread, which keeps its capabilities: with what ids
   * it makes files.
   *
   * @return 0, or -EINVAL when an id cannot be
   */
  public static native int setFileSystemIds(int uid, int gid);

  /**
   * mount_setattr(2) of the mount that a descriptor is.
   *
   * @param set {@code MOUNT_ATTR_*}
   * @param clear {@code MOUNT_ATTR_*}
   * @param propagation 0, or {@code MS_PRIVATE}
   * @param recursive whether those below change with it
   */
  public static native int mountSetattr(
      int tree, long set, long clear, long propagation, boolean recursive);

  /** statfs(2): {f_type, f_bsize, f_blocks, f_bavail, f_files, f_ffree} into {@code out}. */
  public static native int statfs(byte[] path, long[] out);

  // ---- terminals and signals --------------------------------------------------------------------

  public static native int isatty(int fd);

  /** tcgetattr(3): the kernel's struct termios as bytes into {@code out} (at least 64). */
  public static native int tcgetattr(int fd, byte[] out);

  /** tcsetattr(3) TCSADRAIN with what tcgetattr gave. */
  public static native int tcsetattr(int fd, byte[] termios);

  /** cfmakeraw(3) applied to {@code termios} in place. */
  public static native int makeRaw(byte[] termios);

  /** ioctl(2) TIOCGWINSZ: {rows, columns} into {@code out}. */
  public static native int getWindowSize(int fd, int[] out);

  /** ioctl(2) TIOCSWINSZ. */
  public static native int setWindowSize(int fd, int rows, int columns);

  /**
   * Routes the given signals into a pipe by sigaction(2): each arrival writes one byte, the
   * signal's number. Gives the pipe's read end (CLOEXEC). This is process-wide state, for a program
   * that owns its process (the command line); a signal the parent had ignored stays ignored. One
   * pipe exists per process; a second call adds signals to it.
   */
  public static native int signalPipe(int[] signals);

  /** Puts the default disposition of {@code signal} back and raises it for this process. */
  public static native int raiseDefault(int signal);

  /**
   * Ends this process at {@code signal} with the exit code 128 + {@code signal}, at once and
   * without a core: process-wide state, as with {@link #signalPipe}.
   */
  public static native int exitOn(int signal);

  // ---- networks ---------------------------------------------------------------------------------

  /**
   * socket(2), CLOEXEC, in a network namespace: made by a thread that joins it for this and ends
   * (setns(2)), as the threads of a JVM stay where they are. The socket stays in it.
   *
   * @param netns a descriptor of the namespace, or a pidfd of who lives in it; -1 for this one
   */
  public static native int socketIn(int netns, int family, int type, int protocol);

  /**
   * open(2), CLOEXEC, of a file below /proc/sys/net as it is in a network namespace. See {@link
   * #socketIn}.
   */
  public static native int openIn(int netns, byte[] path, int flags);

  /** setsockopt(2) of an option that is an int. */
  public static native int setsockopt(int fd, int level, int option, int value);

  /**
   * bind(2).
   *
   * @param address the kernel's struct sockaddr of the socket's family
   */
  public static native int bind(int fd, byte[] address);

  /** getsockname(2): the kernel's struct sockaddr, as much of it as {@code out} holds; bytes. */
  public static native int getsockname(int fd, byte[] out);

  /**
   * sendmsg(2) SCM_RIGHTS on a UNIX socket: a byte, and copies of descriptors, which stay open
   * until the socket's other end is closed or takes them.
   *
   * @param fds 1 to 253
   */
  public static native int sendFds(int socket, int[] fds);

  // ---- another program --------------------------------------------------------------------------

  /**
   * execveat(2) AT_EMPTY_PATH: this process becomes the program behind a descriptor. Comes back
   * only when that fails.
   *
   * @param arguments strings that are each ended by a NUL
   * @param environment likewise
   */
  public static native int execve(int program, byte[] arguments, byte[] environment);

  // ---- bpf --------------------------------------------------------------------------------------

  /**
   * bpf(2) BPF_PROG_LOAD: a program, without a licence that would open helpers to it; the fd, which
   * is CLOEXEC.
   *
   * @param instructions the kernel's struct bpf_insn one after the other, at most 4096
   */
  public static native int bpfLoad(int type, byte[] instructions);

  /** bpf(2) BPF_PROG_ATTACH: {@code target}, a cgroup, keeps the program until it is removed. */
  public static native int bpfAttach(int target, int program, int type, int flags);

  // ---- launch -----------------------------------------------------------------------------------

  /**
   * Starts a launch plan (native/plan.h): clones its monitor, which executes it, and comes back at
   * once.
   *
   * @param plan the plan's bytes
   * @param slots the plan's descriptors by slot number, -1 for none; they stay the caller's
   * @param out pid of the monitor, and a pidfd of it that the caller owns
   */
  public static native int launch(byte[] plan, int[] slots, int[] out);

  /** The table of native/ops.def as lines {@code NAME arguments} into {@code out}; bytes. */
  public static native int operations(byte[] out);

  /** Version of the libseccomp of this build: major, minor and micro, a byte each. */
  public static native int seccompVersion();
}
