package dev.mydocker.cli;

import java.time.Duration;

/** Sizes and durations as Docker words them. */
final class Human {
  private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Human() {}

  /** Bytes in decimal units with {@code digits} significant ones: {@code 4.27MB}. */
  static String size(long bytes, int digits) {
    return scaled(bytes, 1000, digits, UNITS, "");
  }

  /** Bytes in binary units, four significant digits: {@code 256 MiB}. */
  static String binarySize(long bytes) {
    return scaled(bytes, 1024, 4, BINARY_UNITS, " ");
  }

  /** {@link #binarySize} without the gap, as in a table: {@code 256MiB}. */
  static String memory(long bytes) {
    return scaled(bytes, 1024, 4, BINARY_UNITS, "");
  }

  private static String scaled(long bytes, int base, int digits, String[] units, String gap) {
    double value = bytes;
    int unit = 0;
    while (value >= base && unit < units.length - 1) {
      value /= base;
      unit++;
    }
    return significant(value, digits) + gap + units[unit];
  }

  /** {@code value} with that many significant digits and no zeros at its end, as printf's %g. */
  private static String significant(double value, int digits) {
    int whole = 1;
    for (double v = value; v >= 10; v /= 10) {
      whole++;
    }
    int decimals = Math.max(0, digits - whole);
    long power = 1;
    for (int i = 0; i < decimals; i++) {
      power *= 10;
    }
    long scaled = Math.round(value * power);
    long fraction = scaled % power;
    if (fraction == 0) {
      return Long.toString(scaled / power);
    }
    StringBuilder tail = new StringBuilder(Long.toString(power + fraction)).deleteCharAt(0);
    while (tail.charAt(tail.length() - 1) == '0') {
      tail.setLength(tail.length() - 1);
    }
    return scaled / power + "." + tail;
  }

  /** A duration in one unit: {@code Less than a second}, {@code About an hour}, {@code 3 weeks}. */
  static String duration(Duration duration) {
    long seconds = duration.toSeconds();
    long minutes = seconds / 60;
    long hours = Math.round(seconds / 3600.0);
    if (seconds < 1) {
      return "Less than a second";
    } else if (seconds == 1) {
      return "1 second";
    } else if (seconds < 60) {
      return seconds + " seconds";
    } else if (minutes == 1) {
      return "About a minute";
    } else if (minutes < 60) {
      return minutes + " minutes";
    } else if (hours == 1) {
      return "About an hour";
    } else if (hours < 48) {
      return hours + " hours";
    } else if (hours < 24 * 7 * 2) {
      return hours / 24 + " days";
    } else if (hours < 24 * 30 * 2) {
      return hours / 24 / 7 + " weeks";
    } else if (hours < 24 * 365 * 2) {
      return hours / 24 / 30 + " months";
    }
    return hours / 24 / 365 + " years";
  }
}
