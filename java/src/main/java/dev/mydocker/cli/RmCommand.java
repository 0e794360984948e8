package dev.mydocker.cli;

import dev.mydocker.engine.ContainerException;
import java.util.List;

/** {@code mydocker rm}. */
final class RmCommand extends ContainersCommand {

  RmCommand() {
    super("rm");
  }

  @Override
  public String summary() {
    return "Remove containers and what they wrote";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Kill those that run", "-f", "--force")
        .toggle("Their volumes without a name too", "-v", "--volumes")
        .later(" -l --link ");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker rm web", "mydocker rm -f -v web db");
  }

  @Override
  Action action(Flags.Parsed arguments) {
    boolean force = arguments.on("--force");
    boolean volumes = arguments.on("--volumes");
    return (container, reference) -> {
      container.remove(force, volumes);
      return reference;
    };
  }

  @Override
  boolean isSuccess(Flags.Parsed arguments, Exception failure) {
    return arguments.on("--force")
        && failure instanceof ContainerException container
        && container.kind() == ContainerException.Kind.NOT_FOUND;
  }
}
