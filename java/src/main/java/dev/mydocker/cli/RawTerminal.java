package dev.mydocker.cli;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The user's terminal in another mode: raw, where what is typed, {@code ^C} too, goes to the
 * container; or without echo, for a password.
 *
 * <p>{@link #close} puts back what was found. It may be called more than once and from any thread:
 * the normal way out, an exception's and the JVM's shutdown all do. Only a SIGKILL of this process
 * leaves a raw terminal; the shell then puts its own modes back.
 */
final class RawTerminal implements AutoCloseable {
  private static final int TERMIOS = 64;

  /** termios(3): c_lflag is the fourth of its 32-bit words; ECHO is the same everywhere. */
  private static final int LOCAL_FLAGS = 12;

  private static final int ECHO = 010;

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
    this(fd, true);
  }

  private RawTerminal(int fd, boolean whole) throws KernelException {
    this.fd = fd;
    KernelException.check(Linux.tcgetattr(fd, before), "tcgetattr", "the terminal");
    raw = before.clone();
    if (whole) {
      KernelException.check(Linux.makeRaw(raw), "cfmakeraw", "the terminal");
    } else {
      ByteBuffer words = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
      words.putInt(LOCAL_FLAGS, words.getInt(LOCAL_FLAGS) & ~ECHO);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "terminal"));
    enter();
  }

  /**
   * Lets {@code fd} show nothing of what is typed.
   *
   * @throws KernelException ENOTTY when it is not a terminal
   */
  static RawTerminal withoutEcho(int fd) throws KernelException {
    return new RawTerminal(fd, false);
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
