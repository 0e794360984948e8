package dev.mydocker.cgroup;

import java.util.List;

/** Hears each change of a cgroup as it is done, for the recording of a launch. */
@FunctionalInterface
public interface CgroupJournal {
  /** Hears nothing. */
  CgroupJournal NONE = (call, arguments, why, result, start, end) -> {};

  /**
   * A system call was done.
   *
   * @param call {@code mkdir}, {@code write} or {@code bpf}
   * @param arguments the path, and the value when one was written; the rules of a filter
   * @param why half a line
   * @param result 0 or -errno
   * @param start System.nanoTime before
   * @param end and after
   */
  void did(String call, List<String> arguments, String why, long result, long start, long end);
}
