package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.network.NetworkException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker network rm}. */
final class NetworkRmCommand extends RemoveCommand {
  NetworkRmCommand() {
    super("network");
  }

  @Override
  public String summary() {
    return "Remove networks that nobody is in";
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker network rm front", "mydocker network rm -f front back");
  }

  @Override
  void remove(Engine engine, String name) throws IOException {
    engine.removeNetwork(name);
  }

  @Override
  boolean isMissing(IOException failure) {
    return failure instanceof NetworkException reason
        && reason.kind() == NetworkException.Kind.NOT_FOUND;
  }

  @Override
  boolean printsMissing() {
    return false;
  }
}
