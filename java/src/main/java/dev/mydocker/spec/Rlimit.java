package dev.mydocker.spec;

import java.util.Locale;

/** The resources of getrlimit(2); a constant's ordinal is the kernel's number for it. */
public enum Rlimit {
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_DATA,
  RLIMIT_STACK,
  RLIMIT_CORE,
  RLIMIT_RSS,
  RLIMIT_NPROC,
  RLIMIT_NOFILE,
  RLIMIT_MEMLOCK,
  RLIMIT_AS,
  RLIMIT_LOCKS,
  RLIMIT_SIGPENDING,
  RLIMIT_MSGQUEUE,
  RLIMIT_NICE,
  RLIMIT_RTPRIO,
  RLIMIT_RTTIME;

  /** The kernel's number, as in {@code <asm-generic/resource.h>}. */
  public int number() {
    return ordinal();
  }

  /** {@code nofile}. */
  public String option() {
    return name().substring("RLIMIT_".length()).toLowerCase(Locale.ROOT);
  }

  /**
   * The resource of {@code nofile} or {@code RLIMIT_NOFILE}.
   *
   * @throws OptionException when there is none
   */
  public static Rlimit parse(String text) throws OptionException {
    for (Rlimit limit : values()) {
      if (limit.option().equals(text) || limit.name().equals(text)) {
        return limit;
      }
    }
    throw new OptionException("invalid ulimit type: " + OptionException.quote(text));
  }
}
