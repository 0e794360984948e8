package dev.mydocker.cli;

import dev.mydocker.testing.Cli;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Many command lines in one JVM beside that of the tests, whose signals they would take. */
final class CommandLines {
  private CommandLines() {}

  /** What one of them gave. */
  record Result(int code, String out, String err) {}

  /**
   * Runs them one after the other.
   *
   * @param scratch an empty directory
   */
  static List<Result> run(Path scratch, List<List<String>> lines) throws IOException {
    for (int i = 0; i < lines.size(); i++) {
      Files.writeString(scratch.resolve(i + ".line"), String.join("\0", lines.get(i)));
    }
    List<String> command = Cli.jvm(CommandLines.class.getName());
    command.add(scratch.toString());
    Cli.Result all = Cli.end(Cli.start(command), new byte[0]);
    if (all.code() != 0) {
      throw new IOException(all.out() + all.err());
    }
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      results.add(
          new Result(
              Integer.parseInt(Files.readString(scratch.resolve(i + ".code"))),
              Files.readString(scratch.resolve(i + ".out")),
              Files.readString(scratch.resolve(i + ".err"))));
    }
    return results;
  }

  public static void main(String[] arguments) throws IOException {
    Path scratch = Path.of(arguments[0]);
    for (int i = 0; Files.exists(scratch.resolve(i + ".line")); i++) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      String line = Files.readString(scratch.resolve(i + ".line"), StandardCharsets.UTF_8);
      int code = new Main(new Console(out, err)).run(line.split("\0", -1));
      Files.write(scratch.resolve(i + ".out"), out.toByteArray());
      Files.write(scratch.resolve(i + ".err"), err.toByteArray());
      Files.writeString(scratch.resolve(i + ".code"), Integer.toString(code));
    }
    System.exit(0);
  }
}
