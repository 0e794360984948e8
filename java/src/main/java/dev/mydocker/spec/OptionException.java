package dev.mydocker.spec;

/**
 * What the user or the image asked for cannot be: malformed, contradictory, or beyond what this
 * host allows. The message is one line without the program's name.
 */
public final class OptionException extends Exception {
  private static final long serialVersionUID = 1L;

  public OptionException(String message) {
    super(message);
  }

  /** The same with what it is about in front. */
  OptionException about(String what) {
    return new OptionException(what + ": " + getMessage());
  }

  /** Foreign text for a message: quoted, printable ASCII only, at most 100 characters of it. */
  public static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < Math.min(text.length(), 100); i++) {
      char c = text.charAt(i);
      out.append(c >= ' ' && c < 0x7f && c != '"' ? c : '?');
    }
    return out.append(text.length() > 100 ? "...\"" : "\"").toString();
  }
}
