package dev.mydocker.cli;

import java.util.Collection;
import java.util.Map;

/**
 * One value of {@code --filter}.
 *
 * @param name what it is about
 * @param value what is wanted of that
 */
record FilterWord(String name, String value) {

  /**
   * Reads {@code NAME=VALUE}.
   *
   * @param known which names there are
   * @throws UsageException when it has another name, or no value
   */
  static FilterWord parse(String text, Collection<String> known) throws UsageException {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    if (equals < 0 || !known.contains(name)) {
      throw new UsageException(
          "invalid filter "
              + Text.quote(text)
              + ": write NAME=VALUE, where NAME is one of "
              + String.join(", ", known.stream().sorted().toList()));
    }
    return new FilterWord(name, text.substring(equals + 1));
  }

  /** Whether {@code wanted}, a label's name or {@code NAME=VALUE}, is among those labels. */
  static boolean isLabel(String wanted, Map<String, String> labels) {
    int equals = wanted.indexOf('=');
    return equals < 0
        ? labels.containsKey(wanted)
        : wanted.substring(equals + 1).equals(labels.get(wanted.substring(0, equals)));
  }
}
