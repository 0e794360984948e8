package dev.mydocker.cli;

import java.util.Collection;
import java.util.List;
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

  /** Whether something is as one value of a filter wants it. */
  interface Match<E extends Exception> {
    boolean holds(String name, String value) throws E;
  }

  /**
   * Whether something is let through: values of one name are alternatives; labels, and different
   * names, must hold together.
   *
   * @param wanted the values by name
   */
  static <E extends Exception> boolean hold(Map<String, List<String>> wanted, Match<E> match)
      throws E {
    for (Map.Entry<String, List<String>> filter : wanted.entrySet()) {
      boolean all = filter.getKey().startsWith("label");
      boolean good = all;
      for (String value : filter.getValue()) {
        boolean one = match.holds(filter.getKey(), value);
        good = all ? good && one : good || one;
      }
      if (!good) {
        return false;
      }
    }
    return true;
  }

  /** Whether {@code wanted}, a label's name or {@code NAME=VALUE}, is among those labels. */
  static boolean isLabel(String wanted, Map<String, String> labels) {
    int equals = wanted.indexOf('=');
    return equals < 0
        ? labels.containsKey(wanted)
        : wanted.substring(equals + 1).equals(labels.get(wanted.substring(0, equals)));
  }
}
