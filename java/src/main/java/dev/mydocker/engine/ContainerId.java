package dev.mydocker.engine;

import dev.mydocker.kernel.RandomName;

/** Ids of containers: 64 hexadecimal digits that nobody can guess. */
final class ContainerId {
  private static final int LENGTH = 64;
  private static final int SHOWN = 12;

  private ContainerId() {}

  /** A new one. */
  static String random() {
    return RandomName.hex(LENGTH);
  }

  /** The part of an id that people are shown. */
  static String shown(String id) {
    return id.substring(0, SHOWN);
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
