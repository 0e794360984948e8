package dev.mydocker.cli;

/** Whole seconds on a command line. */
final class Seconds {
  private static final int DIGITS = 9;

  private Seconds() {}

  /**
   * Reads {@code 10}, or {@code -1} for ever.
   *
   * @param flag for the message
   */
  static int parse(String flag, String text) throws UsageException {
    boolean good = !text.isEmpty() && text.length() <= DIGITS;
    for (int i = 0; good && i < text.length(); i++) {
      good = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!good && !text.equals("-1")) {
      throw new UsageException(
          flag + ": " + Text.quote(text) + " is not a number of seconds, or -1 for ever");
    }
    return Integer.parseInt(text);
  }
}
