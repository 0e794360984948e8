package dev.mydocker.cgroup;

/** Hears each change of a cgroup as it is done, for the recording of a launch. */
@FunctionalInterface
public interface CgroupJournal {
  /** Hears nothing. */
  CgroupJournal NONE = (call, shown, why, result, start, end) -> {};

  /**
   * A system call was done.
   *
   * @param call {@code mkdir} or {@code write}
   * @param shown its arguments: the path, and the value in quotes
   * @param why half a line
   * @param result 0 or -errno
   * @param start System.nanoTime before
   * @param end and after
   */
  void did(String call, String shown, String why, long result, long start, long end);
}
