package dev.mydocker.cli;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestContainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code exec} in a process of its own: its signals are not those of the tests.
 *
 * <p>Arguments: the container's id and its first process, then what stands behind {@code exec}.
 */
final class ExecLine {
  private ExecLine() {}

  /** The command line of {@link #main}; the container is called {@code box}. */
  static List<String> of(TestContainer box, String... arguments) {
    List<String> command = new ArrayList<>(Cli.jvm(System.getProperty("java.class.path")));
    command.set(command.size() - 1, ExecLine.class.getName());
    command.addAll(List.of(box.id(), Integer.toString(box.pid())));
    command.addAll(List.of(arguments));
    return command;
  }

  public static void main(String[] arguments) {
    ExecCommand command =
        new ExecCommand(
            (engine, reference, options) -> {
              if (!reference.equals("box")) {
                throw new IOException("No such container: " + reference);
              }
              return engine.exec(arguments[0], Integer.parseInt(arguments[1]), options);
            });
    List<String> rest = Arrays.asList(arguments).subList(2, arguments.length);
    System.exit(new Main(Console.ofProcess()).run(command, "exec", rest, System.getenv()));
  }
}
