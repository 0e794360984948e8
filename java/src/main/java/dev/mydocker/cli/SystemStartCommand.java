package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.util.List;

/** {@code mydocker system start}. */
final class SystemStartCommand implements Command {

  @Override
  public String synopsis() {
    return "system start";
  }

  @Override
  public String summary() {
    return "After a reboot, start the containers that are to run always";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker system start");
  }

  @Override
  public String notes() {
    return "Those with --restart always, and those with --restart unless-stopped that no user has\n"
        + "stopped, in the order they were made. It prints the names of those that it has"
        + " started;\n"
        + "what runs is left alone. contrib/mydocker.service runs it at each boot.\n";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments: see mydocker start");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean failed = false;
    for (ContainerInfo wanted : engine.wanted()) {
      try {
        if (start(engine, wanted.id())) {
          session.console().out(wanted.name() + "\n");
        }
      } catch (IOException e) {
        session.console().error("system start: " + wanted.name() + ": " + e.getMessage());
        failed = true;
      }
    }
    return failed ? 1 : 0;
  }

  /** False when somebody else has started or removed it since the look. */
  private static boolean start(Engine engine, String id) throws IOException {
    try {
      Container container = engine.find(id);
      container.startDetached(container.stdio());
      return true;
    } catch (ContainerException e) {
      if (e.kind() == ContainerException.Kind.NOT_FOUND || isThere(engine, id)) {
        return false;
      }
      throw e;
    }
  }

  private static boolean isThere(Engine engine, String id) throws IOException {
    ContainerState state = engine.find(id).info().state();
    return state.isRunning() || state == ContainerState.RESTARTING;
  }
}
