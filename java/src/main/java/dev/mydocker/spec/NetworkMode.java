package dev.mydocker.spec;

/** How a container is connected. */
public sealed interface NetworkMode {

  /** A network namespace of its own with nothing but loopback. */
  record None() implements NetworkMode {}

  /** The host's network namespace. */
  record Host() implements NetworkMode {}

  /**
   * Reads the value of {@code --network}.
   *
   * @throws OptionException when it is neither {@code none} nor {@code host}
   */
  static NetworkMode parse(String text) throws OptionException {
    if (text.equals("none")) {
      return new None();
    }
    if (text.equals("host")) {
      return new Host();
    }
    throw new OptionException(
        "--network: there is no network "
            + OptionException.quote(text)
            + ": networks of their own come later, use none or host");
  }
}
