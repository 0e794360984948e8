package dev.mydocker.explain;

import dev.mydocker.spec.Capability;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Options of setpriv(1), collected: it does them all at once and in an order of its own, which is
 * that of capabilities(7).
 */
final class Credentials {
  private static final String AMBIENT = "--ambient-caps";

  private final Map<String, String> options = new LinkedHashMap<>();

  /** Adds an option; an empty value is none. */
  void set(String option, String value) {
    options.put(option, value);
  }

  /** The program with what has been collected, which is forgotten then. */
  Optional<String> take() {
    if (options.isEmpty()) {
      return Optional.empty();
    }
    if (options.containsKey("--inh-caps")) {
      options.putIfAbsent(AMBIENT, "-all");
    }
    if (options.containsKey("--regid")
        && !options.containsKey("--groups")
        && !options.containsKey("--clear-groups")) {
      options.put("--keep-groups", "");
    }
    StringBuilder program = new StringBuilder("setpriv");
    options.forEach(
        (option, value) ->
            program.append(' ').append(option).append(value.isEmpty() ? "" : " " + value));
    options.clear();
    return Optional.of(program.toString());
  }

  /** A set of capabilities in setpriv's words: none but these. */
  static String list(long set) {
    StringBuilder out = new StringBuilder("-all");
    for (int i = 0; i < Long.SIZE; i++) {
      if ((set >> i & 1) != 0) {
        out.append(",+").append(name(i));
      }
    }
    return out.toString();
  }

  private static String name(int number) {
    Capability[] known = Capability.values();
    return number < known.length
        ? known[number].name().substring("CAP_".length()).toLowerCase(Locale.ROOT)
        : "cap_" + number;
  }
}
