package dev.mydocker.kernel;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * An open file descriptor that is owned: whoever holds the {@code Fd} closes it, once.
 *
 * <p>Not safe for closing in one thread while another uses {@link #number()}.
 */
public final class Fd implements AutoCloseable {
  private int number;
  private final String name;

  private Fd(int number, String name) {
    this.number = number;
    this.name = name;
  }

  /**
   * Takes ownership of a system call's result.
   *
   * @param result a descriptor, or {@code -errno}
   * @param call the call that gave it
   * @param name what it opens, for messages
   * @throws KernelException when {@code result} is negative
   */
  public static Fd of(int result, String call, String name) throws KernelException {
    return new Fd(KernelException.check(result, call, name), name);
  }

  /** The descriptor's number, valid until {@link #close}. */
  public int number() {
    if (number < 0) {
      throw new IllegalStateException(name + " is closed");
    }
    return number;
  }

  /** What this descriptor opens, for messages. */
  public String name() {
    return name;
  }

  /** Gives the number away: the caller owns it now and {@link #close} does nothing any more. */
  public int release() {
    int n = number();
    number = -1;
    return n;
  }

  /** A stream over this descriptor; closing the stream does not close the descriptor. */
  public InputStream input() {
    return new FdInput(this);
  }

  /**
   * A stream over this descriptor, unbuffered; closing the stream does not close the descriptor.
   */
  public OutputStream output() {
    return new FdOutput(this);
  }

  @Override
  public void close() {
    if (number >= 0) {
      Linux.close(number);
      number = -1;
    }
  }

  @Override
  public String toString() {
    return name + " (fd " + number + ")";
  }
}
