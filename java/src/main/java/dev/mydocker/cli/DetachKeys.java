package dev.mydocker.cli;

import java.nio.charset.StandardCharsets;

/**
 * The keys that, typed one after the other, leave a container's terminal: {@code ctrl-p,ctrl-q}, or
 * what {@code --detach-keys} says.
 *
 * @param keys ASCII characters, at least one
 */
record DetachKeys(String keys) {
  private static final String USUAL = "ctrl-p,ctrl-q";

  /** Those of ASCII 0 to 31, in their order. */
  private static final String CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

  private static final String CONTROL = "ctrl-";

  /** Adds the flag. */
  static Flags declare(Flags flags) {
    return flags.value("KEYS", "Leave its terminal by them (" + USUAL + ")", "--detach-keys");
  }

  /**
   * Those that a command line asks for.
   *
   * @throws UsageException when they are no keys
   */
  static DetachKeys of(Flags.Parsed arguments) throws UsageException {
    String text = arguments.value("--detach-keys").orElse("");
    return parse(text.isEmpty() ? USUAL : text);
  }

  /**
   * Parses keys, separated by commas: each a single ASCII character, {@code DEL}, or {@code ctrl-}
   * and a small letter or one of {@code @ [ \ ] ^ _}.
   */
  static DetachKeys parse(String text) throws UsageException {
    StringBuilder keys = new StringBuilder();
    int start = 0;
    for (int end = 0; end >= 0; start = end + 1) {
      end = text.indexOf(',', start);
      keys.append(key(text.substring(start, end < 0 ? text.length() : end)));
    }
    return new DetachKeys(keys.toString());
  }

  private static char key(String text) throws UsageException {
    if (text.length() == 1 && text.charAt(0) < 0x80) {
      return text.charAt(0);
    }
    if (text.equals("DEL")) {
      return 0x7f;
    }
    boolean control = text.startsWith(CONTROL) && text.length() == CONTROL.length() + 1;
    int code = control ? CONTROLS.indexOf(text.charAt(CONTROL.length())) : -1;
    if (code < 0) {
      throw new UsageException(
          "--detach-keys: " + Text.quote(text) + " is no key: write ctrl-p,ctrl-q or a,b");
    }
    return (char) code;
  }

  /** A look-out for them in what is typed. */
  Watch watch() {
    return new Watch(keys);
  }

  /** What has been typed last, and may be the beginning of the keys. */
  static final class Watch {
    private final String keys;
    private String held = "";

    private Watch(String keys) {
      this.keys = keys;
    }

    /**
     * What goes on to the container: what may yet become the keys is held back until it is clear.
     *
     * @param length how much of {@code typed} there is
     */
    byte[] pass(byte[] typed, int length) {
      StringBuilder passed = new StringBuilder(length);
      for (int i = 0; i < length && !complete(); i++) {
        held += (char) (typed[i] & 0xff);
        while (!keys.startsWith(held)) {
          passed.append(held.charAt(0));
          held = held.substring(1);
        }
      }
      return passed.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Whether the keys have been typed; nothing after them is looked at. */
    boolean complete() {
      return held.equals(keys);
    }
  }
}
