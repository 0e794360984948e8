package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerStats;
import dev.mydocker.engine.Engine;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Pause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** {@code mydocker stats}. */
final class StatsCommand implements Command {
  private static final Map<String, String> HEADINGS =
      Map.of(
          "ID",
          "CONTAINER ID",
          "CPUPerc",
          "CPU %",
          "MemUsage",
          "MEM USAGE / LIMIT",
          "MemPerc",
          "MEM %",
          "NetIO",
          "NET I/O",
          "BlockIO",
          "BLOCK I/O",
          "CPUPressure",
          "CPU PSI",
          "MemPressure",
          "MEM PSI",
          "IOPressure",
          "IO PSI");
  private static final int ID_LENGTH = 12;
  private static final int PERIOD_MILLISECONDS = 1000;
  private static final String CLEAR_SCREEN = "\u001b[H\u001b[2J";

  @Override
  public String synopsis() {
    return "stats [OPTIONS] [CONTAINER...]";
  }

  @Override
  public String summary() {
    return "Show what containers use of the host, second by second";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Those that do not run as well", "-a", "--all")
        .value("TEMPLATE", "Print by a Go template, table ... or json", "--format")
        .toggle("Print once", "--no-stream")
        .toggle("Do not shorten ids", "--no-trunc");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker stats", "mydocker stats --no-stream --format '{{.Name}} {{.CPUPerc}}' web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    Format format = format(arguments);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Set<String> named = new LinkedHashSet<>();
    for (String reference : arguments.arguments()) {
      named.add(engine.find(reference).id());
    }
    boolean live = !arguments.on("--no-stream");
    String before = live && WindowSize.of(1).isPresent() ? CLEAR_SCREEN : "";
    Map<String, ContainerStats> last = look(engine, shown(engine, named, arguments));
    do {
      Pause.milliseconds(PERIOD_MILLISECONDS);
      List<ContainerInfo> containers = shown(engine, named, arguments);
      Map<String, ContainerStats> now = look(engine, containers);
      List<Json.Obj> rows = new ArrayList<>();
      for (ContainerInfo container : containers) {
        rows.add(row(container, last, now, arguments.on("--no-trunc")));
      }
      session.console().out(before + format.render(rows, HEADINGS));
      last = now;
    } while (live);
    return 0;
  }

  private static Format format(Flags.Parsed arguments) throws UsageException {
    Optional<String> given = arguments.value("--format");
    return Format.parse(
        given.isPresent() && !given.get().equals("table")
            ? given.get()
            : "table {{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}"
                + "\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}");
  }

  /** Those that are named, or all that run (or all), the newest first. */
  private static List<ContainerInfo> shown(Engine engine, Set<String> named, Flags.Parsed arguments)
      throws IOException {
    List<ContainerInfo> shown = new ArrayList<>();
    for (ContainerInfo container : engine.containers()) {
      boolean wanted = arguments.on("--all") || container.state().isRunning();
      if (named.isEmpty() ? wanted : named.contains(container.id())) {
        shown.add(container);
      }
    }
    shown.sort(Comparator.comparing(ContainerInfo::created).reversed());
    return shown;
  }

  private static Map<String, ContainerStats> look(Engine engine, List<ContainerInfo> containers)
      throws IOException {
    Map<String, ContainerStats> found = new HashMap<>();
    for (ContainerInfo info : containers) {
      try {
        Container container = engine.find(info.id());
        found.put(info.id(), container.stats());
      } catch (ContainerException e) {
        // It does not run, or has gone: it has no numbers.
        found.remove(info.id());
      }
    }
    return found;
  }

  private static Json.Obj row(
      ContainerInfo container,
      Map<String, ContainerStats> before,
      Map<String, ContainerStats> now,
      boolean whole) {
    String id = whole ? container.id() : container.id().substring(0, ID_LENGTH);
    Json.Builder row =
        Json.object().put("Container", id).put("Name", container.name()).put("ID", id);
    if (!now.containsKey(container.id())) {
      return row.put("CPUPerc", "--")
          .put("MemUsage", "-- / --")
          .put("MemPerc", "--")
          .put("NetIO", "--")
          .put("BlockIO", "--")
          .put("PIDs", "--")
          .put("CPUPressure", "--")
          .put("MemPressure", "--")
          .put("IOPressure", "--")
          .build();
    }
    ContainerStats stats = now.get(container.id());
    ContainerStats earlier = before.getOrDefault(container.id(), stats);
    return row.put("CPUPerc", percent(stats.cpuPercent(earlier)))
        .put(
            "MemUsage",
            Human.memory(stats.usage().memory())
                + " / "
                + Human.memory(stats.usage().memoryLimit()))
        .put("MemPerc", percent(stats.memoryPercent()))
        .put("NetIO", both(stats.received(), stats.sent()))
        .put("BlockIO", both(stats.usage().read(), stats.usage().written()))
        .put("PIDs", Long.toString(stats.usage().pids()))
        .put("CPUPressure", percent(stats.pressure().cpu()))
        .put("MemPressure", percent(stats.pressure().memory()))
        .put("IOPressure", percent(stats.pressure().io()))
        .build();
  }

  private static String percent(OptionalDouble value) {
    return value.isPresent() ? percent(value.getAsDouble()) : "--";
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f%%", value);
  }

  private static String both(long in, long out) {
    return Human.size(in, 3) + " / " + Human.size(out, 3);
  }
}
