package dev.mydocker.testing;

/** How often a test tries what a race decides. */
public final class Races {
  private static final int TRIES = Integer.getInteger("mydocker.race.tries", 0);

  private Races() {}

  /**
   * The tries of a test: as many as {@code -Dmydocker.race.tries=10000} says, else
   *
   * @param usual as many as the suite has time for
   */
  public static int tries(int usual) {
    return TRIES > 0 ? TRIES : usual;
  }
}
