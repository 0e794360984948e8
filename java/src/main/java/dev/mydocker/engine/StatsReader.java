package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupPressure;
import dev.mydocker.cgroup.CgroupUsage;
import dev.mydocker.spec.NetworkMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.StringTokenizer;

/** Reads what containers use, from their cgroups and from /proc. */
final class StatsReader {
  /** proc_pid_net(5): two lines of headings; after the name 8 numbers received, then those sent. */
  private static final int HEADINGS = 2;

  private static final int RECEIVED = 0;
  private static final int SENT = 8;

  private StatsReader() {}

  /**
   * What one uses.
   *
   * @throws ContainerException when it does not run
   */
  static ContainerStats read(Home home, String id, NetworkMode network) throws IOException {
    try (FirstProcess process = FirstProcess.require(home, id)) {
      Cgroup cgroup = home.cgroup(id);
      CgroupUsage usage = cgroup.exists() ? cgroup.usage() : PidNamespace.usage(process.pid());
      long nanos = System.nanoTime();
      boolean own = !isHosts(home, network);
      List<String> devices = own ? devices(process, id) : List.of();
      return new ContainerStats(
          nanos,
          new CgroupUsage(
              usage.cpuNanos(),
              usage.memory(),
              Math.min(usage.memoryLimit(), hostMemory()),
              usage.pids(),
              usage.read(),
              usage.written()),
          sum(devices, RECEIVED),
          sum(devices, SENT),
          cgroup.exists() ? cgroup.pressure() : CgroupPressure.UNKNOWN);
    }
  }

  private static boolean isHosts(Home home, NetworkMode network) throws IOException {
    if (network instanceof NetworkMode.OfContainer other) {
      Optional<ContainerRecord> owner = home.store().find(other.container());
      // Once it is gone nobody knows: what is shown is what the namespace has.
      return owner.isPresent() && isHosts(home, owner.get().settings().network());
    }
    return network instanceof NetworkMode.Host;
  }

  private static List<String> devices(FirstProcess process, String id) throws IOException {
    try {
      return Files.readAllLines(Path.of("/proc/" + process.pid() + "/net/dev"));
    } catch (IOException e) {
      if (process.awaitEnd(0)) {
        throw FirstProcess.notRunning(id);
      }
      throw e;
    }
  }

  /** The sum of one column of /proc/PID/net/dev. */
  static long sum(List<String> devices, int column) {
    long sum = 0;
    for (String line : devices.subList(Math.min(HEADINGS, devices.size()), devices.size())) {
      int colon = line.indexOf(':');
      if (colon < 0 || line.substring(0, colon).strip().equals("lo")) {
        continue;
      }
      StringTokenizer numbers = new StringTokenizer(line.substring(colon + 1));
      for (int i = 0; i < column; i++) {
        numbers.nextToken();
      }
      sum += Long.parseLong(numbers.nextToken());
    }
    return sum;
  }

  /** Bytes: {@code MemTotal: 8152004 kB} in /proc/meminfo. */
  private static long hostMemory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        StringTokenizer words = new StringTokenizer(line);
        words.nextToken();
        return 1024 * Long.parseLong(words.nextToken());
      }
    }
    return Long.MAX_VALUE;
  }
}
