package dev.mydocker.cli;

import dev.mydocker.engine.CreateRequest;
import dev.mydocker.launch.Stdio;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A command line of {@code run}, as the engine sees it: for tests in other rooms. */
public record RunLine(CreateRequest request, Stdio stdio) {

  /**
   * Parses what stands after {@code run}.
   *
   * @throws IOException when it is wrong, with the sentence that the user would see
   */
  public static RunLine parse(List<String> arguments) throws IOException {
    try {
      Flags.Parsed parsed = RunFlags.declare().parse(arguments, false);
      RunRequest request = RunFlags.read(parsed, Map.of());
      return new RunLine(
          request.create(),
          new Streams(request.options().tty(), request.options().interactive()).stdio());
    } catch (UsageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
