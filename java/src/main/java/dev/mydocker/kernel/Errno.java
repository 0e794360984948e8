package dev.mydocker.kernel;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** The kernel's error numbers by name, and what each one tells a person. See errno(3). */
public enum Errno {
  EPERM(1, "operation not permitted"),
  ENOENT(2, "no such file or directory"),
  ESRCH(3, "no such process"),
  EINTR(4, "interrupted"),
  EIO(5, "input/output error"),
  ENXIO(6, "no such device or address"),
  E2BIG(7, "argument list too long"),
  ENOEXEC(8, "not an executable format"),
  EBADF(9, "bad file descriptor"),
  ECHILD(10, "no child process"),
  EAGAIN(11, "resource temporarily unavailable"),
  ENOMEM(12, "out of memory"),
  EACCES(13, "permission denied"),
  EFAULT(14, "bad address"),
  ENOTBLK(15, "block device required"),
  EBUSY(16, "device or resource busy"),
  EEXIST(17, "file exists"),
  EXDEV(18, "leaves the tree, or crosses devices"),
  ENODEV(19, "no such device or file system type"),
  ENOTDIR(20, "not a directory"),
  EISDIR(21, "is a directory"),
  EINVAL(22, "invalid argument"),
  ENFILE(23, "too many open files in the system"),
  EMFILE(24, "too many open files"),
  ENOTTY(25, "not a terminal"),
  ETXTBSY(26, "text file busy"),
  EFBIG(27, "file too large"),
  ENOSPC(28, "no space left on device"),
  ESPIPE(29, "illegal seek"),
  EROFS(30, "read-only file system"),
  EMLINK(31, "too many links"),
  EPIPE(32, "broken pipe"),
  EDOM(33, "argument out of domain"),
  ERANGE(34, "result out of range"),
  EDEADLK(35, "deadlock would occur"),
  ENAMETOOLONG(36, "file name too long"),
  ENOLCK(37, "no locks available"),
  ENOSYS(38, "system call not implemented by this kernel"),
  ENOTEMPTY(39, "directory not empty"),
  ELOOP(40, "too many levels of symbolic links, or a link where none may be"),
  ENODATA(61, "no data available"),
  EOVERFLOW(75, "value too large"),
  EUSERS(87, "too many users"),
  ENOTSOCK(88, "not a socket"),
  EMSGSIZE(90, "message too long"),
  EOPNOTSUPP(95, "operation not supported"),
  EPROTONOSUPPORT(93, "protocol not supported"),
  EAFNOSUPPORT(97, "address family not supported"),
  EADDRINUSE(98, "address already in use"),
  EADDRNOTAVAIL(99, "address not available on this host"),
  ENETDOWN(100, "network is down"),
  ENETUNREACH(101, "network unreachable"),
  ECONNRESET(104, "connection reset by peer"),
  ENOBUFS(105, "no buffer space available"),
  ENOTCONN(107, "not connected"),
  ETIMEDOUT(110, "timed out"),
  ECONNREFUSED(111, "connection refused"),
  EINPROGRESS(115, "operation in progress"),
  ESTALE(116, "stale file handle"),
  EDQUOT(122, "disk quota exceeded"),
  ENOKEY(126, "required key not available"),
  /** A number this list does not name. */
  UNKNOWN(0, "unknown error");

  private static final Errno[] BY_NUMBER = new Errno[134];

  static {
    for (Errno e : values()) {
      BY_NUMBER[e.number] = e;
    }
  }

  private final int number;
  private final String meaning;

  Errno(int number, String meaning) {
    this.number = number;
    this.meaning = meaning;
  }

  /** The kernel's number, positive. */
  public int number() {
    return number;
  }

  /** What the number means, in a few words of plain English. */
  public String meaning() {
    return meaning;
  }

  /**
   * The constant behind a failure of {@code java.nio}, which tells some by the exception's type and
   * others by the text of strerror(3) alone; {@link #UNKNOWN} when neither says it.
   */
  public static Errno of(IOException failure) {
    if (failure instanceof KernelException e) {
      return e.errno();
    }
    if (failure instanceof AccessDeniedException) {
      return EACCES;
    }
    if (failure instanceof NoSuchFileException) {
      return ENOENT;
    }
    if (failure instanceof FileAlreadyExistsException) {
      return EEXIST;
    }
    if (failure instanceof NotDirectoryException) {
      return ENOTDIR;
    }
    String text = failure instanceof FileSystemException e ? e.getReason() : failure.getMessage();
    for (Errno e : values()) {
      if (e.meaning.equalsIgnoreCase(text)) {
        return e;
      }
    }
    return UNKNOWN;
  }

  /** A failure of {@code java.nio} without the file's name: {@code ENOSPC (no space ...)}. */
  public static String describe(IOException failure) {
    Errno errno = of(failure);
    return errno == UNKNOWN ? failure.getMessage() : KernelException.describe(errno.number);
  }

  /** The constant of a positive number; {@link #UNKNOWN} for one that has no name here. */
  public static Errno of(int number) {
    Errno e = number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    return e == null ? UNKNOWN : e;
  }
}
