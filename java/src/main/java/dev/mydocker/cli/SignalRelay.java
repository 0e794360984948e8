package dev.mydocker.cli;

import dev.mydocker.engine.Running;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What becomes of the signals that this program gets while it runs a container.
 *
 * <p>Before there is a container they end the program; while one is launched they wait; then they
 * are the container's; after its end they are dropped, as what is left to do is short and must be
 * done. A thread that does not keep the program alive.
 */
final class SignalRelay extends Thread {
  private static final int SIGNALLED = 128;

  private enum Phase {
    PREPARING,
    LAUNCHING,
    ATTACHED,
    OVER
  }

  private final Signals signals;
  private final boolean proxy;
  private Phase phase = Phase.PREPARING;
  private Optional<Running> container = Optional.empty();
  private Optional<RawTerminal> terminal = Optional.empty();
  private boolean tty;

  /**
   * Takes the signals from now on.
   *
   * @param proxy whether the container gets them; when not, they end this program and leave the
   *     container running
   */
  SignalRelay(boolean proxy) throws KernelException {
    super("signals");
    setDaemon(true);
    this.signals = new Signals();
    this.proxy = proxy;
    start();
  }

  /** From here on a signal waits for the container. */
  synchronized void launching() {
    phase = Phase.LAUNCHING;
  }

  /**
   * From here on a signal goes to the container.
   *
   * @param tty whether it has a terminal, whose size follows the user's
   * @param raw the user's terminal, when what is typed in it goes to the container
   */
  synchronized void attached(Running running, boolean tty, Optional<RawTerminal> raw) {
    this.container = Optional.of(running);
    this.tty = tty;
    this.terminal = raw;
    phase = Phase.ATTACHED;
    notifyAll();
  }

  /**
   * From here on a signal is dropped, and the thread ends: for one that waits in a system call the
   * JVM's exit would wait three tenths of a second.
   */
  synchronized void over() {
    phase = Phase.OVER;
    signals.close();
    notifyAll();
  }

  @Override
  public void run() {
    try {
      OptionalInt signal = signals.next();
      while (signal.isPresent()) {
        deliver(signal.getAsInt());
        signal = signals.next();
      }
    } catch (KernelException | InterruptedException e) {
      // The pipe is this process's own: without it, or told to stop, there is nothing to relay.
      return;
    }
  }

  private synchronized void deliver(int signal) throws InterruptedException {
    while (phase == Phase.LAUNCHING) {
      wait();
    }
    if (phase == Phase.PREPARING) {
      leave(signal);
    } else if (phase == Phase.ATTACHED) {
      try {
        pass(container.orElseThrow(), signal);
      } catch (IOException gone) {
        // Whether it is the monitor that went away is for the thread that relays the output to say.
        return;
      }
    }
  }

  private void pass(Running running, int signal) throws IOException {
    if (signal == Signals.SIGCONT && terminal.isPresent()) {
      terminal.get().enter();
    }
    if (tty && (signal == Signals.SIGWINCH || signal == Signals.SIGCONT)) {
      Optional<WindowSize> size = WindowSize.ofProcess();
      if (size.isPresent()) {
        running.resize(size.get().rows(), size.get().columns());
      }
    }
    boolean ownResize = tty && signal == Signals.SIGWINCH;
    if (!proxy) {
      leave(signal);
    } else if (!ownResize) {
      running.signal(signal);
    }
  }

  /** Ends this program as the signal would have; the JVM's shutdown restores the terminal. */
  private static void leave(int signal) {
    if (signal != Signals.SIGCONT && signal != Signals.SIGWINCH) {
      System.exit(SIGNALLED + signal);
    }
  }
}
