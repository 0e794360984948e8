package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.ContainerSizes;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.VolumeException;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.Platform;
import dev.mydocker.json.Json;
import dev.mydocker.network.NetworkException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker inspect}, and the same of containers, images or volumes alone. */
final class InspectCommand implements Command {

  /** What names may mean. */
  enum Of {
    ANYTHING("", "name", "Show everything about containers, images and volumes, as JSON"),
    IMAGES("image ", "image", "Show everything about images, as JSON"),
    CONTAINERS("container ", "container", "Show everything about containers, as JSON"),
    NETWORKS("network ", "network", "Show everything about networks, as JSON"),
    VOLUMES("volume ", "volume", "Show everything about volumes, as JSON");

    private final String group;
    private final String noun;
    private final String summary;

    Of(String group, String noun, String summary) {
      this.group = group;
      this.noun = noun;
      this.summary = summary;
    }
  }

  private static final String SIZE = "What a container has written, and its size with its image";

  private static final String VARIANT = "Which variant of an image: linux/arm64";

  private final Of of;

  InspectCommand(Of of) {
    this.of = of;
  }

  @Override
  public String synopsis() {
    String noun = of.noun.toUpperCase(Locale.ROOT);
    return of.group + "inspect [OPTIONS] " + noun + " [" + noun + "...]";
  }

  @Override
  public String summary() {
    return of.summary;
  }

  @Override
  public Flags flags() {
    Flags flags =
        new Flags()
            .group("Options")
            .value("TEMPLATE", "Print by a Go template, or json", "-f", "--format");
    return switch (of) {
      case IMAGES -> flags.value("OS/ARCH", VARIANT, "--platform");
      case CONTAINERS -> flags.toggle(SIZE, "-s", "--size");
      case NETWORKS -> flags.later(" -v --verbose ");
      case VOLUMES -> flags;
      case ANYTHING ->
          flags
              .value("TYPE", "What is meant: container, image, network or volume", "--type")
              .value("OS/ARCH", VARIANT, "--platform")
              .toggle(SIZE, "-s", "--size");
    };
  }

  @Override
  public List<String> examples() {
    String start = "mydocker " + of.group + "inspect";
    return switch (of) {
      case IMAGES -> List.of(start + " busybox", start + " -f '{{.Config.Env}}' busybox");
      case NETWORKS -> List.of(start + " bridge", start + " -f '{{.IPAM.Config}}' bridge");
      case VOLUMES -> List.of(start + " data", start + " -f '{{.Mountpoint}}' data");
      case CONTAINERS, ANYTHING -> List.of(start + " web", start + " -f '{{.State.Pid}}' web");
    };
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one " + of.noun);
    }
    Of wanted = wanted(arguments);
    boolean containers = wanted == Of.CONTAINERS || wanted == Of.ANYTHING;
    boolean sized = (of == Of.CONTAINERS || of == Of.ANYTHING) && arguments.on("--size");
    if (sized && !containers) {
      throw new UsageException("--size is of containers only");
    }
    boolean variants = of == Of.IMAGES || of == Of.ANYTHING;
    Optional<Platform> platform = variants ? SaveCommand.platform(arguments) : Optional.empty();
    if (platform.isPresent() && wanted != Of.IMAGES && wanted != Of.ANYTHING) {
      throw new UsageException("--platform is of images only");
    }
    Engine engine = Engine.open(session.environment());
    if (wanted != Of.IMAGES) {
      engine.sweep();
    }
    Optional<ContainerSizes> sizes = sized ? Optional.of(engine.sizes()) : Optional.empty();
    List<Json.Obj> found = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    for (String name : arguments.arguments()) {
      try {
        found.add(document(engine, sizes, platform, wanted, name));
      } catch (IOException e) {
        errors.add(e.getMessage());
      }
    }
    session.console().out(text(found, arguments.value("--format")));
    for (String error : errors) {
      session.console().error(of.group + "inspect: " + error);
    }
    return errors.isEmpty() ? 0 : 1;
  }

  private Of wanted(Flags.Parsed arguments) throws UsageException {
    Optional<String> type = of == Of.ANYTHING ? arguments.value("--type") : Optional.empty();
    if (type.isEmpty()) {
      return of;
    }
    return switch (type.get()) {
      case "container" -> Of.CONTAINERS;
      case "image" -> Of.IMAGES;
      case "network" -> Of.NETWORKS;
      case "volume" -> Of.VOLUMES;
      default ->
          throw new UsageException(
              "--type: " + Text.quote(type.get()) + ": use container, image, network or volume");
    };
  }

  /** As with Docker: a container, an image, a network, a volume of that name, in this order. */
  private static Json.Obj document(
      Engine engine,
      Optional<ContainerSizes> sizes,
      Optional<Platform> platform,
      Of wanted,
      String name)
      throws IOException {
    if (wanted == Of.NETWORKS) {
      return NetworkDocument.of(engine, engine.networks().find(name));
    }
    if (wanted == Of.VOLUMES) {
      return VolumeDocument.of(engine.volumes().find(name));
    }
    if (wanted != Of.IMAGES) {
      try {
        Container container = engine.find(name);
        Optional<ContainerSizes.Size> size =
            sizes.isPresent() ? Optional.of(sizes.get().of(container.id())) : Optional.empty();
        return ContainerDocument.of(
            container.info(),
            container.spec(),
            container.causes(),
            container.mounts(),
            size,
            NetworkDocument.settings(container.endpoints(), engine.networks().byId()));
      } catch (ContainerException e) {
        if (wanted == Of.CONTAINERS || e.kind() != ContainerException.Kind.NOT_FOUND) {
          throw e;
        }
      }
    }
    try {
      return ImageDocument.of(engine.images().local().details(name, platform));
    } catch (ImageException e) {
      if (wanted != Of.ANYTHING || e.kind() != ImageException.Kind.NOT_FOUND) {
        throw e;
      }
      Optional<Json.Obj> network = network(engine, name);
      if (network.isPresent()) {
        return network.get();
      }
      return volume(engine, name)
          .orElseThrow(() -> new IOException("no such object: " + Text.printable(name), e));
    }
  }

  private static Optional<Json.Obj> network(Engine engine, String name) throws IOException {
    try {
      return Optional.of(NetworkDocument.of(engine, engine.networks().find(name)));
    } catch (NetworkException e) {
      return Optional.empty();
    }
  }

  private static Optional<Json.Obj> volume(Engine engine, String name) throws IOException {
    try {
      return Optional.of(VolumeDocument.of(engine.volumes().find(name)));
    } catch (VolumeException e) {
      return Optional.empty();
    }
  }

  private static String text(List<Json.Obj> found, Optional<String> format) throws UsageException {
    if (format.isPresent()) {
      return Format.parse(format.get()).render(found, Map.of());
    }
    return new String(new Json.Arr(List.copyOf(found)).toPrettyBytes(), StandardCharsets.UTF_8);
  }
}
