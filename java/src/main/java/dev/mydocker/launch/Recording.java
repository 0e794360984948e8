package dev.mydocker.launch;

import dev.mydocker.kernel.KernelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * What a launch did, step by step, in the order of time.
 *
 * @param entries the steps
 */
public record Recording(List<Entry> entries) {

  /** Who did a step: this program, the container's monitor (M), or its first process (I). */
  public enum Who {
    JVM,
    MONITOR,
    INIT
  }

  /**
   * One step as it was recorded.
   *
   * @param who who did it
   * @param call the system call that matters in it, as strace names it
   * @param shown the call with its arguments
   * @param why half a line: what for, and what caused it
   * @param result zero or more, or {@code -errno}
   * @param start CLOCK_MONOTONIC, nanoseconds
   * @param end the same; 0 for an execve that worked, which never returns
   */
  public record Entry(
      Who who, String call, String shown, String why, long result, long start, long end) {

    /** How long the step took, in microseconds; 0 for one that never returned. */
    public long micros() {
      return end == 0 ? 0 : (end - start) / 1000;
    }

    /** {@code ok}, a number where the result is one, or the error's name. */
    public String outcome() {
      if (result < 0) {
        return KernelException.describe((int) -result);
      }
      return end == 0 ? "running" : "ok";
    }
  }

  public Recording {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::start));
    entries = Collections.unmodifiableList(sorted);
  }

  /** These steps and more. */
  public Recording with(List<Entry> more) {
    List<Entry> all = new ArrayList<>(entries);
    all.addAll(more);
    return new Recording(all);
  }
}
