package dev.mydocker.cli;

import java.util.List;

/** {@code mydocker wait}. */
final class WaitCommand extends ContainersCommand {

  WaitCommand() {
    super("wait");
  }

  @Override
  public String summary() {
    return "Wait until containers have ended, and print their exit codes";
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker wait build");
  }

  @Override
  Action action(Flags.Parsed arguments) {
    return (container, reference) ->
        container.await().map(exit -> Integer.toString(exit.code())).orElse("0");
  }
}
