package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.json.Json;
import dev.mydocker.network.Network;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code mydocker network ls}. */
final class NetworkLsCommand implements Command {
  private static final int ID_LENGTH = 12;
  private static final Map<String, String> HEADINGS = Map.of("ID", "NETWORK ID");

  @Override
  public String synopsis() {
    return "network ls [OPTIONS]";
  }

  @Override
  public String summary() {
    return "List networks";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .list("NAME=VALUE", "Only those: dangling, driver, id, label, name...", "-f", "--filter")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format")
        .toggle("Print ids whole", "--no-trunc")
        .toggle("Print ids only", "-q", "--quiet");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker network ls",
        "mydocker network ls -q --filter type=custom",
        "mydocker network ls --format '{{.Name}}: {{.Driver}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    NetworkFilter filter = NetworkFilter.parse(arguments.all("--filter"), NetworkFilter.OF_LISTS);
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Set<String> used = engine.usedNetworks();
    List<Network> networks = new ArrayList<>(engine.networks().list());
    networks.sort(Comparator.comparing(Network::name));
    List<Json.Obj> rows = new ArrayList<>();
    for (Network network : networks) {
      if (filter.matches(network, used)) {
        rows.add(row(network, arguments.on("--no-trunc")));
      }
    }
    session.console().out(format(arguments).render(rows, HEADINGS));
    return 0;
  }

  private static Format format(Flags.Parsed arguments) throws UsageException {
    Optional<String> given = arguments.value("--format");
    if (given.isPresent() && !given.get().equals("table")) {
      return Format.parse(given.get());
    }
    String table = "table {{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}";
    return Format.parse(arguments.on("--quiet") ? "{{.ID}}" : table);
  }

  private static Json.Obj row(Network network, boolean whole) {
    List<String> labels = new ArrayList<>();
    network.labels().forEach((name, value) -> labels.add(name + "=" + value));
    return Json.object()
        .put("ID", whole ? network.id() : network.id().substring(0, ID_LENGTH))
        .put("Name", network.name())
        .put("Driver", network.driver())
        .put("Scope", "local")
        .put("IPv4", "true")
        .put("IPv6", Boolean.toString(network.ipv6()))
        .put("Internal", Boolean.toString(network.internal()))
        .put("Labels", String.join(",", labels))
        .put("CreatedAt", ImageColumns.date(Instant.ofEpochMilli(network.created())))
        .build();
  }
}
