package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;

/**
 * A command that does one thing with each of the containers that it is given. Each is tried; what
 * worked is named on the standard output, as it was given, and the exit code says whether all did.
 */
abstract class ContainersCommand implements Command {
  private final String name;

  ContainersCommand(String name) {
    this.name = name;
  }

  /** What is done with one container. */
  interface Action {
    /**
     * Does it.
     *
     * @return what is printed of it
     */
    String on(Container container, String reference) throws IOException, OptionException;
  }

  /**
   * Reads the flags once, before the first container.
   *
   * @throws UsageException when one has a bad value
   */
  abstract Action action(Flags.Parsed arguments) throws UsageException;

  @Override
  public String synopsis() {
    return name + " [OPTIONS] CONTAINER [CONTAINER...]";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker " + name + " web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one container");
    }
    Action action = action(arguments);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean failed = false;
    for (String reference : arguments.arguments()) {
      try {
        session.console().out(action.on(engine.find(reference), reference) + "\n");
      } catch (IOException | OptionException e) {
        session.console().error(name + ": " + e.getMessage());
        failed |= !isSuccess(arguments, e);
      }
    }
    return failed ? 1 : 0;
  }

  /** Whether a failure counts as none, though it is told. */
  boolean isSuccess(Flags.Parsed arguments, Exception failure) {
    return false;
  }
}
