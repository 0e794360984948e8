package dev.mydocker.cli;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;

/**
 * The user's terminal in raw mode: what is typed, {@code ^C} too, goes to the container.
 *
 * <p>{@link #close} puts back what was found. It may be called more than once and from any thread:
 * the normal way out, an exception's and the JVM's shutdown all do. Only a SIGKILL of this process
 * leaves a raw terminal; the shell then puts its own modes back.
 */
final class RawTerminal implements AutoCloseable {
  private static final int TERMIOS = 64;

  private final int fd;
  private final byte[] before = new byte[TERMIOS];
  private final byte[] raw;
  private boolean closed;

  /**
   * Makes {@code fd} raw.
   *
   * @throws KernelException ENOTTY when it is not a terminal
   */
  RawTerminal(int fd) throws KernelException {
    this.fd = fd;
    KernelException.check(Linux.tcgetattr(fd, before), "tcgetattr", "the terminal");
    raw = before.clone();
    KernelException.check(Linux.makeRaw(raw), "cfmakeraw", "the terminal");
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "terminal"));
    enter();
  }

  /** Makes it raw again, after a stop and SIGCONT: the shell had put its own modes in between. */
  synchronized void enter() throws KernelException {
    if (!closed) {
      KernelException.check(Linux.tcsetattr(fd, raw), "tcsetattr", "the terminal");
    }
  }

  /** A terminal that hung up meanwhile has no modes to restore, so the result does not matter. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Linux.tcsetattr(fd, before);
    }
  }
}
