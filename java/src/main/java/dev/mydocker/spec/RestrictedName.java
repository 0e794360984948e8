package dev.mydocker.spec;

/** The names that Docker gives containers and volumes: {@code [a-zA-Z0-9][a-zA-Z0-9_.-]+}. */
public final class RestrictedName {
  private RestrictedName() {}

  /**
   * Whether the text is such a name.
   *
   * @param longest how many characters it may have
   */
  public static boolean is(String text, int longest) {
    boolean good = text.length() >= 2 && text.length() <= longest && isWord(text.charAt(0));
    for (int i = 0; i < text.length() && good; i++) {
      char c = text.charAt(i);
      good = isWord(c) || c == '_' || c == '.' || c == '-';
    }
    return good;
  }

  private static boolean isWord(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }
}
