package dev.mydocker.spec;

/** Whole numbers without sign, space or base: what a count, an id or a limit is written as. */
final class Digits {
  private Digits() {}

  /** Whether the text is one or more ASCII digits and nothing else. */
  static boolean only(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** The number, or -1 when it is none or more than {@code max}. */
  static long parse(String text, long max) {
    if (!only(text)) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (value > (max - digit) / 10) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
