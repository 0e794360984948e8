package dev.mydocker.cli;

import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Signal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code mydocker stop} and {@code mydocker restart}. */
final class StopCommand extends ContainersCommand {
  private final boolean restart;

  /**
   * The command.
   *
   * @param restart whether it is started again
   */
  StopCommand(boolean restart) {
    super(restart ? "restart" : "stop");
    this.restart = restart;
  }

  @Override
  public String summary() {
    return restart ? "Stop containers and start them again" : "Stop containers";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("SIGNAL", "What is sent first, instead of their own", "-s", "--signal")
        .value("SECONDS", "How long until SIGKILL, -1 for ever", "-t", "--time", "--timeout");
  }

  @Override
  public List<String> examples() {
    String name = restart ? "restart" : "stop";
    return List.of("mydocker " + name + " web", "mydocker " + name + " -t 2 web db");
  }

  @Override
  Action action(Flags.Parsed arguments) throws UsageException {
    Optional<Signal> signal = signal(arguments);
    Optional<String> time = arguments.value("--time");
    OptionalInt seconds =
        time.isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of(WholeNumber.parse("--time", time.get()));
    return (container, reference) -> {
      if (restart) {
        container.restart(signal, seconds);
      } else {
        container.stop(signal, seconds);
      }
      return reference;
    };
  }

  private static Optional<Signal> signal(Flags.Parsed arguments) throws UsageException {
    Optional<String> text = arguments.value("--signal");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Signal.parse(text.get()));
    } catch (OptionException e) {
      throw new UsageException("--signal: " + e.getMessage(), e);
    }
  }
}
