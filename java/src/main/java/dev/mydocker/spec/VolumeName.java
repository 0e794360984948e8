package dev.mydocker.spec;

/** What volumes are called. */
public final class VolumeName {
  /** As many bytes as a directory's name may have. */
  private static final int MAX_LENGTH = 255;

  private VolumeName() {}

  /** Whether a volume may be called that. */
  public static boolean is(String name) {
    return RestrictedName.is(name, MAX_LENGTH);
  }

  /**
   * Checks a name that a user gave.
   *
   * @throws OptionException when no volume can be called that
   */
  public static void require(String name) throws OptionException {
    if (!is(name)) {
      throw new OptionException(
          OptionException.quote(name)
              + " is no name of a volume: only [a-zA-Z0-9][a-zA-Z0-9_.-]+ is allowed, at most "
              + MAX_LENGTH
              + " characters; a directory of the host is named by its absolute path");
    }
  }
}
