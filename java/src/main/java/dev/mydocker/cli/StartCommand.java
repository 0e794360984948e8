package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import java.io.IOException;
import java.util.List;

/** {@code mydocker start}. */
final class StartCommand extends ContainersCommand {

  StartCommand() {
    super("start");
  }

  @Override
  public String summary() {
    return "Start containers that were made or have stopped";
  }

  @Override
  public Flags flags() {
    Flags flags =
        new Flags()
            .group("Options")
            .toggle("Stay with it: see what it prints, exit as it does", "-a", "--attach")
            .toggle("Stay with it, and type into it", "-i", "--interactive");
    return DetachKeys.declare(flags);
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker start web", "mydocker start web db", "mydocker start -ai shell");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    DetachKeys keys = DetachKeys.of(arguments);
    if (!arguments.on("--attach") && !arguments.on("--interactive")) {
      return super.run(arguments, session);
    }
    if (arguments.arguments().size() != 1) {
      throw new UsageException("with -a or -i it needs one container, and not several");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(arguments.arguments().get(0));
    Streams its = AttachCommand.streams(container);
    Streams lent = new Streams(its.tty(), its.interactive() && arguments.on("--interactive"));
    return container.info().state() == ContainerState.RUNNING
        ? AttachCommand.attach(container, lent, keys, session, true)
        : start(container, its, lent, keys, session);
  }

  private static int start(
      Container container, Streams its, Streams lent, DetachKeys keys, Session session)
      throws IOException {
    SignalRelay signals = new SignalRelay(!its.tty());
    try {
      signals.launching();
      try (Running running = container.start(its.stdio())) {
        boolean remove = container.info().settings().remove();
        return new Foreground(lent, remove, keys, session.console(), signals)
            .run(running)
            .map(Exit::code)
            .orElse(0);
      }
    } finally {
      signals.over();
    }
  }

  @Override
  Action action(Flags.Parsed arguments) {
    return (container, reference) -> {
      if (container.info().state() != ContainerState.RUNNING) {
        container.startDetached(container.stdio());
      }
      return reference;
    };
  }
}
