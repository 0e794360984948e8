package dev.mydocker.spec;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Amounts of memory as Docker writes them: {@code 256m}, {@code 1.5g}, {@code 64 KiB}. */
public final class Bytes {
  private static final String UNITS = "bkmgtp";
  private static final int MAX_LENGTH = 40;

  private Bytes() {}

  /**
   * Reads an amount: a decimal number, then b, k, m, g, t or p in either case, optionally written
   * {@code kb} or {@code kib}. Units are powers of 1024; a fraction of a byte is cut off.
   *
   * @return bytes, 0 or more
   * @throws OptionException when it is something else, or more than 2^63-1
   */
  public static long parse(String text) throws OptionException {
    int digits = 0;
    while (digits < text.length() && isNumberPart(text.charAt(digits))) {
      digits++;
    }
    String number = text.substring(0, digits);
    int scale = scale(text.substring(digits).strip());
    if (scale < 0 || !isDecimal(number) || text.length() > MAX_LENGTH) {
      throw new OptionException("invalid size: " + OptionException.quote(text));
    }
    BigDecimal value = new BigDecimal(number).multiply(BigDecimal.valueOf(1L << (10 * scale)));
    if (value.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new OptionException("invalid size: " + OptionException.quote(text) + " is too large");
    }
    return value.setScale(0, RoundingMode.DOWN).longValueExact();
  }

  /** The shortest exact form: {@code 256m} for 268435456. */
  public static String format(long bytes) {
    int scale = 0;
    long value = bytes;
    while (value != 0 && value % 1024 == 0 && scale < UNITS.length() - 1) {
      value /= 1024;
      scale++;
    }
    return scale == 0 ? Long.toString(value) : value + UNITS.substring(scale, scale + 1);
  }

  private static boolean isNumberPart(char c) {
    return c >= '0' && c <= '9' || c == '.';
  }

  private static boolean isDecimal(String text) {
    int dot = text.indexOf('.');
    return !text.isEmpty() && dot != 0 && dot == text.lastIndexOf('.') && dot != text.length() - 1;
  }

  /** How many times 1024 the unit is, or -1 when it is none. */
  private static int scale(String unit) {
    if (unit.isEmpty()) {
      return 0;
    }
    int scale = UNITS.indexOf(Character.toLowerCase(unit.charAt(0)));
    String rest = unit.substring(1);
    boolean known =
        rest.isEmpty() || scale > 0 && (rest.equalsIgnoreCase("b") || rest.equalsIgnoreCase("ib"));
    return known ? scale : -1;
  }
}
