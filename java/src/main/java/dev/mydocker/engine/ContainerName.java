package dev.mydocker.engine;

import dev.mydocker.kernel.RandomName;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.RestrictedName;

/** What containers are called. */
final class ContainerName {
  private static final int MAX_LENGTH = 200;

  private static final String[] MOODS = {
    "able", "agile", "alert", "amber", "brave", "brisk", "calm", "clear", "clever", "crisp",
    "eager", "early", "exact", "fair", "fast", "fine", "firm", "fresh", "gentle", "glad",
    "golden", "keen", "kind", "light", "lively", "lucid", "merry", "mild", "neat", "noble",
    "open", "patient", "plain", "proud", "quick", "quiet", "ready", "rosy", "sharp", "silver",
    "sound", "steady", "still", "sunny", "swift", "tidy", "vivid", "warm", "wise", "witty"
  };

  private static final String[] THINGS = {
    "anchor", "badger", "beacon", "birch", "bison", "bridge", "brook", "cedar", "comet", "coral",
    "crane", "delta", "ember", "falcon", "fern", "fjord", "fox", "gable", "harbor", "hazel",
    "heron", "island", "jetty", "kestrel", "lantern", "larch", "ledge", "linden", "lynx", "maple",
    "marten", "meadow", "mill", "orchard", "osprey", "otter", "pebble", "pine", "plover", "quarry",
    "raven", "reef", "river", "robin", "sail", "spruce", "stork", "thistle", "tower", "willow"
  };

  private ContainerName() {}

  /**
   * Checks a name that a user gave.
   *
   * @throws OptionException unless it is a letter or digit and then one or more letters, digits,
   *     underscores, dots and dashes
   */
  static void require(String name) throws OptionException {
    if (!is(name)) {
      throw new OptionException(
          "invalid container name "
              + OptionException.quote(name)
              + ": only [a-zA-Z0-9][a-zA-Z0-9_.-]+ is allowed, at most "
              + MAX_LENGTH
              + " characters");
    }
  }

  /** Whether a container may be called that. */
  static boolean is(String name) {
    return RestrictedName.is(name, MAX_LENGTH);
  }

  /**
   * A name for a container that was given none.
   *
   * @param attempt 0 at first; from some number on a number is added
   */
  static String generate(int attempt) {
    String name =
        MOODS[RandomName.below(MOODS.length)] + "_" + THINGS[RandomName.below(THINGS.length)];
    return attempt < 4 ? name : name + RandomName.below(1_000_000);
  }
}
