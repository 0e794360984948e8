package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Volume;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker volume create}. */
final class VolumeCreateCommand implements Command {

  @Override
  public String synopsis() {
    return "volume create [OPTIONS] [VOLUME]";
  }

  @Override
  public String summary() {
    return "Make a volume; without a name it gets 64 hexadecimal digits";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("DRIVER", "Who keeps it: local", "-d", "--driver")
        .list("NAME=VALUE", "Give it a label", "--label")
        .list("NAME=VALUE", "type=none, o=bind and device=DIR of this host", "-o", "--opt")
        .later(
            " --availability --group --limit-bytes --required-bytes --scope --secret --sharing"
                + " --topology-preferred --topology-required --type ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker volume create data",
        "mydocker volume create --label stage=test data",
        "mydocker volume create -o type=none -o o=bind -o device=/srv/data data");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> names = arguments.arguments();
    if (names.size() > 1) {
      throw new UsageException("it takes at most one name");
    }
    DriverFlags.requireDriver(arguments, Volume.DRIVER);
    Optional<String> name =
        names.isEmpty() || names.get(0).isEmpty() ? Optional.empty() : Optional.of(names.get(0));
    Map<String, String> labels = RunFlags.labels(arguments.all("--label"));
    Map<String, String> options = DriverFlags.options(arguments);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    try {
      Volume volume = engine.volumes().create(name, labels, options);
      session.console().out(volume.name() + "\n");
      return 0;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }
}
