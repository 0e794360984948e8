package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.PrunedContainers;
import dev.mydocker.engine.Volumes;
import dev.mydocker.image.Removed;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** {@code mydocker system prune}. */
final class SystemPruneCommand implements Command {
  private static final Set<String> FILTERS = Set.of("until", "label", "label!");

  @Override
  public String synopsis() {
    return "system prune [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Remove what is not used: containers, networks, and images without names";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("All images that no container uses", "-a", "--all")
        .toggle("Do not ask", "-f", "--force")
        .toggle("The volumes without a name that no container has, too", "--volumes")
        .list("NAME=VALUE", "Only what is: until, label or label!", "--filter");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker system prune", "mydocker system prune -a -f --filter until=24h");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    List<String> given = arguments.all("--filter");
    boolean all = arguments.on("--all");
    boolean volumes = arguments.on("--volumes");
    if (volumes && given.stream().anyMatch(filter -> filter.startsWith("until="))) {
      throw new UsageException("--volumes: a volume has no age to go by: leave out --filter until");
    }
    VolumeFilter named = VolumeFilter.parse(volumes ? given : List.of(), VolumeFilter.OF_PRUNING);
    ImageFilter images = ImageFilter.parse(given, FILTERS, Instant.now(), name -> Instant.MIN);
    NetworkFilter unused = NetworkFilter.parse(given, NetworkFilter.OF_PRUNING);
    Engine engine = Engine.open(session.environment());
    ContainerFilter containers = ContainerFilter.parse(given, engine);
    if (!arguments.on("--force")
        && !Confirmation.asked(session.console(), warning(all, volumes, given))) {
      return 0;
    }
    engine.sweep();
    PrunedContainers gone = engine.prune(containers::matches);
    String networks = NetworkPruneCommand.prune(engine, unused);
    Volumes.Pruned freed =
        volumes
            ? engine.volumes().prune(false, volume -> named.matches(volume, Set.of()))
            : new Volumes.Pruned(List.of(), 0, List.of());
    Removed removed = engine.images().local().prune(all, images::matchesContent);
    session
        .console()
        .out(
            ContainerPruneCommand.list(gone)
                + networks
                + VolumePruneCommand.list(freed)
                + ImagePruneCommand.list(removed)
                + "Total reclaimed space: "
                + Human.size(gone.bytes() + freed.bytes() + removed.bytes(), 4)
                + "\n");
    List<String> failures = new ArrayList<>(gone.failures());
    failures.addAll(freed.failures());
    return VolumePruneCommand.failures(failures, session.console(), "system prune: ");
  }

  private static String warning(boolean all, boolean volumes, List<String> filters) {
    StringBuilder out =
        new StringBuilder(
            "This will remove:\n"
                + "  - all stopped containers\n"
                + "  - all networks not used by at least one container\n");
    if (volumes) {
      out.append("  - all anonymous volumes not used by at least one container\n");
    }
    out.append(
        all
            ? "  - all images without at least one container associated to them\n"
            : "  - all dangling images\n");
    if (!filters.isEmpty()) {
      out.append("\n  Items to be pruned will be filtered with:\n");
      filters.forEach(filter -> out.append("  - ").append(Text.printable(filter)).append('\n'));
    }
    return out.toString();
  }
}
