package dev.mydocker.cli;

import dev.mydocker.engine.Event;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code --filter} lets through of events. Values of one name are alternatives; different
 * names, and labels, must hold together.
 */
final class EventFilter {
  private static final String LATEST = ":latest";
  private static final List<String> KNOWN =
      List.of("container", "event", "image", "label", "network", "scope", "type", "volume");

  private final Map<String, List<String>> wanted = new LinkedHashMap<>();

  private EventFilter() {}

  /**
   * Reads the values of the flag.
   *
   * @throws UsageException when one is unknown or has no value
   */
  static EventFilter parse(List<String> given) throws UsageException {
    EventFilter filter = new EventFilter();
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, KNOWN);
      filter.wanted.computeIfAbsent(word.name(), n -> new ArrayList<>()).add(word.value());
    }
    return filter;
  }

  boolean matches(Event event) {
    return FilterWord.hold(wanted, (name, value) -> matches(event, name, value));
  }

  private static boolean matches(Event event, String name, String value) {
    return switch (name) {
      case "event" -> event.action().equals(value) || event.action().startsWith(value + ":");
      case "label" -> FilterWord.isLabel(value, event.attributes());
      case "type" -> event.type().equals(value);
      case "scope" -> value.equals("local");
      case "image" -> isOfImage(event, value);
      default -> event.type().equals(name) && isNamed(event, value);
    };
  }

  /** By a name, an id, or the beginning of one. */
  private static boolean isNamed(Event event, String value) {
    return !value.isEmpty()
        && (event.id().startsWith(value) || value.equals(event.attributes().get("name")));
  }

  /** An image's own events, and those of containers that were made from it. */
  private static boolean isOfImage(Event event, String value) {
    Map<String, String> attributes = event.attributes();
    return switch (event.type()) {
      case "image" ->
          isImage(event.id(), value) || isImage(attributes.getOrDefault("name", ""), value);
      case "container" -> isImage(attributes.getOrDefault("image", ""), value);
      default -> false;
    };
  }

  /** As it is, or without its tag, as Docker compares. */
  private static boolean isImage(String name, String value) {
    int colon = name.indexOf(':', name.lastIndexOf('/') + 1);
    return name.equals(value)
        || value.equals(name + LATEST)
        || colon > 0 && name.substring(0, colon).equals(value);
  }
}
