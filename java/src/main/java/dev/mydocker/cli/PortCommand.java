package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.util.List;

/** {@code mydocker port}: no container has published ports yet. */
final class PortCommand implements Command {
  @Override
  public String synopsis() {
    return "port CONTAINER [PORT[/PROTOCOL]]";
  }

  @Override
  public String summary() {
    return "List the ports of a container that the host serves";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker port web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> words = arguments.arguments();
    if (words.isEmpty() || words.size() > 2) {
      throw new UsageException("it needs one container");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(words.get(0));
    if (words.size() == 2) {
      String name = container.info().name();
      session.console().error("port: no public port '" + words.get(1) + "' published for " + name);
      return 1;
    }
    return 0;
  }
}
