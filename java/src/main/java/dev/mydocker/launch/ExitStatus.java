package dev.mydocker.launch;

/**
 * How a process ended.
 *
 * @param code what a shell would give: the exit code, or 128 and the signal's number
 * @param signal the signal that killed it, 0 for none
 */
public record ExitStatus(int code, int signal) {
  private static final int CLD_EXITED = 1;

  /** From {@code si_code} and {@code si_status} of waitid(2). */
  static ExitStatus of(int siCode, int siStatus) {
    return siCode == CLD_EXITED
        ? new ExitStatus(siStatus & 0xff, 0)
        : new ExitStatus(128 + siStatus, siStatus);
  }
}
