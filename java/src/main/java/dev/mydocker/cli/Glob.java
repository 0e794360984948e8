package dev.mydocker.cli;

/**
 * A pattern as Go's path.Match reads it: {@code *} and {@code ?} match anything but a slash, {@code
 * [a-z]} and {@code [^a-z]} one character, a backslash takes the next one as it is.
 */
final class Glob {
  private final String pattern;

  private Glob(String pattern) {
    this.pattern = pattern;
  }

  /**
   * Reads a pattern.
   *
   * @throws UsageException when a bracket is not closed or nothing follows a backslash
   */
  static Glob parse(String pattern) throws UsageException {
    int i = 0;
    while (i < pattern.length()) {
      int next = end(pattern, i);
      if (next < 0) {
        throw new UsageException("invalid pattern: " + Text.quote(pattern));
      }
      i = next;
    }
    return new Glob(pattern);
  }

  /** Where the piece that begins at {@code i} ends; -1 when it does not. */
  private static int end(String pattern, int i) {
    char c = pattern.charAt(i);
    if (c == '\\') {
      return i + 1 < pattern.length() ? i + 2 : -1;
    }
    if (c != '[') {
      return i + 1;
    }
    int first = pattern.startsWith("^", i + 1) ? i + 2 : i + 1;
    int close = pattern.indexOf(']', first);
    return close <= first ? -1 : close + 1;
  }

  /** Whether the whole text is of the pattern. */
  boolean matches(String text) {
    int at = 0;
    int i = 0;
    int star = -1;
    int starAt = 0;
    while (at < text.length() || i < pattern.length()) {
      if (i < pattern.length() && pattern.charAt(i) == '*') {
        star = i++;
        starAt = at;
      } else if (i < pattern.length() && at < text.length() && one(i, text.charAt(at))) {
        i = end(pattern, i);
        at++;
      } else if (star >= 0 && starAt < text.length() && text.charAt(starAt) != '/') {
        // The last star takes one character more; no earlier one has to be tried again.
        at = ++starAt;
        i = star + 1;
      } else {
        return false;
      }
    }
    return true;
  }

  private boolean one(int i, char c) {
    switch (pattern.charAt(i)) {
      case '?':
        return c != '/';
      case '\\':
        return pattern.charAt(i + 1) == c;
      case '[':
        return inClass(i, c);
      default:
        return pattern.charAt(i) == c;
    }
  }

  private boolean inClass(int i, char c) {
    boolean negated = pattern.charAt(i + 1) == '^';
    int close = end(pattern, i) - 1;
    boolean in = false;
    for (int k = negated ? i + 2 : i + 1; k < close; k++) {
      char low = pattern.charAt(k);
      char high = low;
      if (k + 2 < close && pattern.charAt(k + 1) == '-') {
        high = pattern.charAt(k + 2);
        k += 2;
      }
      in |= low <= c && c <= high;
    }
    return in != negated;
  }
}
