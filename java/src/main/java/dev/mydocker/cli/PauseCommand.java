package dev.mydocker.cli;

/** {@code mydocker pause} and {@code mydocker unpause}. */
final class PauseCommand extends ContainersCommand {
  private final boolean pause;

  /**
   * The command.
   *
   * @param pause false for unpause
   */
  PauseCommand(boolean pause) {
    super(pause ? "pause" : "unpause");
    this.pause = pause;
  }

  @Override
  public String summary() {
    return pause
        ? "Stop the processes of containers where they are"
        : "Let paused containers go on";
  }

  @Override
  Action action(Flags.Parsed arguments) {
    return (container, reference) -> {
      if (pause) {
        container.pause();
      } else {
        container.unpause();
      }
      return reference;
    };
  }
}
