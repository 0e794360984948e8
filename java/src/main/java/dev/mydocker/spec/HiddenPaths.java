package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/** What of /proc and /sys is hidden or cannot be written: Docker's lists. */
final class HiddenPaths {
  private static final List<String> MASKED =
      List.of(
          "/proc/asound",
          "/proc/acpi",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");
  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private HiddenPaths() {}

  static List<String> masked(RunOptions options, HostFacts host, Causes.Collector why) {
    if (options.privileged() || !options.confinement().systemPaths()) {
      return List.of();
    }
    List<String> paths = new ArrayList<>(MASKED);
    paths.addAll(host.thermalThrottle());
    paths.forEach(path -> why.put("masked:" + path, "default: Docker hides it"));
    return paths;
  }

  static List<String> readOnly(RunOptions options, Causes.Collector why) {
    if (options.privileged() || !options.confinement().systemPaths()) {
      return List.of();
    }
    READ_ONLY.forEach(path -> why.put("readonly:" + path, "default: Docker write-protects it"));
    return READ_ONLY;
  }
}
