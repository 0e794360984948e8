package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.network.NetworkException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker network rm}. */
final class NetworkRmCommand implements Command {

  @Override
  public String synopsis() {
    return "network rm [OPTIONS] NETWORK [NETWORK...]";
  }

  @Override
  public String summary() {
    return "Remove networks that nobody is in";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("One that is not there is no failure", "-f", "--force");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker network rm front", "mydocker network rm -f front back");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one network");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean failed = false;
    for (String name : arguments.arguments()) {
      try {
        engine.removeNetwork(name);
        session.console().out(name + "\n");
      } catch (NetworkException e) {
        if (!arguments.on("--force") || e.kind() != NetworkException.Kind.NOT_FOUND) {
          session.console().error("network rm: " + e.getMessage());
          failed = true;
        }
      }
    }
    return failed ? 1 : 0;
  }
}
