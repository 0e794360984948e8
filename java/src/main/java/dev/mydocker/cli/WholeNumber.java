package dev.mydocker.cli;

/** A count, or a time in seconds, on a command line. */
final class WholeNumber {
  private static final int DIGITS = 9;

  private WholeNumber() {}

  /**
   * Reads {@code 10}, or {@code -1}: for ever, all of it.
   *
   * @param flag for the message
   */
  static int parse(String flag, String text) throws UsageException {
    boolean good = !text.isEmpty() && text.length() <= DIGITS;
    for (int i = 0; good && i < text.length(); i++) {
      good = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!good && !text.equals("-1")) {
      throw new UsageException(flag + ": " + Text.quote(text) + " is not a whole number, or -1");
    }
    return Integer.parseInt(text);
  }
}
