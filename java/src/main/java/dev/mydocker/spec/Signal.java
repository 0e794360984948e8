package dev.mydocker.spec;

/**
 * A signal of Linux; its numbers are those of x86, arm and RISC-V, see signal(7).
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
  private static final String[] NAMES = {
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  /** The first and last real-time signals a program may use: glibc keeps 32 and 33. */
  private static final int RTMIN = 34;

  private static final int RTMAX = 64;

  /** What a container is stopped with unless it or its image says otherwise. */
  public static final Signal TERM = new Signal(15);

  /** What no process can refuse. */
  public static final Signal KILL = new Signal(9);

  public Signal {
    if (number < 1 || number > RTMAX) {
      throw new IllegalArgumentException("signal " + number);
    }
  }

  /** Written out: what a record has, the JVM makes at its first use, in each {@code stop} anew. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Signal signal && signal.number == number;
  }

  @Override
  public int hashCode() {
    return number;
  }

  /**
   * Reads {@code SIGTERM}, {@code TERM}, {@code 15} or {@code SIGRTMIN+3}, in either case.
   *
   * @throws OptionException when there is no such signal
   */
  public static Signal parse(String text) throws OptionException {
    int number = number(text.toUpperCase(java.util.Locale.ROOT));
    if (number < 1 || number > RTMAX) {
      throw new OptionException("invalid signal: " + OptionException.quote(text));
    }
    return new Signal(number);
  }

  /** {@code SIGTERM}; {@code SIGRTMIN+3} for a real-time signal. */
  public String name() {
    if (number <= NAMES.length) {
      return "SIG" + NAMES[number - 1];
    }
    if (number < RTMIN) {
      return Integer.toString(number);
    }
    return number == RTMIN ? "SIGRTMIN" : "SIGRTMIN+" + (number - RTMIN);
  }

  private static int number(String text) {
    int plain = small(text);
    if (plain >= 0) {
      return plain;
    }
    String name = text.startsWith("SIG") ? text.substring(3) : text;
    for (int i = 0; i < NAMES.length; i++) {
      if (NAMES[i].equals(name)) {
        return i + 1;
      }
    }
    return switch (name) {
      case "IOT" -> 6;
      case "CLD" -> 17;
      case "POLL" -> 29;
      case "RTMIN" -> RTMIN;
      case "RTMAX" -> RTMAX;
      default -> realTime(name);
    };
  }

  private static int realTime(String name) {
    if (name.startsWith("RTMIN+")) {
      int offset = small(name.substring(6));
      return offset < 0 ? -1 : RTMIN + offset;
    }
    if (name.startsWith("RTMAX-")) {
      int offset = small(name.substring(6));
      return offset < 0 || offset > RTMAX - RTMIN ? -1 : RTMAX - offset;
    }
    return -1;
  }

  /** A number of one or two digits, or -1. */
  private static int small(String text) {
    if (text.isEmpty() || text.length() > 2) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }
}
