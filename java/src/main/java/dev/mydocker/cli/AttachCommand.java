package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker attach}. */
final class AttachCommand implements Command {
  @Override
  public String synopsis() {
    return "attach [OPTIONS] CONTAINER";
  }

  @Override
  public String summary() {
    return "See what a running container prints from now on, and type into it";
  }

  @Override
  public Flags flags() {
    return DetachKeys.declare(new Flags().group("Options"))
        .toggle("Leave its standard input alone", "--no-stdin")
        .toggle("Pass signals on to one without a terminal (default true)", "--sig-proxy");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker attach shell", "mydocker attach --no-stdin --sig-proxy=false web");
  }

  @Override
  public String notes() {
    return "Any number may be attached to one container, which goes on when they leave. The exit\n"
        + "code is the container's; 0 when it was left by the keys. Where it has no terminal, the\n"
        + "end of this program's input is the end of the container's.\n";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs one container");
    }
    DetachKeys keys = DetachKeys.of(arguments);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(arguments.arguments().get(0));
    Streams streams = streams(container);
    if (arguments.on("--no-stdin")) {
      streams = new Streams(streams.tty(), false);
    }
    if (streams.tty() && streams.interactive() && Linux.isatty(0) != 1) {
      session.console().error("attach: the input device is not a TTY: add --no-stdin");
      return 1;
    }
    return attach(container, streams, keys, session, arguments.on("--sig-proxy", true));
  }

  /** Stays with a container that runs; gives the exit code. */
  static int attach(
      Container container, Streams streams, DetachKeys keys, Session session, boolean proxy)
      throws IOException {
    SignalRelay signals = new SignalRelay(proxy && !streams.tty());
    try (Running running = container.attach(streams.interactive())) {
      if (streams.tty()) {
        redraw(running);
      }
      return new Foreground(streams, false, keys, session.console(), signals)
          .run(running)
          .map(Exit::code)
          .orElse(0);
    } finally {
      signals.over();
    }
  }

  /** What is on its terminal was shown to others: a change of size has it shown again. */
  private static void redraw(Running running) throws IOException {
    Optional<WindowSize> size = WindowSize.ofProcess();
    if (size.isPresent()) {
      running.resize(size.get().rows() + 1, size.get().columns());
      running.resize(size.get().rows(), size.get().columns());
    }
  }

  /** What a container was made with. */
  static Streams streams(Container container) throws IOException {
    boolean tty = container.spec().process().map(Spec.Process::terminal).orElse(false);
    return new Streams(tty, container.info().settings().interactive());
  }
}
