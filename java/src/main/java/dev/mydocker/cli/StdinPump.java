package dev.mydocker.cli;

import dev.mydocker.engine.Running;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Copies this program's input to a container, in a thread that does not keep the program alive.
 *
 * <p>It reads only while the container lives: what is typed after the container's end is for
 * whoever reads next, usually the shell. A read that is under way cannot be taken back, so the
 * thread waits in poll(2), where {@link #close} wakes it.
 */
final class StdinPump extends Thread implements AutoCloseable {
  private static final int STDIN = 0;
  private static final int SIZE = 32768;

  private final Running command;
  private final Console console;
  private final Optional<DetachKeys.Watch> watch;
  private final boolean leaves;
  private final Fd woken;
  private final Fd waker;

  /**
   * A pump that is to be started.
   *
   * @param keys those that let go of the command, where some do
   * @param leaves whether the end of the input lets go of the command as well
   */
  StdinPump(Running command, Console console, Optional<DetachKeys> keys, boolean leaves)
      throws KernelException {
    super("stdin");
    setDaemon(true);
    this.command = command;
    this.console = console;
    this.leaves = leaves;
    this.watch = keys.map(DetachKeys::watch);
    int[] pipe = new int[2];
    KernelException.check(Linux.pipe2(pipe), "pipe2", "the end of input");
    woken = Fd.of(pipe[0], "pipe2", "the end of input");
    waker = Fd.of(pipe[1], "pipe2", "the end of input");
  }

  /** Ends the reading, when the container has ended. */
  @Override
  public void close() {
    waker.close();
  }

  @Override
  public void run() {
    try (woken) {
      copy();
    } catch (IOException e) {
      console.warning(e.getMessage());
    }
    try {
      command.closeStdin();
      if (leaves) {
        command.detach();
      }
    } catch (IOException e) {
      console.warning(e.getMessage());
    }
  }

  /**
   * Whether there was no standard input when this program started: the JVM's first file got its
   * number, and is nothing that a container should read.
   */
  private static boolean isTheJvms() throws IOException {
    Path input = Files.readSymbolicLink(Path.of("/proc/self/fd/" + STDIN));
    return input.startsWith(Path.of(System.getProperty("java.home")).toRealPath());
  }

  private void copy() throws IOException {
    if (isTheJvms()) {
      return;
    }
    byte[] buffer = new byte[SIZE];
    int[] fds = {STDIN, woken.number()};
    short[] events = {Linux.POLLIN, Linux.POLLIN};
    short[] ready = new short[2];
    while (true) {
      int polled = Linux.poll(fds, events, ready, -1);
      if (polled == -Errno.EINTR.number()) {
        continue;
      }
      KernelException.check(polled, "poll", "the standard input");
      if (ready[1] != 0) {
        return;
      }
      int n = Linux.read(STDIN, buffer, 0, buffer.length);
      if (n > 0) {
        if (pass(buffer, n)) {
          command.detach();
          return;
        }
      } else if (n == 0 || n == -Errno.EIO.number()) {
        // EIO is what a terminal that hung up gives: an end like any other.
        return;
      } else if (n != -Errno.EAGAIN.number()) {
        throw new KernelException("read", "the standard input", -n);
      }
    }
  }

  /** Gives whether the user has let go of the command. */
  private boolean pass(byte[] buffer, int length) throws IOException {
    if (watch.isEmpty()) {
      command.stdin(buffer, 0, length);
      return false;
    }
    byte[] passed = watch.get().pass(buffer, length);
    command.stdin(passed, 0, passed.length);
    return watch.get().complete();
  }
}
