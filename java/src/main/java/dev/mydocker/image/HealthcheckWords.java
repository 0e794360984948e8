package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;

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

  private static final Map<String, Long> UNITS =
      Map.of(
          "ns", 1L,
          "us", 1_000L,
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "h", 3_600_000_000_000L);

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
    return text.substring(0, span(text, c -> !Character.isWhitespace(c)));
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
    if (options.putIfAbsent(retries ? "Retries" : TIMES.get(name), new Json.Num(number)) != null) {
      throw wrong(whole, "has " + name + " twice");
    }
  }

  private static BigDecimal count(String text, String whole) throws ImageException {
    if (text.isEmpty()
        || text.length() > 9
        || span(text, HealthcheckWords::isDigit) < text.length()) {
      throw wrong(whole, "has --retries without a number");
    }
    return new BigDecimal(text);
  }

  /** A duration as Go writes it: {@code 1m30s}, {@code 1.5h}; 0, or a millisecond at least. */
  private static BigDecimal nanoseconds(String text, String whole) throws ImageException {
    BigDecimal total = BigDecimal.ZERO;
    String rest = text.equals("0") ? "0s" : text;
    boolean right = !rest.isEmpty() && rest.length() < 40;
    while (right && !rest.isEmpty()) {
      String number = rest.substring(0, span(rest, c -> isDigit(c) || c == '.'));
      String after = rest.substring(number.length());
      String unit = after.substring(0, span(after, Character::isLetter));
      right = isNumber(number) && UNITS.containsKey(unit);
      if (right) {
        total = total.add(new BigDecimal(number).multiply(BigDecimal.valueOf(UNITS.get(unit))));
      }
      rest = after.substring(unit.length());
    }
    boolean bounded =
        total.signum() == 0
            || total.compareTo(BigDecimal.valueOf(UNITS.get("ms"))) >= 0
                && total.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
    if (!right || !bounded) {
      throw wrong(whole, "has a time that is none, or below 1ms: write 30s or 1m30s");
    }
    return new BigDecimal(total.toBigInteger());
  }

  private static boolean isNumber(String text) {
    long digits = text.chars().filter(HealthcheckWords::isDigit).count();
    return digits > 0 && text.length() - digits <= 1;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  /** How many of the first characters are of a kind. */
  private static int span(String text, IntPredicate kind) {
    int end = 0;
    while (end < text.length() && kind.test(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static ImageException wrong(String text, String why) {
    return new ImageException(
        Kind.CONFIGURATION, ImageException.quote("HEALTHCHECK " + text) + " " + why);
  }
}
