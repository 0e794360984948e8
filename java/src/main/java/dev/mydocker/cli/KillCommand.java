package dev.mydocker.cli;

import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Signal;
import java.util.List;

/** {@code mydocker kill}. */
final class KillCommand extends ContainersCommand {

  KillCommand() {
    super("kill");
  }

  @Override
  public String summary() {
    return "Send a signal to containers, SIGKILL unless another is named";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("SIGNAL", "Which: KILL (default), HUP, 9, RTMIN+3", "-s", "--signal");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker kill web", "mydocker kill -s HUP web");
  }

  @Override
  Action action(Flags.Parsed arguments) throws UsageException {
    Signal signal;
    try {
      signal = Signal.parse(arguments.value("--signal").orElse("KILL"));
    } catch (OptionException e) {
      throw new UsageException("--signal: " + e.getMessage(), e);
    }
    return (container, reference) -> {
      container.signal(signal);
      return reference;
    };
  }
}
