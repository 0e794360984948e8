package dev.mydocker.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Locale;

/** A time as Docker's filters take it. */
final class Moment {
  private static final String UNITS = "smh";
  private static final int[] SECONDS = {1, 60, 3600};

  private Moment() {}

  /**
   * Reads {@code 2026-03-01T12:00:00Z}, {@code 2026-03-01T12:00:00}, {@code 2026-03-01T12}, {@code
   * 2026-03-01} (those without a zone in this machine's), seconds since the epoch with or without a
   * fraction, or {@code 1h30m}: that long ago.
   *
   * @throws UsageException when it is anything else
   */
  static Instant parse(String text, Instant now) throws UsageException {
    try {
      int point = text.indexOf('.');
      if (isDigits(text) || point > 0 && isDigits(text.substring(0, point))) {
        return epoch(text, point);
      }
      if (text.indexOf('-') < 0) {
        return now.minus(duration(text));
      }
      String upper = text.toUpperCase(Locale.ROOT);
      if (upper.indexOf('T') < 0) {
        return LocalDate.parse(upper).atStartOfDay(ZoneId.systemDefault()).toInstant();
      }
      boolean zone = upper.endsWith("Z") || upper.indexOf('+') > 0 || upper.lastIndexOf('-') > 10;
      if (!zone && upper.length() == "2026-03-01T12".length()) {
        upper += ":00";
      }
      return zone
          ? OffsetDateTime.parse(upper).toInstant()
          : LocalDateTime.parse(upper).atZone(ZoneId.systemDefault()).toInstant();
    } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
      throw new UsageException(
          Text.quote(text) + " is no time: write 2026-03-01T12:00:00Z, 2026-03-01, or 24h", e);
    }
  }

  private static Instant epoch(String text, int point) {
    if (point < 0) {
      return Instant.ofEpochSecond(Long.parseLong(text));
    }
    String fraction = text.substring(point + 1);
    if (!isDigits(fraction) || fraction.length() > 9) {
      throw new NumberFormatException(text);
    }
    long nano = Long.parseLong(fraction + "0".repeat(9 - fraction.length()));
    return Instant.ofEpochSecond(Long.parseLong(text.substring(0, point)), nano);
  }

  private static Duration duration(String text) {
    long seconds = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      int unit = UNITS.indexOf(text.charAt(i));
      if (unit >= 0) {
        long count = Long.parseLong(text.substring(start, i));
        seconds = Math.addExact(seconds, Math.multiplyExact(count, SECONDS[unit]));
        start = i + 1;
      }
    }
    if (text.isEmpty() || start < text.length()) {
      throw new NumberFormatException(text);
    }
    return Duration.ofSeconds(seconds);
  }

  private static boolean isDigits(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
