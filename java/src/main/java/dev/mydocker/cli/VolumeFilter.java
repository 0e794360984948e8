package dev.mydocker.cli;

import dev.mydocker.engine.Volume;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code --filter} lets through of volumes. Values of one name are alternatives; labels, and
 * different names, must hold together.
 */
final class VolumeFilter {
  /** What a list can be filtered by. */
  static final List<String> OF_LISTS = List.of("dangling", "driver", "label", "name");

  /** What pruning can be filtered by. */
  static final List<String> OF_PRUNING = List.of("all", "label", "label!");

  private final Map<String, List<String>> wanted = new LinkedHashMap<>();

  private VolumeFilter() {}

  /**
   * Reads the values of the flag.
   *
   * @throws UsageException when one is unknown or has a bad value
   */
  static VolumeFilter parse(List<String> given, List<String> known) throws UsageException {
    VolumeFilter filter = new VolumeFilter();
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, known);
      boolean truth = word.name().equals("dangling") || word.name().equals("all");
      if (truth && !List.of("true", "1", "false", "0").contains(word.value())) {
        throw new UsageException(
            "invalid filter: "
                + word.name()
                + " is true or false, not "
                + Text.quote(word.value()));
      }
      filter.wanted.computeIfAbsent(word.name(), n -> new ArrayList<>()).add(word.value());
    }
    return filter;
  }

  /** Whether it asks a pruning for volumes with a name of their own too. */
  boolean all() {
    return wanted.getOrDefault("all", List.of()).stream().anyMatch(VolumeFilter::isTrue);
  }

  private static boolean isTrue(String value) {
    return value.equals("true") || value.equals("1");
  }

  /**
   * Whether it lets a volume through.
   *
   * @param used the names of the volumes that a container has
   */
  boolean matches(Volume volume, Set<String> used) {
    return FilterWord.hold(wanted, (name, value) -> matches(volume, used, name, value));
  }

  private static boolean matches(Volume volume, Set<String> used, String name, String value) {
    return switch (name) {
      case "all" -> true;
      case "dangling" -> isTrue(value) != used.contains(volume.name());
      case "driver" -> value.equals(Volume.DRIVER);
      case "label" -> FilterWord.isLabel(value, volume.labels());
      case "label!" -> !FilterWord.isLabel(value, volume.labels());
      case "name" -> volume.name().contains(value);
      default -> throw new IllegalArgumentException(name);
    };
  }
}
