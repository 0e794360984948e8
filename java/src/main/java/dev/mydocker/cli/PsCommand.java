package dev.mydocker.cli;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerSizes;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Health;
import dev.mydocker.engine.HealthStatus;
import dev.mydocker.json.Json;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.HostPort;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code mydocker ps}. */
final class PsCommand implements Command {
  private static final Map<String, String> HEADINGS =
      Map.of(
          "ID",
          "CONTAINER ID",
          "RunningFor",
          "CREATED",
          "CreatedAt",
          "CREATED AT",
          "State",
          "STATE");
  private static final int COMMAND_LENGTH = 20;
  private static final int ID_LENGTH = 12;

  /** As Docker shows the size of one that was not asked for. */
  private static final String NO_SIZE = "0B";

  @Override
  public String synopsis() {
    return "ps [OPTIONS]";
  }

  @Override
  public String summary() {
    return "List containers";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Those that do not run as well", "-a", "--all")
        .list("NAME=VALUE", "Only some: status, health, name, label, volume ...", "-f", "--filter")
        .value("TEMPLATE", "Print by a Go template, table ... or json", "--format")
        .value("N", "The last N, running or not", "-n", "--last")
        .toggle("The last one, running or not", "-l", "--latest")
        .toggle("Do not shorten ids and commands", "--no-trunc")
        .toggle("Print ids only", "-q", "--quiet")
        .toggle("What each has written, and how large it is with its image", "-s", "--size");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker ps -a", "mydocker ps --filter status=exited --format '{{.Names}}: {{.Status}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    ContainerFilter filter = ContainerFilter.parse(arguments.all("--filter"), engine);
    int last = last(arguments);
    List<ContainerInfo> shown = new ArrayList<>();
    for (ContainerInfo container : newestFirst(engine.containers())) {
      boolean listed =
          arguments.on("--all")
              || last >= 0
              || filter.choosesStates()
              || container.state().isRunning()
              || container.state() == ContainerState.RESTARTING;
      if (listed && (last < 0 || shown.size() < last) && filter.matches(container)) {
        shown.add(container);
      }
    }
    Format format = format(arguments);
    boolean sized = arguments.on("--size") && !arguments.on("--quiet") || format.names("Size");
    ContainerSizes sizes = engine.sizes();
    List<Endpoint> endpoints = engine.endpoints();
    List<Json.Obj> rows = new ArrayList<>();
    for (ContainerInfo container : shown) {
      String size = sized ? size(sizes.of(container.id())) : NO_SIZE;
      rows.add(
          row(
              container,
              size,
              arguments.on("--no-trunc"),
              Instant.now(),
              ports(container, endpoints)));
    }
    session.console().out(format.render(rows, HEADINGS));
    return 0;
  }

  private static List<ContainerInfo> newestFirst(List<ContainerInfo> containers) {
    List<ContainerInfo> out = new ArrayList<>(containers);
    out.sort(Comparator.comparing(ContainerInfo::created).reversed());
    return out;
  }

  private static int last(Flags.Parsed arguments) throws UsageException {
    if (arguments.on("--latest")) {
      return 1;
    }
    Optional<String> text = arguments.value("--last");
    return text.isEmpty() ? -1 : WholeNumber.parse("--last", text.get());
  }

  private static Format format(Flags.Parsed arguments) throws UsageException {
    Optional<String> given = arguments.value("--format");
    if (given.isPresent() && !given.get().equals("table")) {
      return Format.parse(given.get());
    }
    if (arguments.on("--quiet")) {
      return Format.parse("{{.ID}}");
    }
    return Format.parse(
        "table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}"
            + "\\t{{.Names}}"
            + (arguments.on("--size") ? "\\t{{.Size}}" : ""));
  }

  private static String size(ContainerSizes.Size size) {
    return Human.size(size.written(), 3) + " (virtual " + Human.size(size.root(), 3) + ")";
  }

