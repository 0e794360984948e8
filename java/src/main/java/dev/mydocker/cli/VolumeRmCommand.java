package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.VolumeException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker volume rm}. */
final class VolumeRmCommand implements Command {

  @Override
  public String synopsis() {
    return "volume rm [OPTIONS] VOLUME [VOLUME...]";
  }

  @Override
  public String summary() {
    return "Remove volumes and what is in them";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("One that is not there is no failure", "-f", "--force");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker volume rm data", "mydocker volume rm -f data cache");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one volume");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean failed = false;
    for (String name : arguments.arguments()) {
      try {
        engine.volumes().remove(name);
      } catch (IOException e) {
        if (!arguments.on("--force") || !isMissing(e)) {
          session.console().error("volume rm: " + e.getMessage());
          failed = true;
          continue;
        }
      }
      session.console().out(name + "\n");
    }
    return failed ? 1 : 0;
  }

  private static boolean isMissing(IOException failure) {
    return failure instanceof VolumeException volume
        && volume.kind() == VolumeException.Kind.NOT_FOUND;
  }
}
