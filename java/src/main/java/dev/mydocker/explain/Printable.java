package dev.mydocker.explain;

import java.util.ArrayList;
import java.util.List;

/** Foreign text (paths, names, values of hostile images) made fit for a line that people read. */
final class Printable {
  private static final int C0_END = 0x20;
  private static final int DEL = 0x7f;
  private static final int C1_END = 0xa0;

  private Printable() {}

  /** {@code text} on one line: control characters and marks of direction are escaped. */
  static String line(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append("\\n");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (c < C0_END || c == DEL) {
        out.append(String.format("\\x%02x", (int) c));
      } else if (c > DEL && c < C1_END || turnsDirection(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** {@code text} on one line and in double quotes. */
  static String quoted(String text) {
    return '"' + line(text.replace("\\", "\\\\").replace("\"", "\\\"")) + '"';
  }

  /**
   * {@code text} in lines of at most {@code width} characters, broken after a space or comma where
   * there is one; nothing is left out, so the lines joined are the text.
   */
  static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    while (text.length() - start > width) {
      int end = start + width;
      for (int i = end; i > start + width / 2; i--) {
        if (text.charAt(i - 1) == ' ' || text.charAt(i - 1) == ',') {
          end = i;
          break;
        }
      }
      lines.add(text.substring(start, end));
      start = end;
    }
    lines.add(text.substring(start));
    return lines;
  }

  /** The marks that turn the direction of writing, and Unicode's own line breaks. */
  private static boolean turnsDirection(char c) {
    return c == '\u061c'
        || c == '\u200e'
        || c == '\u200f'
        || c >= '\u2028' && c <= '\u202e'
        || c >= '\u2066' && c <= '\u2069';
  }
}
