package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker rename}. */
final class RenameCommand implements Command {

  @Override
  public String synopsis() {
    return "rename CONTAINER NEW_NAME";
  }

  @Override
  public String summary() {
    return "Give a container another name";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker rename calm_fox web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 2) {
      throw new UsageException("it needs a container and its new name");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    try {
      engine.find(arguments.arguments().get(0)).rename(arguments.arguments().get(1));
      return 0;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
