package dev.mydocker.spec;

import java.util.Optional;
import java.util.function.Function;

/**
 * One variable given with {@code -e} or {@code --env-file}.
 *
 * @param name not empty, without {@code =} and NUL
 * @param value what it is set to; empty when the variable is removed
 */
public record EnvEntry(String name, Optional<String> value) {

  public EnvEntry {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("environment variable name");
    }
    if (value.isPresent() && value.get().indexOf('\0') >= 0) {
      throw new IllegalArgumentException("environment variable value");
    }
  }

  /**
   * Reads {@code NAME=value}, or {@code NAME} alone, which takes the caller's value and removes the
   * image's when the caller has none.
   *
   * @param callers the caller's environment
   * @throws OptionException when the name is empty or there is a NUL
   */
  public static EnvEntry parse(String text, Function<String, Optional<String>> callers)
      throws OptionException {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    if (name.isEmpty() || text.indexOf('\0') >= 0) {
      throw new OptionException("invalid environment variable: " + OptionException.quote(text));
    }
    return new EnvEntry(
        name, equals < 0 ? callers.apply(name) : Optional.of(text.substring(equals + 1)));
  }
}
