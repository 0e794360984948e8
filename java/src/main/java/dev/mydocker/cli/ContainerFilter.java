package dev.mydocker.cli;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
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
          "id",
          "label",
          "label!",
          "name",
          "since",
          "status",
          "until");

  private final Map<String, List<String>> wanted = new LinkedHashMap<>();
  private final Map<String, Instant> moments = new LinkedHashMap<>();

  private ContainerFilter() {}

  /**
   * Reads the values of the flag.
   *
   * @throws UsageException when one is unknown or has no value
   */
  static ContainerFilter parse(List<String> given, Engine engine)
      throws UsageException, IOException {
    ContainerFilter filter = new ContainerFilter();
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, KNOWN);
      filter.add(word.name(), word.value(), engine);
    }
    return filter;
  }

  private void add(String name, String value, Engine engine) throws UsageException, IOException {
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
      default -> wanted.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }
  }

  /** Whether it asks for containers that do not run: then they are listed without {@code -a}. */
  boolean choosesStates() {
    return wanted.containsKey("status") || wanted.containsKey("exited");
  }

  boolean matches(ContainerInfo container) {
    for (Map.Entry<String, List<String>> filter : wanted.entrySet()) {
      boolean all = filter.getKey().startsWith("label");
      boolean some = false;
      for (String value : filter.getValue()) {
        boolean one = matches(container, filter.getKey(), value);
        if (all && !one) {
          return false;
        }
        some |= one;
      }
      if (!some) {
        return false;
      }
    }
    Instant created = container.created();
    return created.isBefore(moments.getOrDefault("before", Instant.MAX))
        && created.isBefore(moments.getOrDefault("until", Instant.MAX))
        && created.isAfter(moments.getOrDefault("since", Instant.MIN));
  }

  private static boolean matches(ContainerInfo container, String name, String value) {
    return switch (name) {
      case "ancestor" -> isImage(container, value);
      case "exited" ->
          container.exit().map(exit -> Integer.toString(exit.code()).equals(value)).orElse(false);
      case "id" -> container.id().startsWith(value);
      case "label" -> FilterWord.isLabel(value, container.settings().labels());
      case "label!" -> !FilterWord.isLabel(value, container.settings().labels());
      case "name" -> container.name().contains(value);
      case "status" -> container.state().text().equals(value);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static boolean isImage(ContainerInfo container, String value) {
    String image = container.image();
    return image.equals(value)
        || image.equals("docker.io/library/" + value)
        || image.equals("docker.io/library/" + value + ":latest")
        || image.equals(value + ":latest")
        || container.imageId().startsWith(value)
        || container.imageId().startsWith("sha256:" + value);
  }
}