  private static Json.Obj row(
      ContainerInfo container, String size, boolean whole, Instant now, String ports) {
    return Json.object()
        .put("ID", whole ? container.id() : container.id().substring(0, ID_LENGTH))
        .put("Image", container.image())
        .put("Command", command(container, whole))
        .put("CreatedAt", ImageColumns.date(container.created()))
        .put("RunningFor", ago(container.created(), now))
        .put("State", container.state().text())
        .put("Status", status(container, now))
        .put("Names", container.name())
        .put("Size", size)
        .put("Labels", labels(container))
        .put("Ports", ports)
        .put("Mounts", String.join(",", volumes(container)))
        .put("Networks", networks(container))
        .build();
  }

  /** {@code 0.0.0.0:8080->80/tcp, 443/tcp}: served by the host, or only exposed. */
  private static String ports(ContainerInfo container, List<Endpoint> endpoints) {
    List<String> out = new ArrayList<>();
    Set<String> served = new HashSet<>();
    for (Endpoint endpoint : endpoints) {
      if (endpoint.container().equals(container.id())) {
        for (HostPort port : endpoint.ports()) {
          out.add(port.outside() + "->" + port.inside());
          served.add(port.inside());
        }
      }
    }
    for (String port : container.settings().ports().exposed()) {
      if (container.state().isRunning() && !served.contains(port)) {
        out.add(port);
      }
    }
    return String.join(", ", out);
  }

  private static String networks(ContainerInfo container) {
    List<String> out = new ArrayList<>();
    for (NetworkJoin join : container.settings().networks()) {
      out.add(join.network());
    }
    if (out.isEmpty() && !(container.settings().network() instanceof NetworkMode.OfContainer)) {
      return container.settings().network().text();
    }
    return String.join(",", out);
  }

  /** Quoted as Docker does: an argument with a space by {@code '}, the whole as in Go. */
  private static String command(ContainerInfo container, boolean whole) {
    List<String> words = new ArrayList<>();
    for (String word : container.command()) {
      words.add(word.contains(" ") && !words.isEmpty() ? "'" + word + "'" : word);
    }
    String line = String.join(" ", words);
    String shown = whole ? line : Text.ellipsis(line, COMMAND_LENGTH);
    return Text.quote(shown.replace("\\", "\\\\").replace("\"", "\\\""));
  }

  private static String labels(ContainerInfo container) {
    List<String> out = new ArrayList<>();
    container.settings().labels().forEach((name, value) -> out.add(name + "=" + value));
    return String.join(",", out);
  }

  private static List<String> volumes(ContainerInfo container) {
    return container.settings().volumes().stream().map(MountOption.Volume::name).toList();
  }

  private static String ago(Instant then, Instant now) {
    Duration age = Duration.between(then, now);
    return Human.duration(age.isNegative() ? Duration.ZERO : age) + " ago";
  }

  private static String health(Health health) {
    String prefix = health.status() == HealthStatus.STARTING ? "health: " : "";
    return " (" + prefix + health.status().text() + ")";
  }

  /** Docker's words: {@code Up 3 minutes (Paused)}, {@code Exited (0) 2 hours ago}. */
  static String status(ContainerInfo container, Instant now) {
    String code = container.exit().map(exit -> Integer.toString(exit.code())).orElse("0");
    String ended = container.finished().map(end -> " " + ago(end, now)).orElse("");
    return switch (container.state()) {
      case CREATED -> "Created";
      case DEAD -> "Dead";
      case EXITED -> "Exited (" + code + ")" + ended;
      case RESTARTING -> "Restarting (" + code + ")" + ended;
      case RUNNING, PAUSED -> {
        Duration up = Duration.between(container.started().orElse(now), now);
        String text = "Up " + Human.duration(up.isNegative() ? Duration.ZERO : up);
        yield container.state() == ContainerState.PAUSED
            ? text + " (Paused)"
            : text + container.health().map(PsCommand::health).orElse("");
      }
    };
  }
}
