package dev.mydocker.spec;

/** Whose namespace of one kind a container lives in. */
public enum NamespaceMode {
  /** One of its own. */
  PRIVATE,
  /** The host's. */
  HOST;

  /**
   * Reads the value of {@code --pid}, {@code --ipc}, {@code --uts} or {@code --cgroupns}.
   *
   * @param option the option's name, for the message
   * @throws OptionException when it is neither {@code host} nor {@code private} nor empty
   */
  public static NamespaceMode parse(String option, String text) throws OptionException {
    switch (text) {
      case "":
      case "private":
        return PRIVATE;
      case "host":
        return HOST;
      default:
        if (text.startsWith("container:")) {
          throw new OptionException(
              option + "=" + text + ": joining another container's namespace comes later");
        }
        throw new OptionException(
            option + ": invalid mode " + OptionException.quote(text) + ": use private or host");
    }
  }
}
