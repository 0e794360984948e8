package dev.mydocker.engine;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Ids of containers: 64 hexadecimal digits that nobody can guess. */
final class ContainerId {
  private static final int LENGTH = 64;
  private static final SecureRandom RANDOM = new SecureRandom();

  private ContainerId() {}

  /** A new one. */
  static String random() {
    byte[] bytes = new byte[LENGTH / 2];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * Whether the text is an id: what else lies in a directory of containers is not ours to touch.
   */
  static boolean is(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.digit(text.charAt(i), 16) < 0) {
        return false;
      }
    }
    return text.length() == LENGTH;
  }
}
