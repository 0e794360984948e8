package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupUsage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The processes of a container that has no cgroup: those in the PID namespace of its first one. Who
 * makes a further PID namespace in there, for which CAP_SYS_ADMIN is needed, is not among them.
 */
final class PidNamespace {
  /** USER_HZ, which is this on every machine that the engine runs on: time(7). */
  private static final long NANOS_PER_TICK = 10_000_000;

  private static final long PAGE = 4096;

  // proc_pid_stat(5), counted from the third field, which stands behind the name's bracket.
  private static final int STATE = 0;
  private static final int UTIME = 11;
  private static final int CSTIME = 14;
  private static final int THREADS = 17;
  private static final int RSS = 21;

  private PidNamespace() {}

  /** Their numbers here, in no order; those that come or go at this moment may be among them. */
  static List<Integer> processes(int first) throws IOException {
    Path wanted = Files.readSymbolicLink(namespace(Integer.toString(first)));
    List<Integer> out = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        String pid = process.getFileName().toString();
        if (isIn(pid, wanted)) {
          out.add(Integer.parseInt(pid));
        }
      }
    }
    return out;
  }

  private static boolean isIn(String pid, Path wanted) {
    try {
      return Files.readSymbolicLink(namespace(pid)).equals(wanted);
    } catch (IOException goneOrSomebodyElses) {
      return false;
    }
  }

  private static Path namespace(String pid) {
    return Path.of("/proc", pid, "ns", "pid");
  }

  /**
   * What they use. Memory that several of them share counts for each; what they read and wrote is
   * not known, and 0.
   */
  static CgroupUsage usage(int first) throws IOException {
    long ticks = 0;
    long pages = 0;
    long threads = 0;
    for (int pid : processes(first)) {
      String[] fields = stat(pid);
      if (fields.length <= RSS || fields[STATE].equals("Z")) {
        continue;
      }
      // Those who have ended are counted by who has waited for them.
      for (int i = UTIME; i <= CSTIME; i++) {
        ticks += Long.parseLong(fields[i]);
      }
      threads += Long.parseLong(fields[THREADS]);
      pages += Long.parseLong(fields[RSS]);
    }
    return new CgroupUsage(ticks * NANOS_PER_TICK, pages * PAGE, Long.MAX_VALUE, threads, 0, 0);
  }

  private static String[] stat(int pid) {
    try {
      String text = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"));
      return text.substring(text.lastIndexOf(')') + 2).strip().split(" ");
    } catch (IOException gone) {
      return new String[0];
    }
  }
}
