package dev.mydocker.spec;

/**
 * A container whose mounts another one gets as well, {@code --volumes-from CONTAINER[:ro]}.
 *
 * @param container its name, its id, or the beginning of its id
 * @param readOnly whether they cannot be written there; else they are what they are in the other
 */
public record VolumesFrom(String container, boolean readOnly) {

  /**
   * Reads the value of the flag.
   *
   * @throws OptionException when it names no container, or has another option than ro and rw
   */
  public static VolumesFrom parse(String text) throws OptionException {
    int colon = text.indexOf(':');
    String container = colon < 0 ? text : text.substring(0, colon);
    String mode = colon < 0 ? "rw" : text.substring(colon + 1);
    if (container.isEmpty() || !mode.equals("ro") && !mode.equals("rw")) {
      throw new OptionException(
          "invalid --volumes-from: " + OptionException.quote(text) + ": write CONTAINER[:ro]");
    }
    return new VolumesFrom(container, mode.equals("ro"));
  }

  /** As a user would write it. */
  public String text() {
    return readOnly ? container + ":ro" : container;
  }
}
