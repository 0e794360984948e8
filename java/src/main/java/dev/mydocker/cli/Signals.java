package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.util.OptionalInt;

/**
 * The signals that this process passes on instead of dying of them, as a stream of numbers.
 *
 * <p>Left alone are those that cannot be caught, those that report a fault of this process, those
 * of its own children and pipes (CHLD, PIPE, URG), job control (TSTP, TTIN, TTOU): {@code ^Z} stops
 * this program and not the container, as with Docker; and SIGRTMAX-2, with which the JDK wakes a
 * thread of its own out of a system call when another one closes what it reads.
 */
final class Signals implements AutoCloseable {
  static final int SIGHUP = 1;
  static final int SIGINT = 2;
  static final int SIGQUIT = 3;
  static final int SIGUSR1 = 10;
  static final int SIGUSR2 = 12;
  static final int SIGPIPE = 13;
  static final int SIGALRM = 14;
  static final int SIGTERM = 15;
  static final int SIGCONT = 18;
  static final int SIGVTALRM = 26;
  static final int SIGPROF = 27;
  static final int SIGWINCH = 28;
  static final int SIGIO = 29;
  static final int SIGPWR = 30;
  private static final int FIRST_REALTIME = 34;
  private static final int LAST_REALTIME = 64;
  private static final int JDK_WAKES = LAST_REALTIME - 2;
  private static final int[] STANDARD = {
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGVTALRM, SIGPROF,
    SIGWINCH, SIGIO, SIGPWR
  };

  private final int pipe;
  private final Fd woken;
  private final Fd waker;
  private final byte[] one = new byte[1];

  /** Routes the signals from now on, for the rest of this process. */
  Signals() throws KernelException {
    int[] all = new int[STANDARD.length + LAST_REALTIME - FIRST_REALTIME];
    System.arraycopy(STANDARD, 0, all, 0, STANDARD.length);
    int count = STANDARD.length;
    for (int number = FIRST_REALTIME; number <= LAST_REALTIME; number++) {
      if (number != JDK_WAKES) {
        all[count++] = number;
      }
    }
    pipe = KernelException.check(Linux.signalPipe(all), "sigaction", "the signals to pass on");
    int[] end = new int[2];
    KernelException.check(Linux.pipe2(end), "pipe2", "the end of signals");
    woken = Fd.of(end[0], "pipe2", "the end of signals");
    waker = Fd.of(end[1], "pipe2", "the end of signals");
  }

  /** Waits for the next signal and gives its number; empty when they are closed. */
  OptionalInt next() throws KernelException {
    int[] fds = {pipe, woken.number()};
    short[] ready = new short[2];
    int polled;
    do {
      polled = Linux.poll(fds, new short[] {Linux.POLLIN, Linux.POLLIN}, ready, -1);
    } while (polled == -Errno.EINTR.number());
    KernelException.check(polled, "poll", "the pipe of signals");
    if (ready[1] != 0) {
      woken.close();
      return OptionalInt.empty();
    }
    KernelException.check(Linux.read(pipe, one, 0, 1), "read", "the pipe of signals");
    return OptionalInt.of(one[0]);
  }

  /** Ends the stream; from now on nothing becomes of a signal. */
  @Override
  public void close() {
    waker.close();
  }
}
