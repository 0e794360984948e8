package dev.mydocker.cli;

import dev.mydocker.engine.ContainerUsage;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Volumes;
import dev.mydocker.image.Digest;
import dev.mydocker.image.DiskUsage;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code mydocker system df}. */
final class SystemDfCommand implements Command {
  private static final Map<String, String> HEADINGS = Map.of("TotalCount", "TOTAL");
  private static final Map<String, String> IMAGE_HEADINGS =
      Map.of(
          "ID",
          "IMAGE ID",
          "CreatedSince",
          "CREATED",
          "SharedSize",
          "SHARED SIZE",
          "UniqueSize",
          "UNIQUE SIZE");
  private static final Map<String, String> VOLUME_HEADINGS = Map.of("Name", "VOLUME NAME");
  private static final Map<String, String> CONTAINER_HEADINGS = Map.of("ID", "CONTAINER ID");

  @Override
  public String synopsis() {
    return "system df [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Show what images, containers and volumes take of the disk, what is shared once";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Each image, each container and each volume", "-v", "--verbose")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker system df",
        "mydocker system df -v",
        "mydocker system df --format '{{.Type}}: {{.Size}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Optional<String> format = arguments.value("--format");
    boolean verbose = arguments.on("--verbose");
    if (verbose && format.isPresent()) {
      throw new UsageException("-v and --format do not go together");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    DiskUsage images = engine.images().local().usage();
    List<ContainerUsage> containers = engine.containerUsage();
    List<Volumes.Usage> volumes = engine.volumes().usage();
    session
        .console()
        .out(
            verbose
                ? verbose(images, containers, volumes, Instant.now())
                : summary(images, containers, volumes, format));
    return 0;
  }

  /** A line for the images, one for the containers and one for the volumes. */
  static String summary(
      DiskUsage images,
      List<ContainerUsage> containers,
      List<Volumes.Usage> volumes,
      Optional<String> format)
      throws UsageException {
    Set<Digest> all = images.images().stream().map(u -> u.image().id()).collect(Collectors.toSet());
    Set<Digest> active =
        images.images().stream()
            .filter(u -> u.containers() > 0)
            .map(u -> u.image().id())
            .collect(Collectors.toSet());
    long written = containers.stream().mapToLong(ContainerUsage::bytes).sum();
    long stopped =
        containers.stream().filter(c -> !c.user().running()).mapToLong(ContainerUsage::bytes).sum();
    int running = (int) containers.stream().filter(c -> c.user().running()).count();
    List<Json.Obj> rows =
        List.of(
            row("Images", all.size(), active.size(), images.bytes(), images.reclaimable()),
            row("Containers", containers.size(), running, written, stopped),
            row(
                "Local Volumes",
                volumes.size(),
                (int) volumes.stream().filter(v -> v.links() > 0).count(),
                volumes.stream().mapToLong(Volumes.Usage::bytes).sum(),
                volumes.stream()
                    .filter(v -> v.links() == 0)
                    .mapToLong(Volumes.Usage::bytes)
                    .sum()));
    String template =
        format.filter(f -> !f.equals("table")).isPresent()
            ? format.get()
            : "table {{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}";
    return Format.parse(template).render(rows, HEADINGS);
  }

  private static Json.Obj row(String type, int count, int active, long bytes, long reclaimable) {
    String share = bytes == 0 ? "" : " (" + reclaimable * 100 / bytes + "%)";
    return Json.object()
        .put("Type", type)
        .put("TotalCount", Integer.toString(count))
        .put("Active", Integer.toString(active))
        .put("Size", Human.size(bytes, 4))
        .put("Reclaimable", Human.size(reclaimable, 4) + share)
        .build();
  }

  /** A table of the images, one of the containers and one of the volumes. */
  static String verbose(
      DiskUsage images, List<ContainerUsage> containers, List<Volumes.Usage> volumes, Instant now)
      throws UsageException, ImageException {
    List<Json.Obj> rows = new ArrayList<>();
    for (DiskUsage.Use use : images.images()) {
      rows.add(row(use, now));
    }
    String first =
        Format.parse(
                "table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}\\t"
                    + "{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.Containers}}")
            .render(rows, IMAGE_HEADINGS);
    List<Json.Obj> others = new ArrayList<>();
    for (ContainerUsage container : containers) {
      others.add(
          Json.object()
              .put("ID", container.user().container().substring(0, 12))
              .put("Image", container.user().imageId().shortHex())
              .put("Size", Human.size(container.bytes(), 3))
              .put("Status", container.user().running() ? "running" : "exited")
              .build());
    }
    String second =
        Format.parse("table {{.ID}}\\t{{.Image}}\\t{{.Size}}\\t{{.Status}}")
            .render(others, CONTAINER_HEADINGS);
    List<Json.Obj> last = new ArrayList<>();
    for (Volumes.Usage volume : volumes) {
      last.add(
          Json.object()
              .put("Name", volume.volume().name())
              .put("Links", Integer.toString(volume.links()))
              .put("Size", Human.size(volume.bytes(), 3))
              .build());
    }
    String third =
        Format.parse("table {{.Name}}\\t{{.Links}}\\t{{.Size}}").render(last, VOLUME_HEADINGS);
    return "Images space usage:\n\n"
        + first
        + "\nContainers space usage:\n\n"
        + second
        + "\nLocal Volumes space usage:\n\n"
        + third;
  }

  private static Json.Obj row(DiskUsage.Use use, Instant now) throws ImageException {
    ImageColumns name = ImageColumns.of(use.image().name());
    Optional<Image> image = use.image().image();
    Instant created = image.map(ImageColumns::created).orElse(Instant.MIN);
    return Json.object()
        .put("Repository", name.repository())
        .put("Tag", name.tag())
        .put("ID", use.image().id().shortHex())
        .put("CreatedSince", ImageColumns.since(created, now))
        .put("Size", Human.size(use.size(), 3))
        .put("SharedSize", Human.size(use.shared(), 3))
        .put("UniqueSize", Human.size(use.unique(), 3))
        .put("Containers", Integer.toString(use.containers()))
        .build();
  }
}
