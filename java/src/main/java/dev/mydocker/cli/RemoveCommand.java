package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * {@code network rm} and {@code volume rm}: each name is tried, and the exit code says whether all
 * went well.
 */
abstract class RemoveCommand implements Command {
  private final String noun;

  /**
   * Of one kind.
   *
   * @param noun network or volume
   */
  RemoveCommand(String noun) {
    this.noun = noun;
  }

  /** Removes one. */
  abstract void remove(Engine engine, String name) throws IOException;

  /** Whether a failure says that there is no such one. */
  abstract boolean isMissing(IOException failure);

  /** Whether one that was not there, with {@code -f}, is printed as removed, as with Docker. */
  abstract boolean printsMissing();

  @Override
  public final String synopsis() {
    String name = noun.toUpperCase(Locale.ROOT);
    return noun + " rm [OPTIONS] " + name + " [" + name + "...]";
  }

  @Override
  public final Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("One that is not there is no failure", "-f", "--force");
  }

  @Override
  public final int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> names = arguments.arguments();
    if (names.isEmpty()) {
      throw new UsageException("it needs at least one " + noun);
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean failed = false;
    for (String name : names) {
      boolean gone = true;
      try {
        remove(engine, name);
      } catch (IOException e) {
        boolean missing = arguments.on("--force") && isMissing(e);
        gone = missing && printsMissing();
        if (!missing) {
          session.console().error(noun + " rm: " + e.getMessage());
          failed = true;
        }
      }
      if (gone) {
        session.console().out(name + "\n");
      }
    }
    return failed ? 1 : 0;
  }
}
