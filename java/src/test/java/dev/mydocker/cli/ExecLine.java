package dev.mydocker.cli;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestContainer;
import java.util.List;

/** {@code exec} in a process of its own: its signals are not those of the tests. */
final class ExecLine {
  private ExecLine() {}

  /** The command line; among the arguments the container is called {@code box}. */
  static List<String> of(TestContainer box, String... arguments) {
    List<String> command = Cli.jvm();
    command.add("exec");
    for (String argument : arguments) {
      command.add(argument.equals("box") ? box.id() : argument);
    }
    return command;
  }
}
