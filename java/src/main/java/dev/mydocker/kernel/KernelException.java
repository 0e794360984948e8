package dev.mydocker.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A system call that failed: which call, on what object, with which error number. */
public final class KernelException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String object;
  private final int number;

  /**
   * @param call the system call's name, as in its man page
   * @param object what it was applied to: a path, a pid, a name
   * @param number the positive error number
   */
  public KernelException(String call, String object, int number) {
    super(call + " " + object + ": " + describe(number));
    this.call = call;
    this.object = object;
    this.number = number;
  }

  /** {@code ENOENT (no such file or directory)}. */
  public static String describe(int number) {
    Errno e = Errno.of(number);
    return e == Errno.UNKNOWN ? "errno " + number : e + " (" + e.meaning() + ")";
  }

  /** The system call's name. */
  public String call() {
    return call;
  }

  /** What the call was applied to. */
  public String object() {
    return object;
  }

  /** The error number by name. */
  public Errno errno() {
    return Errno.of(number);
  }

  /** This failure with another name for its object: the caller's, where the call knew none. */
  public KernelException of(String otherObject) {
    KernelException e = new KernelException(call, otherObject, number);
    e.initCause(this);
    return e;
  }

  /** Gives {@code result} when it is not negative, else throws it as {@code -errno}. */
  public static int check(int result, String call, String object) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, object, -result);
    }
    return result;
  }

  /** {@link #check(int, String, String)} for an object named by bytes. */
  public static int check(int result, String call, byte[] object) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, printable(object), -result);
    }
    return result;
  }

  /** {@link #check(int, String, String)} for a 64-bit result. */
  public static long check(long result, String call, String object) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, object, (int) -result);
    }
    return result;
  }

  /** A file name for a message: UTF-8 where it is, control and invalid bytes as {@code \xNN}. */
  public static String printable(byte[] name) {
    // Nearly every name there is; each file that is unpacked comes by here.
    boolean ascii = true;
    for (byte b : name) {
      ascii &= b >= 0x20 && b < 0x7f;
    }
    if (ascii) {
      return new String(name, StandardCharsets.ISO_8859_1);
    }
    String text = new String(name, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0 && text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder out = new StringBuilder(name.length + 16);
    for (byte b : name) {
      if (b >= 0x20 && b < 0x7f) {
        out.append((char) b);
      } else {
        out.append(String.format("\\x%02x", b & 0xff));
      }
    }
    return out.toString();
  }
}
