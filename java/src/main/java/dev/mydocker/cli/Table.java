package dev.mydocker.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows in aligned columns, three spaces apart and at least ten wide, as Docker prints them. */
final class Table {
  private static final int MINIMUM = 10;
  private static final int GAP = 3;

  private final List<List<String>> rows = new ArrayList<>();

  /** Adds a row; control characters in its cells are escaped. */
  Table row(List<String> cells) {
    List<String> safe = new ArrayList<>(cells.size());
    for (String cell : cells) {
      safe.add(Text.printable(cell));
    }
    rows.add(safe);
    return this;
  }

  /** The lines; the last column is not padded. */
  String render() {
    List<Integer> widths = widths();
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        String cell = row.get(i);
        out.append(cell);
        if (i + 1 < row.size()) {
          pad(out, widths.get(i) - width(cell));
        }
      }
      out.append('\n');
    }
    return out.toString();
  }

  private List<Integer> widths() {
    List<Integer> widths = new ArrayList<>();
    for (List<String> row : rows) {
      for (int i = 0; i + 1 < row.size(); i++) {
        int wanted = Math.max(MINIMUM, width(row.get(i)) + GAP);
        if (i == widths.size()) {
          widths.add(wanted);
        } else if (widths.get(i) < wanted) {
          widths.set(i, wanted);
        }
      }
    }
    return widths;
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  private static void pad(StringBuilder out, int count) {
    for (int i = 0; i < count; i++) {
      out.append(' ');
    }
  }
}
