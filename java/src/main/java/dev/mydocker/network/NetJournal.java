package dev.mydocker.network;

import java.util.List;

/** Hears each change of a network as it is done, for the recording of a launch. */
@FunctionalInterface
public interface NetJournal {
  /** Hears nothing. */
  NetJournal NONE = (call, arguments, why, result, start, end) -> {};

  /**
   * Something was done.
   *
   * @param call {@code netlink}, {@code write} or {@code bind}
   * @param arguments what was asked of it, in words
   * @param why half a line
   * @param result 0 or -errno
   * @param start System.nanoTime before
   * @param end and after
   */
  void did(String call, List<String> arguments, String why, long result, long start, long end);
}
