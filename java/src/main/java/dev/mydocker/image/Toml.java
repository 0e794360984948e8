package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of TOML 1.0 that files like registries.conf use: tables, arrays of tables, and keys with
 * a string, a boolean, or an array of strings. Anything else is refused, with file and line.
 */
final class Toml {
  /**
   * One table.
   *
   * @param name its dotted name; empty for what stands before the first header
   * @param array whether it is an element of an array of tables
   * @param line where it begins, from 1
   * @param values by key
   */
  record Table(String name, boolean array, int line, Map<String, Json> values) {}

  private final Path file;
  private final String text;
  private int at;
  private int line = 1;

  private Toml(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * The tables of a file in their order, the nameless first.
   *
   * @throws ImageException CONFIGURATION
   */
  static List<Table> parse(Path file, String text) throws ImageException {
    return new Toml(file, text).tables();
  }

  private List<Table> tables() throws ImageException {
    List<Table> out = new ArrayList<>();
    Table table = new Table("", false, 1, new LinkedHashMap<>());
    out.add(table);
    while (skipToContent()) {
      if (text.charAt(at) == '[') {
        table = header();
        for (Table other : out) {
          if (other.name.equals(table.name) && !(other.array && table.array)) {
            throw bad("the table [" + table.name + "] stands here a second time");
          }
        }
        out.add(table);
      } else {
        String key = key();
        skipBlanks();
        expect('=');
        skipBlanks();
        if (table.values.putIfAbsent(key, value()) != null) {
          throw bad("the key " + ImageException.quote(key) + " stands here a second time");
        }
      }
      endOfLine();
    }
    return out;
  }

  private Table header() throws ImageException {
    expect('[');
    boolean array = peek() == '[';
    if (array) {
      at++;
    }
    StringBuilder name = new StringBuilder();
    do {
      if (name.length() > 0) {
        expect('.');
        name.append('.');
      }
      skipBlanks();
      name.append(key());
      skipBlanks();
    } while (peek() == '.');
    expect(']');
    if (array) {
      expect(']');
    }
    return new Table(name.toString(), array, line, new LinkedHashMap<>());
  }

  private String key() throws ImageException {
    if (peek() == '"' || peek() == '\'') {
      return string();
    }
    int start = at;
    while (isBare(peek())) {
      at++;
    }
    if (at == start) {
      throw bad("a key or a [table] is expected");
    }
    return text.substring(start, at);
  }

  private Json value() throws ImageException {
    char c = peek();
    if (c == '"' || c == '\'') {
      return new Json.Str(string());
    }
    if (c == '[') {
      return array();
    }
    int start = at;
    while (isBare(peek())) {
      at++;
    }
    return switch (text.substring(start, at)) {
      case "true" -> new Json.Bool(true);
      case "false" -> new Json.Bool(false);
      default -> throw bad("a string, true, false, or a list of strings is expected");
    };
  }

  private Json array() throws ImageException {
    expect('[');
    List<Json> items = new ArrayList<>();
    while (true) {
      if (!skipToContent()) {
        throw bad("a list has no end");
      }
      if (peek() == ']') {
        at++;
        return new Json.Arr(items);
      }
      items.add(new Json.Str(string()));
      if (skipToContent() && peek() != ']') {
        expect(',');
      }
    }
  }

  private String string() throws ImageException {
    char quote = peek();
    if (quote != '"' && quote != '\'') {
      throw bad("a string is expected");
    }
    at++;
    StringBuilder out = new StringBuilder();
    while (peek() != quote) {
      char c = peek();
      if (c == '\n' || at == text.length()) {
        throw bad("a string has no end on its line");
      }
      if (c < ' ' && c != '\t' || c == 0x7f) {
        throw bad("a control character in a string");
      }
      at++;
      out.append(c == '\\' && quote == '"' ? escaped() : c);
    }
    at++;
    if (out.length() == 0 && peek() == quote) {
      throw bad("strings over several lines are not supported here");
    }
    return out.toString();
  }

  private char escaped() throws ImageException {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\' -> c;
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'r' -> '\r';
      default -> throw bad("an escape other than \\\" \\\\ \\t \\n \\r");
    };
  }

  /** Goes to the next character that is neither blank, nor line end, nor comment. */
  private boolean skipToContent() throws ImageException {
    while (at < text.length()) {
      skipBlanks();
      char c = peek();
      if (c == '\n' || c == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n') {
        at += c == '\n' ? 1 : 2;
        line++;
      } else if (c == '#') {
        skipComment();
      } else {
        return at < text.length();
      }
    }
    return false;
  }

  private void skipComment() {
    while (at < text.length() && text.charAt(at) != '\n') {
      at++;
    }
  }

  private void endOfLine() throws ImageException {
    skipBlanks();
    if (peek() == '#') {
      skipComment();
    }
    if (at < text.length() && peek() != '\n' && peek() != '\r') {
      throw bad("something follows at the line's end");
    }
  }

  private void skipBlanks() {
    while (peek() == ' ' || peek() == '\t') {
      at++;
    }
  }

  private void expect(char c) throws ImageException {
    if (peek() != c) {
      throw bad("'" + c + "' is expected");
    }
    at++;
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private static boolean isBare(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '_'
        || c == '-';
  }

  private ImageException bad(String why) {
    return new ImageException(Kind.CONFIGURATION, file + ", line " + line + ": " + why);
  }
}
