package dev.mydocker.spec;

/**
 * A resource limit asked for with {@code --ulimit}, see getrlimit(2).
 *
 * @param resource which
 * @param soft in the resource's own unit, or {@link #UNLIMITED}
 * @param hard at least {@code soft}
 */
public record Ulimit(Rlimit resource, long soft, long hard) {

  /** RLIM_INFINITY: all bits set. */
  public static final long UNLIMITED = -1;

  public Ulimit {
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new IllegalArgumentException("soft limit over hard limit");
    }
  }

  /**
   * Reads {@code nofile=1024:2048}; one number stands for both; {@code -1} and {@code unlimited}
   * for no limit.
   *
   * @throws OptionException when it is something else
   */
  public static Ulimit parse(String text) throws OptionException {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new OptionException("invalid ulimit argument: " + OptionException.quote(text));
    }
    Rlimit resource = Rlimit.parse(text.substring(0, equals));
    String values = text.substring(equals + 1);
    int colon = values.indexOf(':');
    long soft = value(colon < 0 ? values : values.substring(0, colon), text);
    long hard = colon < 0 ? soft : value(values.substring(colon + 1), text);
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new OptionException(
          "ulimit soft limit must be less than or equal to hard limit: "
              + show(soft)
              + " > "
              + show(hard));
    }
    return new Ulimit(resource, soft, hard);
  }

  /** {@code nofile=1024:2048}. */
  @Override
  public String toString() {
    return resource.option() + "=" + show(soft) + ":" + show(hard);
  }

  private static long value(String number, String text) throws OptionException {
    if (number.equals("-1") || number.equals("unlimited")) {
      return UNLIMITED;
    }
    long value = Digits.parse(number, Long.MAX_VALUE);
    if (value < 0) {
      throw new OptionException("invalid ulimit argument: " + OptionException.quote(text));
    }
    return value;
  }

  static String show(long value) {
    return value == UNLIMITED ? "unlimited" : Long.toString(value);
  }
}
