package dev.mydocker.cli;

/** Foreign text made safe for a terminal: no escape sequence and no line break gets through. */
final class Text {
  private static final String DIGITS = "0123456789abcdef";

  private Text() {}

  /** {@code text} with control characters as {@code \xNN}. */
  static String printable(String text) {
    int i = 0;
    while (i < text.length() && !isControl(text.charAt(i))) {
      i++;
    }
    if (i == text.length()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, i);
    for (; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isControl(c)) {
        escape(out, c);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** {@link #printable} between double quotes. */
  static String quote(String text) {
    return "\"" + printable(text) + "\"";
  }

  /** At most {@code width} characters, the last one an ellipsis when something was cut. */
  static String ellipsis(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "…";
  }

  private static void escape(StringBuilder out, char c) {
    if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c <= 0xff) {
      out.append("\\x").append(DIGITS.charAt(c >> 4)).append(DIGITS.charAt(c & 15));
    } else {
      out.append("\\u20").append(DIGITS.charAt((c >> 4) & 15)).append(DIGITS.charAt(c & 15));
    }
  }

  /**
   * C0, DEL, C1, and the marks that turn the direction of writing (U+200E to U+202E, U+2066 on).
   */
  private static boolean isControl(char c) {
    return c < 0x20
        || c >= 0x7f && c < 0xa0
        || c == '\u200e'
        || c == '\u200f'
        || c >= '\u2028' && c <= '\u202e'
        || c >= '\u2066' && c <= '\u2069';
  }
}
