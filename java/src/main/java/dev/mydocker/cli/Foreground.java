package dev.mydocker.cli;

import dev.mydocker.engine.DetachedException;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.launch.Output;
import java.io.IOException;
import java.util.Optional;

/** This program's terminal or streams, lent to a command in a container until it ends. */
final class Foreground {
  private static final int STDIN = 0;

  private final Streams streams;
  private final boolean remove;
  private final DetachKeys keys;
  private final Console console;
  private final SignalRelay signals;

  /**
   * What is lent.
   *
   * @param remove whether the command's container is removed at its end
   * @param keys those that let go of a command with a terminal
   */
  Foreground(
      Streams streams, boolean remove, DetachKeys keys, Console console, SignalRelay signals) {
    this.streams = streams;
    this.remove = remove;
    this.keys = keys;
    this.console = console;
    this.signals = signals;
  }

  /**
   * Stays until the command ends.
   *
   * @return how it ended; empty when the user has let go of it, or nothing of it is seen here and
   *     all input has gone there
   * @throws KernelException EPIPE of write when nobody reads what it prints
   */
  Optional<Exit> run(Running running) throws IOException {
    try {
      return Optional.of(untilItsEnd(running));
    } catch (DetachedException e) {
      if (streams.output()) {
        console.progressErr("read escape sequence\n");
      }
      return Optional.empty();
    }
  }

  private Exit untilItsEnd(Running running) throws IOException {
    // Without -i nothing is typed into the container: ^C then is a signal to this program.
    if (!streams.tty() || !streams.interactive()) {
      return relay(running, Optional.empty());
    }
    try (RawTerminal terminal = new RawTerminal(STDIN)) {
      return relay(running, Optional.of(terminal));
    }
  }

  private Exit relay(Running running, Optional<RawTerminal> terminal) throws IOException {
    signals.attached(running, streams.tty(), terminal);
    try {
      if (!streams.interactive()) {
        return output(running);
      }
      try (StdinPump input =
          new StdinPump(running, console, terminal.map(raw -> keys), !streams.output())) {
        input.start();
        return output(running);
      }
    } finally {
      signals.over();
    }
  }

  private Exit output(Running running) throws IOException {
    ForwardedOutput output = new ForwardedOutput(streams, running, remove);
    Exit exit = running.relay(output);
    output.throwIfFailed();
    return exit;
  }

  /**
   * The container's output for as long as it can be written. When its reader goes ({@code run ... |
   * head -1}), this program ends of SIGPIPE, and the container goes on without it, as with Docker.
   * One that is to be removed has nobody who would do that later: it is killed first.
   */
  private static final class ForwardedOutput implements Output {
    private static final int SIGKILL = 9;

    private final ProcessOutput output = new ProcessOutput();
    private final Streams streams;
    private final Running running;
    private final boolean remove;
    private Optional<KernelException> failure = Optional.empty();

    ForwardedOutput(Streams streams, Running running, boolean remove) {
      this.streams = streams;
      this.running = running;
      this.remove = remove;
    }

    @Override
    public void stdout(byte[] buffer, int offset, int length) throws IOException {
      if (failure.isEmpty() && streams.stdout()) {
        try {
          output.stdout(buffer, offset, length);
        } catch (KernelException e) {
          end(e);
        }
      }
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) throws IOException {
      if (failure.isEmpty() && streams.stderr()) {
        try {
          output.stderr(buffer, offset, length);
        } catch (KernelException e) {
          end(e);
        }
      }
    }

    void throwIfFailed() throws KernelException {
      if (failure.isPresent()) {
        throw failure.get();
      }
    }

    private void end(KernelException e) throws IOException {
      if (!remove) {
        throw e;
      }
      failure = Optional.of(e);
      running.signal(SIGKILL);
    }
  }
}
