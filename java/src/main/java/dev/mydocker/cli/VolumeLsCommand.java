package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Volume;
import dev.mydocker.engine.Volumes;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker volume ls}. */
final class VolumeLsCommand implements Command {
  private static final Map<String, String> HEADINGS = Map.of("Name", "VOLUME NAME");

  @Override
  public String synopsis() {
    return "volume ls [OPTIONS]";
  }

  @Override
  public String summary() {
    return "List volumes";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .list("NAME=VALUE", "Only those: dangling, driver, label or name", "-f", "--filter")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format")
        .toggle("Print names only", "-q", "--quiet")
        .later(" --cluster ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker volume ls",
        "mydocker volume ls -q --filter dangling=true",
        "mydocker volume ls --format '{{.Name}}: {{.Mountpoint}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    VolumeFilter filter = VolumeFilter.parse(arguments.all("--filter"), VolumeFilter.OF_LISTS);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Volumes volumes = engine.volumes();
    Map<String, List<String>> users = volumes.users();
    List<Json.Obj> rows = new ArrayList<>();
    for (Volume volume : volumes.list()) {
      if (filter.matches(volume, users.keySet())) {
        rows.add(row(volume, users.getOrDefault(volume.name(), List.of()).size()));
        warn(session.console(), volume);
      }
    }
    session.console().out(format(arguments).render(rows, HEADINGS));
    return 0;
  }

  private static void warn(Console console, Volume volume) {
    if (volume.damage().isPresent()) {
      console.warning(
          "volume ls: "
              + volume.name()
              + " is damaged: its record "
              + volume.damage().get()
              + ": save what is in "
              + volume.content()
              + " and remove it with mydocker volume rm "
              + volume.name());
    }
  }

  private static Format format(Flags.Parsed arguments) throws UsageException {
    Optional<String> given = arguments.value("--format");
    if (given.isPresent() && !given.get().equals("table")) {
      return Format.parse(given.get());
    }
    return Format.parse(arguments.on("--quiet") ? "{{.Name}}" : "table {{.Driver}}\\t{{.Name}}");
  }

  private static Json.Obj row(Volume volume, int links) {
    List<String> labels = new ArrayList<>();
    volume.labels().forEach((name, value) -> labels.add(name + "=" + value));
    return Json.object()
        .put("Driver", Volume.DRIVER)
        .put("Name", volume.name())
        .put("Labels", String.join(",", labels))
        .put("Links", Integer.toString(links))
        .put("Mountpoint", volume.content().toString())
        .put("Scope", "local")
        .build();
  }
}
