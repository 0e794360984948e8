package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What follows HEALTHCHECK: {@code NONE}, or {@code --interval=30s --retries=3 CMD command}. See
 * Dockerfile's reference, "HEALTHCHECK", and the member "Healthcheck" of Docker's image
 * configuration, whose times are nanoseconds.
 */
final class HealthcheckWords {
  private static final Map<String, String> TIMES =
      Map.of(
          "--interval", "Interval",
          "--timeout", "Timeout",
          "--start-period", "StartPeriod",
          "--start-interval", "StartInterval");

  private static final Duration SHORTEST = Duration.ofMillis(1);

  private HealthcheckWords() {}

  /**
   * The member "Healthcheck".
   *
   * @param array gives the strings of a JSON array, and nothing for another text
   */
  static Json parse(String text, Function<String, Optional<List<String>>> array)
      throws ImageException {
    Map<String, Json> options = new LinkedHashMap<>();
    String rest = text;
    while (rest.startsWith("--")) {
      String word = firstWord(rest);
      option(word, options, text);
      rest = rest.substring(word.length()).strip();
    }
    String kind = firstWord(rest);
    String command = rest.substring(kind.length()).strip();
    Map<String, Json> out = new LinkedHashMap<>();
    if (kind.toUpperCase(Locale.ROOT).equals("NONE") && command.isEmpty() && options.isEmpty()) {
      out.put("Test", Json.strings(List.of("NONE")));
    } else if (kind.toUpperCase(Locale.ROOT).equals("CMD") && !command.isEmpty()) {
      List<String> test = new ArrayList<>();
      List<String> words = array.apply(command).orElse(List.of());
      test.add(words.isEmpty() ? "CMD-SHELL" : "CMD");
      test.addAll(words.isEmpty() ? List.of(command) : words);
      out.put("Test", Json.strings(test));
    } else {
      throw wrong(text, "is neither NONE nor options, CMD and a command");
    }
    out.putAll(options);
    return new Json.Obj(out);
  }

  private static String firstWord(String text) {
    return text.substring(0, GoDuration.span(text, c -> !Character.isWhitespace(c)));
  }

  private static void option(String word, Map<String, Json> options, String whole)
      throws ImageException {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    String value = equals < 0 ? "" : word.substring(equals + 1);
    boolean retries = name.equals("--retries");
    if (!retries && !TIMES.containsKey(name)) {
      throw wrong(
          whole,
          "has an option that is not --interval, --timeout, --start-period, --start-interval or"
              + " --retries");
    }
    BigDecimal number = retries ? count(value, whole) : nanoseconds(value, whole);
    if (options.putIfAbsent(
            retries ? "Retries" : TIMES.get(name), new Json.Num(number.toPlainString()))
        != null) {
      throw wrong(whole, "has " + name + " twice");
    }
  }

  private static BigDecimal count(String text, String whole) throws ImageException {
    if (text.isEmpty()
        || text.length() > 9
        || GoDuration.span(text, GoDuration::isDigit) < text.length()) {
      throw wrong(whole, "has --retries without a number");
    }
    return new BigDecimal(text);
  }

  /** 0, or a millisecond at least. */
  private static BigDecimal nanoseconds(String text, String whole) throws ImageException {
    return GoDuration.parse(text, SHORTEST)
        .map(time -> BigDecimal.valueOf(time.toNanos()))
        .orElseThrow(
            () -> wrong(whole, "has a time that is none, or below 1ms: write 30s or 1m30s"));
  }

  private static ImageException wrong(String text, String why) {
    return new ImageException(
        Kind.CONFIGURATION, ImageException.quote("HEALTHCHECK " + text) + " " + why);
  }
}
