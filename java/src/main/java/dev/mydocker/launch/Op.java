package dev.mydocker.launch;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.charset.StandardCharsets;

/**
 * The operations of a launch plan: native/ops.def, which describes each one, in the same order.
 *
 * <p>{@link #requireSameTable} compares the two tables before the first launch.
 */
public enum Op {
  CLONE_INIT("nnF", "clone3"),
  EXEC_MONITOR("fvn", "execveat"),
  OPEN_NS("fs", "open"),
  OPEN_AS("ffs", "openat"),
  SETNS("fn", "setns"),
  UNSHARE("n", "unshare"),
  PRCTL("nnnnn", "prctl"),
  NAME("s", "prctl"),
  SYNC("fn", "write+read"),
  SEND_FD("ff", "sendmsg"),
  RECV_FD("ff", "recvmsg"),
  CHDIR("s", "chdir"),
  MOUNT("SsSnS", "mount"),
  FSMOUNT("fsvn", "fsopen+fsmount"),
  FSMOUNT_FD("fsvnf", "fsopen+fsmount"),
  OPEN_TREE("fFsn", "open_tree"),
  ATTACH("ff", "move_mount"),
  MOUNT_ATTR("fnnnn", "mount_setattr"),
  IDMAP("ff", "mount_setattr"),
  OPEN("fFsnnn", "openat2"),
  MKNOD("fsnnnnn", "mknodat"),
  SYMLINK("fss", "symlinkat"),
  WRITE_FILE("Fsb", "write"),
  MASK("fs", "move_mount"),
  READONLY("fs", "mount_setattr"),
  PIVOT_ROOT("f", "pivot_root"),
  LOOPBACK_UP("", "ioctl"),
  BIND("fnnn", "bind"),
  SETHOSTNAME("s", "sethostname"),
  SETDOMAINNAME("s", "setdomainname"),
  RLIMIT("nnn", "prlimit64"),
  UMASK("n", "umask"),
  BOUNDING("n", "prctl"),
  CAPSET("nnn", "capset"),
  AMBIENT("n", "prctl"),
  SETGROUPS("b", "setgroups"),
  SETRESGID("n", "setresgid"),
  SETRESUID("n", "setresuid"),
  OPEN_PTY("fffnn", "openat2+ioctl"),
  FCHOWN("fnn", "fchown"),
  NEW_SESSION("F", "setsid"),
  KEYRING("", "keyctl"),
  STDIO("FFF", "dup3"),
  CLOSE_OTHERS("n", "close_range"),
  WATCH("bf", "seccomp+sendmsg"),
  SECCOMP("bn", "seccomp"),
  EXECVE("vvv", "execve"),
  EXEC_INIT("fvv", "execveat");

  private final String arguments;
  private final String call;

  Op(String arguments, String call) {
    this.arguments = arguments;
    this.call = call;
  }

  /** One letter per argument, as in native/ops.def. */
  public String arguments() {
    return arguments;
  }

  /** The system call that matters in this operation, as strace names it. */
  public String call() {
    return call;
  }

  /**
   * Compares this table with the library's.
   *
   * @throws IllegalStateException when classes and library are of different builds
   */
  static void requireSameTable() throws KernelException {
    byte[] buffer = new byte[8192];
    int size = KernelException.check(Linux.operations(buffer), "operations", "native/ops.def");
    StringBuilder expected = new StringBuilder(2048);
    for (Op op : values()) {
      expected.append(op.name()).append(' ').append(op.arguments).append('\n');
    }
    if (!expected.toString().equals(new String(buffer, 0, size, StandardCharsets.US_ASCII))) {
      throw new IllegalStateException(
          "the native library has another table of operations: rebuild");
    }
  }
}
