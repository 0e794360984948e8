package dev.mydocker.launch;

import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of the kernel's about the machine, of which a container with limits sees one of its own:
 * native/machine.c writes it, at each read.
 */
public enum ViewFile {
  MEMINFO("/proc", "meminfo", Limit.MEMORY),
  SWAPS("/proc", "swaps", Limit.MEMORY),
  UPTIME("/proc", "uptime", Limit.ANY),
  LOADAVG("/proc", "loadavg", Limit.ANY),
  CPUINFO("/proc", "cpuinfo", Limit.CPUS),
  STAT("/proc", "stat", Limit.CPUS),
  ONLINE("/sys/devices/system/cpu", "online", Limit.CPUS);

  private enum Limit {
    MEMORY,
    CPUS,
    ANY
  }

  private final String directory;
  private final String file;
  private final Limit limit;

  ViewFile(String directory, String file, Limit limit) {
    this.directory = directory;
    this.file = file;
    this.limit = limit;
  }

  /** Where it is, on the host as in the container. */
  public String path() {
    return directory + "/" + file;
  }

  /** Its name in the file system that the monitor serves. */
  String file() {
    return file;
  }

  /** The part of a configuration that it shows. */
  String cause(Spec spec) {
    boolean memory = limit == Limit.MEMORY || limit == Limit.ANY && limitsMemory(spec);
    return memory ? "resource:memory.limit" : "resource:cpu.cpus";
  }

  /**
   * Those that a container is to see: of memory with a limit of it, of CPUs with a choice of them.
   * None when that was not wanted, and none in the place of what the user has mounted.
   */
  public static List<ViewFile> of(Spec spec) {
    List<ViewFile> files = new ArrayList<>();
    boolean off = spec.annotations().getOrDefault(Spec.PROC_VIEW, "").equals(Spec.PROC_VIEW_OFF);
    if (off) {
      return files;
    }
    for (ViewFile file : values()) {
      if (file.isWanted(spec) && file.isKernels(spec)) {
        files.add(file);
      }
    }
    return files;
  }

  private boolean isWanted(Spec spec) {
    return switch (limit) {
      case MEMORY -> limitsMemory(spec);
      case CPUS -> choosesCpus(spec);
      case ANY -> limitsMemory(spec) || choosesCpus(spec);
    };
  }

  private static boolean limitsMemory(Spec spec) {
    return spec.linux().resources().memory().limit().orElse(-1) > 0;
  }

  private static boolean choosesCpus(Spec spec) {
    return spec.linux().resources().cpu().cpus().isPresent();
  }

  /** Whether what is there without it is of the container's own /proc or /sys. */
  private boolean isKernels(Spec spec) {
    String type = "";
    for (Spec.Mount mount : spec.mounts()) {
      String at = mount.destination();
      if (path().equals(at) || path().startsWith(at.equals("/") ? at : at + "/")) {
        type = mount.type();
      }
    }
    return type.equals("proc") || type.equals("sysfs");
  }
}
