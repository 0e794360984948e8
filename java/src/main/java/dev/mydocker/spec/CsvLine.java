package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/** One line of comma-separated values, RFC 4180. */
final class CsvLine {
  private CsvLine() {}

  /**
   * The fields of a line; a field may stand in double quotes, a quote in it is doubled.
   *
   * @throws OptionException when a quote is missing or out of place
   */
  static List<String> parse(String line) throws OptionException {
    List<String> fields = new ArrayList<>();
    int at = 0;
    while (at <= line.length()) {
      StringBuilder field = new StringBuilder();
      at =
          at < line.length() && line.charAt(at) == '"'
              ? quoted(line, at + 1, field)
              : plain(line, at, field);
      fields.add(field.toString());
      if (at < line.length() && line.charAt(at) != ',') {
        throw new OptionException("misplaced quote in " + OptionException.quote(line));
      }
      at++;
    }
    return fields;
  }

  private static int plain(String line, int start, StringBuilder field) {
    int at = start;
    while (at < line.length() && line.charAt(at) != ',' && line.charAt(at) != '"') {
      field.append(line.charAt(at++));
    }
    return at;
  }

  private static int quoted(String line, int start, StringBuilder field) throws OptionException {
    int at = start;
    while (at < line.length()) {
      char c = line.charAt(at++);
      if (c != '"') {
        field.append(c);
      } else if (at < line.length() && line.charAt(at) == '"') {
        field.append('"');
        at++;
      } else {
        return at;
      }
    }
    throw new OptionException("missing quote in " + OptionException.quote(line));
  }
}
