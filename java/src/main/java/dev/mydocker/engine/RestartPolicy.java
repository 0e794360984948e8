package dev.mydocker.engine;

import dev.mydocker.spec.OptionException;

/**
 * Whether a container is started again when it ends.
 *
 * @param when the rule
 * @param retries how often at most after failures, 0 for any; of {@link When#ON_FAILURE} only
 */
public record RestartPolicy(When when, int retries) {

  /** Docker's rules. */
  public enum When {
    NO("no"),
    ON_FAILURE("on-failure"),
    ALWAYS("always"),
    UNLESS_STOPPED("unless-stopped");

    private final String text;

    When(String text) {
      this.text = text;
    }

    /** As it is written on a command line. */
    public String text() {
      return text;
    }
  }

  /** What holds when nothing is asked for. */
  public static final RestartPolicy NONE = new RestartPolicy(When.NO, 0);

  private static final long FIRST_MILLISECONDS = 100;
  private static final long MOST_MILLISECONDS = 60_000;

  /** Whether there is an end after which it starts a container again. */
  public boolean startsAgain() {
    return when != When.NO;
  }

  /**
   * Reads {@code no}, {@code always}, {@code unless-stopped}, {@code on-failure} or {@code
   * on-failure:5}.
   *
   * @throws OptionException when it is anything else
   */
  public static RestartPolicy parse(String text) throws OptionException {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    for (When when : When.values()) {
      if (when.text.equals(name)) {
        if (colon < 0) {
          return new RestartPolicy(when, 0);
        }
        if (when == When.ON_FAILURE) {
          return new RestartPolicy(when, retries(text, text.substring(colon + 1)));
        }
        throw new OptionException(
            "--restart: " + OptionException.quote(text) + ": only on-failure takes a number");
      }
    }
    throw new OptionException(
        "--restart: "
            + OptionException.quote(text)
            + ": use no, on-failure[:NUMBER], always or unless-stopped");
  }

  private static int retries(String whole, String text) throws OptionException {
    boolean number = !text.isEmpty() && text.length() <= 9;
    for (int i = 0; number && i < text.length(); i++) {
      number = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!number) {
      throw new OptionException(
          "--restart: " + OptionException.quote(whole) + ": the number of tries is not a number");
    }
    return Integer.parseInt(text);
  }

  /** As {@link #parse} reads it. */
  public String text() {
    return retries > 0 ? when.text + ":" + retries : when.text;
  }

  /**
   * Whether a container that ended by itself is started again.
   *
   * @param restarts how often that was done in a row
   */
  boolean again(Exit exit, int restarts) {
    return switch (when) {
      case NO -> false;
      case ALWAYS, UNLESS_STOPPED -> true;
      case ON_FAILURE -> exit.code() != 0 && (retries == 0 || restarts < retries);
    };
  }

  /** How long to wait before that: 100 ms at first, doubled each time, a minute at most. */
  static long pauseMilliseconds(int restarts) {
    return Math.min(MOST_MILLISECONDS, FIRST_MILLISECONDS << Math.min(restarts, 20));
  }
}
