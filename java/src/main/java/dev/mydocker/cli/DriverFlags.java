package dev.mydocker.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code network create} and {@code volume create} take of a driver. */
final class DriverFlags {
  private DriverFlags() {}

  /**
   * Refuses every driver but the one that there is.
   *
   * @param only its name
   */
  static void requireDriver(Flags.Parsed arguments, String only) throws UsageException {
    String driver = arguments.value("--driver").orElse(only);
    if (!driver.equals(only)) {
      throw new UsageException(
          "--driver: there is no driver " + Text.quote(driver) + ", use " + only);
    }
  }

  /** The options for it, by name. */
  static Map<String, String> options(Flags.Parsed arguments) throws UsageException {
    List<String> given = arguments.all("--opt");
    Map<String, String> options = new LinkedHashMap<>();
    for (String text : given) {
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw new UsageException("--opt: " + Text.quote(text) + " is not NAME=VALUE");
      }
      options.put(text.substring(0, equals), text.substring(equals + 1));
    }
    return options;
  }
}
