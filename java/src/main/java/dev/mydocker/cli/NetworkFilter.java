package dev.mydocker.cli;

import dev.mydocker.network.Network;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code --filter} lets through of networks. Values of one name are alternatives; labels, and
 * different names, must hold together.
 */
final class NetworkFilter {
  /** What a list can be filtered by. */
  static final List<String> OF_LISTS =
      List.of("dangling", "driver", "id", "label", "name", "scope", "type");

  /** What pruning can be filtered by. */
  static final List<String> OF_PRUNING = List.of("label", "label!", "until");

  private final Map<String, List<String>> wanted = new LinkedHashMap<>();

  private NetworkFilter() {}

  /**
   * Reads the values of the flag.
   *
   * @throws UsageException when one is unknown or has a bad value
   */
  static NetworkFilter parse(List<String> given, List<String> known) throws UsageException {
    NetworkFilter filter = new NetworkFilter();
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, known);
      List<String> values =
          switch (word.name()) {
            case "dangling" -> List.of("true", "1", "false", "0");
            case "type" -> List.of("custom", "builtin");
            default -> List.of(word.value());
          };
      if (!values.contains(word.value())) {
        throw new UsageException(
            "invalid filter: " + word.name() + " is one of " + String.join(", ", values));
      }
      if (word.name().equals("until")) {
        Moment.parse(word.value(), Instant.now());
      }
      filter.wanted.computeIfAbsent(word.name(), n -> new ArrayList<>()).add(word.value());
    }
    return filter;
  }

  /**
   * Whether it lets a network through.
   *
   * @param used the ids of those that somebody is in
   */
  boolean matches(Network network, Set<String> used) throws UsageException {
    return FilterWord.<UsageException>hold(
        wanted, (name, value) -> matches(network, used, name, value));
  }

  private static boolean matches(Network network, Set<String> used, String name, String value)
      throws UsageException {
    return switch (name) {
      case "dangling" ->
          (value.equals("true") || value.equals("1"))
              == (!network.isPredefined() && !used.contains(network.id()));
      case "driver" -> value.equals(network.driver());
      case "id" -> network.id().startsWith(value);
      case "label" -> FilterWord.isLabel(value, network.labels());
      case "label!" -> !FilterWord.isLabel(value, network.labels());
      case "name" -> network.name().contains(value);
      case "scope" -> value.equals("local");
      case "type" -> value.equals("builtin") == network.isPredefined();
      case "until" ->
          Instant.ofEpochMilli(network.created()).isBefore(Moment.parse(value, Instant.now()));
      default -> throw new IllegalArgumentException(name);
    };
  }
}
