package dev.mydocker.cli;

import dev.mydocker.engine.ContainerChange;
import dev.mydocker.engine.RestartPolicy;
import dev.mydocker.spec.Limits;
import dev.mydocker.spec.OptionException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker update}. */
final class UpdateCommand extends ContainersCommand {

  UpdateCommand() {
    super("update");
  }

  @Override
  public String summary() {
    return "Change the limits of containers, running or not";
  }

  @Override
  public Flags flags() {
    return RunFlags.declareLimits(new Flags())
        .value("POLICY", "When it ends: no, on-failure[:N], always, unless-stopped", "--restart");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker update -m 512m --memory-swap 1g web", "mydocker update --cpus 2 a b");
  }

  @Override
  public String notes() {
    return "Either all of it is changed, or nothing.\n";
  }

  @Override
  Action action(Flags.Parsed arguments) throws UsageException {
    ContainerChange change = new ContainerChange(RunFlags.limits(arguments), restart(arguments));
    if (change.limits().equals(Limits.NONE) && change.restart().isEmpty()) {
      throw new UsageException("it needs at least one flag that says what to change");
    }
    return (container, reference) -> {
      container.update(change);
      return reference;
    };
  }

  private static Optional<RestartPolicy> restart(Flags.Parsed arguments) throws UsageException {
    Optional<String> text = arguments.value("--restart");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(RestartPolicy.parse(text.get()));
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
