package dev.mydocker.spec;

/** Paths in a container, as options name them. */
final class ContainerPath {
  private ContainerPath() {}

  /**
   * A mount's target without empty and {@code .} components and without a slash at its end.
   *
   * @throws OptionException when it is relative, the root, or has a {@code ..} component or a NUL
   */
  static String target(String text) throws OptionException {
    String path = clean(text);
    if (path.equals("/")) {
      throw new OptionException("invalid mount target: it cannot be '/'");
    }
    return path;
  }

  /**
   * {@link #target}, but the root is allowed.
   *
   * @throws OptionException see there
   */
  static String clean(String text) throws OptionException {
    if (!text.startsWith("/") || text.indexOf('\0') >= 0) {
      throw new OptionException(
          "invalid path in the container: "
              + OptionException.quote(text)
              + ": it must be an absolute path");
    }
    StringBuilder out = new StringBuilder(text.length());
    for (String part : text.split("/")) {
      if (part.equals("..")) {
        throw new OptionException(
            "invalid path in the container: " + OptionException.quote(text) + ": it contains '..'");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        out.append('/').append(part);
      }
    }
    return out.length() == 0 ? "/" : out.toString();
  }

  /** Whether a clean path is the other one or below it. */
  static boolean isAtOrBelow(String path, String top) {
    return path.equals(top) || path.startsWith(top + "/");
  }

  /** How many components a clean path has. */
  static int depth(String path) {
    return (int) path.chars().filter(c -> c == '/').count();
  }
}
