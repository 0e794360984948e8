package dev.mydocker.image;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Durations as Go, and so Docker, writes them: {@code 1m30s}, {@code 1.5h}, {@code 500ms}. */
public final class GoDuration {
  private static final long MICROSECOND = 1_000;
  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000_000_000;

  private static final Map<String, Long> UNITS =
      Map.of(
          "ns", 1L,
          "us", MICROSECOND,
          "µs", MICROSECOND,
          "ms", MILLISECOND,
          "s", SECOND,
          "m", 60 * SECOND,
          "h", 3600 * SECOND);

  private static final int LONGEST = 40;

  private GoDuration() {}

  /**
   * Reads one that is 0, or {@code shortest} at least; empty when it is none, or longer than 64
   * bits of nanoseconds.
   */
  public static Optional<Duration> parse(String text, Duration shortest) {
    return parse(text).filter(time -> time.isZero() || time.compareTo(shortest) >= 0);
  }

  private static Optional<Duration> parse(String text) {
    BigDecimal total = BigDecimal.ZERO;
    String rest = text.equals("0") ? "0s" : text;
    boolean right = !rest.isEmpty() && rest.length() < LONGEST;
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
    return right && total.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0
        ? Optional.of(Duration.ofNanos(total.longValue()))
        : Optional.empty();
  }

  /** As Go prints it: {@code 1m30s}, {@code 1.5s}, {@code 500ms}, {@code 0s}. */
  public static String text(Duration duration) {
    long nanos = duration.toNanos();
    if (nanos == 0) {
      return "0s";
    }
    if (nanos < MICROSECOND) {
      return nanos + "ns";
    }
    if (nanos < MILLISECOND) {
      return decimal(nanos, MICROSECOND) + "µs";
    }
    if (nanos < SECOND) {
      return decimal(nanos, MILLISECOND) + "ms";
    }
    long minutes = nanos / SECOND / 60;
    String seconds = decimal(nanos - minutes * 60 * SECOND, SECOND) + "s";
    if (minutes == 0) {
      return seconds;
    }
    return (minutes < 60 ? "" : minutes / 60 + "h") + minutes % 60 + "m" + seconds;
  }

  private static String decimal(long nanos, long unit) {
    BigDecimal value = BigDecimal.valueOf(nanos).divide(BigDecimal.valueOf(unit));
    return value.stripTrailingZeros().toPlainString();
  }

  private static boolean isNumber(String text) {
    long digits = text.chars().filter(GoDuration::isDigit).count();
    return digits > 0 && text.length() - digits <= 1;
  }

  static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  /** How many of the first characters are of a kind. */
  static int span(String text, IntPredicate kind) {
    int end = 0;
    while (end < text.length() && kind.test(text.charAt(end))) {
      end++;
    }
    return end;
  }
}
