package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.VolumeException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker volume rm}. */
final class VolumeRmCommand extends RemoveCommand {
  VolumeRmCommand() {
    super("volume");
  }

  @Override
  public String summary() {
    return "Remove volumes and what is in them";
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker volume rm data", "mydocker volume rm -f data cache");
  }

  @Override
  void remove(Engine engine, String name) throws IOException {
    engine.volumes().remove(name);
  }

  @Override
  boolean isMissing(IOException failure) {
    return failure instanceof VolumeException reason
        && reason.kind() == VolumeException.Kind.NOT_FOUND;
  }

  @Override
  boolean printsMissing() {
    return true;
  }
}
