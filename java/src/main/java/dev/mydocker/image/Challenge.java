package dev.mydocker.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a server wants for an authorization: one challenge of a WWW-Authenticate header (RFC 9110,
 * 11.6.1).
 *
 * @param scheme in lower case
 * @param parameters by their name in lower case; the first of a name counts
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 8192;
  private static final int MAX_CHALLENGES = 16;

  /**
   * The challenges of all the headers, in order. What cannot be read ends its header's list: the
   * challenges before it count.
   */
  static List<Challenge> parse(List<String> headers) {
    List<Challenge> out = new ArrayList<>();
    for (String header : headers) {
      if (header.length() <= MAX_LENGTH) {
        new Reader(header, out).read();
      }
    }
    return List.copyOf(out);
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** One pass over one header. */
  private static final class Reader {
    private final String text;
    private final List<Challenge> out;
    private int at;

    Reader(String text, List<Challenge> out) {
      this.text = text;
      this.out = out;
    }

    void read() {
      Map<String, String> parameters = new TreeMap<>();
      while (out.size() < MAX_CHALLENGES) {
        skip(" \t,");
        String word = token();
        if (word.isEmpty()) {
          return;
        }
        skip(" \t");
        if (at < text.length() && text.charAt(at) == '=') {
          at++;
          skip(" \t");
          Optional<String> value = value();
          if (value.isEmpty() || out.isEmpty()) {
            return;
          }
          parameters.putIfAbsent(word, value.get());
        } else {
          parameters = new TreeMap<>();
          out.add(new Challenge(word, parameters));
        }
      }
    }

    private void skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private String token() {
      int start = at;
      while (at < text.length() && " \t,=\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at).toLowerCase(Locale.ROOT);
    }

    /** A quoted string or the text up to a comma. */
    private Optional<String> value() {
      if (at == text.length() || text.charAt(at) != '"') {
        int start = at;
        while (at < text.length() && " \t,".indexOf(text.charAt(at)) < 0) {
          at++;
        }
        return Optional.of(text.substring(start, at));
      }
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') {
          at++;
          return Optional.of(value.toString());
        }
        if (c == '\\' && at + 1 < text.length()) {
          c = text.charAt(++at);
        }
        value.append(c);
      }
      return Optional.empty();
    }
  }
}
