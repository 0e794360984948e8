package dev.mydocker.cli;

import dev.mydocker.engine.ContainerState;
import java.util.List;

/** {@code mydocker start}. */
final class StartCommand extends ContainersCommand {

  StartCommand() {
    super("start");
  }

  @Override
  public String summary() {
    return "Start containers that were made or have stopped";
  }

  @Override
  public Flags flags() {
    return new Flags().later(" -a --attach -i --interactive --detach-keys ");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker start web", "mydocker start web db");
  }

  @Override
  Action action(Flags.Parsed arguments) {
    return (container, reference) -> {
      if (container.info().state() != ContainerState.RUNNING) {
        container.startDetached(container.stdio());
      }
      return reference;
    };
  }
}
