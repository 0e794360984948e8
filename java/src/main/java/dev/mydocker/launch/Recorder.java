package dev.mydocker.launch;

import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Collects the steps that the JVM does from outside: cgroup and map writes, records, requests. */
public final class Recorder {
  private final List<Recording.Entry> entries = new ArrayList<>();

  /** Something that may fail. */
  @FunctionalInterface
  public interface Action {
    void run() throws IOException;
  }

  /** Does {@code action} and records it, whether it fails or not. */
  public void record(String call, String shown, String why, Action action) throws IOException {
    long start = System.nanoTime();
    long result = 0;
    try {
      action.run();
    } catch (KernelException e) {
      result = -e.errno().number();
      throw e;
    } finally {
      add(call, shown, why, result, start, System.nanoTime());
    }
  }

  /** Adds a step that has been done. Times are System.nanoTime, which is CLOCK_MONOTONIC. */
  public synchronized void add(
      String call, String shown, String why, long result, long start, long end) {
    entries.add(new Recording.Entry(Recording.Who.JVM, call, shown, why, result, start, end));
  }

  /** {@link #add} of a call that is known by its arguments. */
  public void did(
      String call, List<String> arguments, String why, long result, long start, long end) {
    String shown = call + "(\"" + String.join("\", \"", arguments) + "\")";
    add(call, shown, why, result, start, end);
  }

  /** What has been collected so far. */
  public synchronized List<Recording.Entry> entries() {
    return List.copyOf(entries);
  }
}
