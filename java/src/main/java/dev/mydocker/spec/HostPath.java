package dev.mydocker.spec;

/** The source of a bind mount, as options name it. */
final class HostPath {
  private HostPath() {}

  /** Whether it is a path and not the name of a volume. */
  static boolean isPath(String text) {
    return text.startsWith("/")
        || text.equals(".")
        || text.equals("..")
        || text.startsWith("./")
        || text.startsWith("../");
  }

  /** The path made absolute by the caller's working directory. */
  static String absolute(String text, String workingDirectory) throws OptionException {
    if (text.indexOf('\0') >= 0) {
      throw new OptionException("invalid path on the host: " + OptionException.quote(text));
    }
    return text.startsWith("/") ? text : workingDirectory + "/" + text;
  }
}
