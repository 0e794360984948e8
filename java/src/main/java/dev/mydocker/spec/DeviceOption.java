package dev.mydocker.spec;

/**
 * A device of the host that a container gets, {@code --device HOST[:CONTAINER[:rwm]]}.
 *
 * @param source a node on the host, or a directory whose nodes are meant
 * @param target where it is in the container: a clean absolute path
 * @param access of r, w and m, each at most once: read, write and mknod
 */
public record DeviceOption(String source, String target, String access) {

  /**
   * Reads the value of the flag.
   *
   * @throws OptionException in Docker's words when it is malformed
   */
  public static DeviceOption parse(String text) throws OptionException {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || parts[0].isEmpty()) {
      throw new OptionException("bad format for path: " + OptionException.quote(text));
    }
    if (parts.length == 3 && !isAccess(parts[2])) {
      throw new OptionException("bad mode specified: " + OptionException.quote(parts[2]));
    }
    String last = parts[parts.length - 1];
    boolean hasAccess = parts.length > 1 && isAccess(last);
    boolean hasTarget = parts.length == 3 || parts.length == 2 && !hasAccess;
    String target = hasTarget ? parts[1] : parts[0];
    for (String path : new String[] {parts[0], target}) {
      if (!path.startsWith("/")) {
        throw new OptionException(OptionException.quote(path) + " is not an absolute path");
      }
    }
    return new DeviceOption(
        ContainerPath.clean(parts[0]), ContainerPath.target(target), hasAccess ? last : "rwm");
  }

  private static boolean isAccess(String text) {
    boolean once = text.chars().distinct().count() == text.length();
    return once && !text.isEmpty() && text.chars().allMatch(c -> "rwm".indexOf(c) >= 0);
  }

  /** As a user would write it, in full. */
  public String text() {
    return source + ":" + target + ":" + access;
  }
}
