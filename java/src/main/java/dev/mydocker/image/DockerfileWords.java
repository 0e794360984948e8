package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The words of a Dockerfile's instruction: quotes of both kinds, a backslash before a character
 * that means nothing, and {@code $NAME}, {@code ${NAME}}, {@code ${NAME:-else}}, {@code
 * ${NAME:+instead}} outside of single quotes. See Dockerfile's reference, "Environment
 * replacement".
 */
final class DockerfileWords {
  private final String text;
  private final Map<String, String> env;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private DockerfileWords(String text, Map<String, String> env) {
    this.text = text;
    this.env = env;
  }

  /** The words between blanks that are in no quotes, as they were written. */
  static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote == 0 && Character.isWhitespace(c)) {
        if (!word.isEmpty()) {
          words.add(word.toString());
          word.setLength(0);
        }
        continue;
      }
      word.append(c);
      if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
    }
    if (!word.isEmpty()) {
      words.add(word.toString());
    }
    return words;
  }

  /**
   * A word without its quotes, its variables replaced; one that is not set is empty.
   *
   * @throws ImageException CONFIGURATION for a quote or brace that nothing closes
   */
  static String expand(String word, Map<String, String> env) throws ImageException {
    return new DockerfileWords(word, env).run();
  }

  private String run() throws ImageException {
    char quote = 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (quote == '\'') {
        if (c == quote) {
          quote = 0;
        } else {
          out.append(c);
        }
      } else if (c == '\\' && at < text.length()) {
        escaped(quote);
      } else if (c == '$') {
        variable();
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else {
        out.append(c);
      }
    }
    if (quote != 0) {
      throw wrong("has a quote that nothing closes");
    }
    return out.toString();
  }

  /** Between double quotes a backslash stays, but before what means something there. */
  private void escaped(char quote) {
    char next = text.charAt(at++);
    if (quote == '"' && next != '"' && next != '$' && next != '\\') {
      out.append('\\');
    }
    out.append(next);
  }

  private void variable() throws ImageException {
    if (at == text.length() || text.charAt(at) != '{') {
      int end = nameEnd(at);
      if (end == at) {
        out.append('$');
      } else {
        out.append(env.getOrDefault(text.substring(at, end), ""));
      }
      at = end;
      return;
    }
    int end = nameEnd(at + 1);
    int close = text.indexOf('}', end);
    String name = text.substring(at + 1, end);
    if (close < 0 || name.isEmpty()) {
      throw wrong("has a ${ without a name or a }");
    }
    String rest = text.substring(end, close);
    String value = env.getOrDefault(name, "");
    if (rest.startsWith(":-")) {
      out.append(value.isEmpty() ? expand(rest.substring(2), env) : value);
    } else if (rest.startsWith(":+")) {
      out.append(value.isEmpty() ? "" : expand(rest.substring(2), env));
    } else if (rest.isEmpty()) {
      out.append(value);
    } else {
      throw wrong("has a ${NAME...} of an unknown form");
    }
    at = close + 1;
  }

  private int nameEnd(int from) {
    int end = from;
    while (end < text.length() && isName(text.charAt(end), end == from)) {
      end++;
    }
    return end;
  }

  private static boolean isName(char c, boolean first) {
    return c == '_'
        || c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || !first && c >= '0' && c <= '9';
  }

  private ImageException wrong(String why) {
    return new ImageException(Kind.CONFIGURATION, ImageException.quote(text) + " " + why);
  }
}
