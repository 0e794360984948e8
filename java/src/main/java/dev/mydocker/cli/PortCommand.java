package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.HostPort;
import java.io.IOException;
import java.util.List;

/** {@code mydocker port}. */
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
    String wanted = words.size() == 1 ? "" : words.get(1);
    String inside = wanted.isEmpty() || wanted.contains("/") ? wanted : wanted + "/tcp";
    StringBuilder out = new StringBuilder();
    for (Endpoint endpoint : container.endpoints()) {
      for (HostPort port : endpoint.ports()) {
        if (wanted.isEmpty()) {
          out.append(port.inside()).append(" -> ").append(port.outside()).append('\n');
        } else if (port.inside().equals(inside)) {
          out.append(port.outside()).append('\n');
        }
      }
    }
    session.console().out(out.toString());
    if (out.length() == 0 && !wanted.isEmpty()) {
      String name = container.info().name();
      session.console().error("port: no public port '" + wanted + "' published for " + name);
      return 1;
    }
    return 0;
  }
}
