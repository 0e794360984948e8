package dev.mydocker.cli;

import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.spec.MountOption;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code --filter} lets through of containers. Values of one name are alternatives; labels,
 * and different names, must hold together.
 */
final class ContainerFilter {
  private static final List<String> KNOWN =
      List.of(
          "ancestor",
          "before",
          "exited",
          "health",
          "id",
          "label",
          "label!",
          "name",
          "since",
          "status",
          "until",
          "volume");

  /** Docker's word for that of a container which is not looked at. */
  private static final String NO_HEALTH = "none";

  private static final List<String> HEALTH = List.of("starting", "healthy", "unhealthy", NO_HEALTH);

  private final Map<String, List<String>> wanted = new LinkedHashMap<>();
  private final Map<String, Instant> moments = new LinkedHashMap<>();

  private final Engine engine;

  private ContainerFilter(Engine engine) {
    this.engine = engine;
  }

  /**
   * Reads the values of the flag.
   *
   * @throws UsageException when one is unknown or has no value
   */
  static ContainerFilter parse(List<String> given, Engine engine)
      throws UsageException, IOException {
    ContainerFilter filter = new ContainerFilter(engine);
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, KNOWN);
      filter.add(word.name(), word.value());
    }
    return filter;
  }

  private void add(String name, String value) throws UsageException, IOException {
    switch (name) {
      case "before", "since" -> moments.put(name, engine.find(value).info().created());
      case "until" -> moments.put(name, Moment.parse(value, Instant.now()));
      case "status" -> {
        for (ContainerState state : ContainerState.values()) {
          if (state.text().equals(value)) {
            wanted.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
            return;
          }
        }
        throw new UsageException(
            "invalid filter: there is no status "
                + Text.quote(value)
                + ": use created, running, paused, restarting, exited or dead");
      }
      case "health" -> {
        if (!HEALTH.contains(value)) {
          throw new UsageException(
              "invalid filter: there is no health "
                  + Text.quote(value)
                  + ": use starting, healthy, unhealthy or none");
        }
        wanted.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
      }
      default -> wanted.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }
  }

  /** Whether it asks for containers that do not run: then they are listed without {@code -a}. */
  boolean choosesStates() {
    return wanted.containsKey("status") || wanted.containsKey("exited");
  }

  boolean matches(ContainerInfo container) throws IOException {
    Instant created = container.created();
    return FilterWord.hold(wanted, (name, value) -> matches(container, name, value))
        && created.isBefore(moments.getOrDefault("before", Instant.MAX))
        && created.isBefore(moments.getOrDefault("until", Instant.MAX))
        && created.isAfter(moments.getOrDefault("since", Instant.MIN));
  }

  private boolean matches(ContainerInfo container, String name, String value) throws IOException {
    return switch (name) {
      case "ancestor" -> isImage(container, value);
      case "exited" ->
          container.exit().map(exit -> Integer.toString(exit.code()).equals(value)).orElse(false);
      case "health" -> health(container).equals(value);
      case "id" -> container.id().startsWith(value);
      case "label" -> FilterWord.isLabel(value, container.settings().labels());
      case "label!" -> !FilterWord.isLabel(value, container.settings().labels());
      case "name" -> container.name().contains(value);
      case "status" -> container.state().text().equals(value);
      case "volume" -> hasMounted(container, value);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static String health(ContainerInfo container) {
    return container.health().map(health -> health.status().text()).orElse(NO_HEALTH);
  }

  /** Whether it has a volume of that name, or something of the host mounted from or at a path. */
  private boolean hasMounted(ContainerInfo container, String value) throws IOException {
    for (MountOption.Volume volume : container.settings().volumes()) {
      if (volume.name().equals(value)) {
        return true;
      }
    }
    try {
      return engine.find(container.id()).mounts().stream()
          .anyMatch(m -> m.source().equals(value) || m.destination().equals(value));
    } catch (ContainerException damaged) {
      return false;
    }
  }

  private static boolean isImage(ContainerInfo container, String value) {
    return fullName(container.image()).equals(fullName(value))
        || container.imageId().startsWith(value)
        || container.imageId().startsWith("sha256:" + value);
  }

  /** An image's name in full; what is no name stands for itself. */
  private static String fullName(String image) {
    try {
      return ImageRef.parse(image).name();
    } catch (ImageException e) {
      return image;
    }
  }
}
