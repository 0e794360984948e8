package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Reads what one cgroup counts. See the kernel's admin-guide/cgroup-v1 and cgroup-v2. */
final class CgroupCounters {
  private final List<Hierarchy> hierarchies;
  private final String path;

  CgroupCounters(List<Hierarchy> hierarchies, String path) {
    this.hierarchies = hierarchies;
    this.path = path;
  }

  CgroupUsage read() throws KernelException {
    return new CgroupUsage(
        cpuNanos(),
        memory(),
        memoryLimit(),
        number(file("pids", "pids.current", "pids.current")),
        moved("Read", "rbytes="),
        moved("Write", "wbytes="));
  }

  /** What its processes wait for. */
  CgroupPressure pressure() throws KernelException {
    return new CgroupPressure(stalled("cpu"), stalled("memory"), stalled("io"));
  }

  /** {@code some avg10=0.00 avg60=0.00 avg300=0.00 total=0}; of any v2 cgroup, and no v1's. */
  private OptionalDouble stalled(String what) throws KernelException {
    for (Hierarchy h : hierarchies) {
      String text = h.unified() ? psi(h, what + ".pressure").orElse("") : "";
      for (String word : MountTable.split(text.lines().findFirst().orElse(""), ' ')) {
        if (word.startsWith("avg10=")) {
          return OptionalDouble.of(Double.parseDouble(word.substring("avg10=".length())));
        }
      }
    }
    return OptionalDouble.empty();
  }

  /** A kernel that was booted without it shows the files, and refuses to read them. */
  private Optional<String> psi(Hierarchy h, String name) throws KernelException {
    try {
      return text(h, name);
    } catch (KernelException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The processes in it and in the cgroups below it; they are in every hierarchy alike. */
  List<Integer> processes() throws KernelException {
    List<Integer> found = new ArrayList<>();
    if (!hierarchies.isEmpty()) {
      byte[] directory = CgroupFile.bytes(hierarchies.get(0).mountPoint() + path);
      addProcesses(Linux.AT_FDCWD, directory, found);
    }
    return found;
  }

  private static void addProcesses(int dirfd, byte[] path, List<Integer> found)
      throws KernelException {
    Optional<Fd> opened = CgroupFile.findDirectory(dirfd, path);
    if (opened.isEmpty()) {
      return;
    }
    try (Fd directory = opened.get()) {
      byte[] file = CgroupFile.bytes("cgroup.procs");
      String text = CgroupFile.find(directory.number(), file).orElse("");
      for (String line : MountTable.lines(text)) {
        found.add(Integer.parseInt(line));
      }
      for (byte[] child : CgroupFile.children(directory)) {
        addProcesses(directory.number(), child, found);
      }
    }
  }

  /** On v2 the time is counted where the controller is not enabled, too. */
  private long cpuNanos() throws KernelException {
    Optional<String> v1 = file("cpuacct", "cpuacct.usage", "");
    if (v1.isPresent()) {
      return number(v1);
    }
    for (Hierarchy h : hierarchies) {
      if (h.unified()) {
        return 1000 * field(text(h, "cpu.stat"), "usage_usec");
      }
    }
    return 0;
  }

  private long memory() throws KernelException {
    long used = number(file("memory", "memory.usage_in_bytes", "memory.current"));
    Optional<String> details = file("memory", "memory.stat", "memory.stat");
    // v1 has both names: that without total_ is of the cgroup alone.
    long dropped = Math.max(field(details, "total_inactive_file"), field(details, "inactive_file"));
    return Math.max(0, used - dropped);
  }

  private long memoryLimit() throws KernelException {
    long limit = number(file("memory", "memory.limit_in_bytes", "memory.max"));
    return limit == 0 ? Long.MAX_VALUE : limit;
  }

  /** The sum over all devices: lines of {@code 8:0 Read 4096}, or {@code 8:0 rbytes=4096 ...}. */
  private long moved(String v1, String v2) throws KernelException {
    Optional<String> text = file("blkio", "blkio.throttle.io_service_bytes_recursive", "");
    if (text.isEmpty()) {
      text = file("blkio", "blkio.throttle.io_service_bytes", "");
    }
    if (text.isEmpty()) {
      text = file("io", "", "io.stat");
    }
    long sum = 0;
    for (String line : MountTable.lines(text.orElse(""))) {
      List<String> words = MountTable.split(line, ' ');
      if (words.size() == 3 && words.get(1).equals(v1)) {
        sum += Long.parseLong(words.get(2));
      }
      for (String word : words) {
        sum += word.startsWith(v2) ? Long.parseLong(word.substring(v2.length())) : 0;
      }
    }
    return sum;
  }

  /** The text of a controller's file; empty when there is none, or not of that version. */
  private Optional<String> file(String controller, String v1, String v2) throws KernelException {
    for (Hierarchy h : hierarchies) {
      String name = h.unified() ? v2 : v1;
      if (h.controllers().contains(controller) && !name.isEmpty()) {
        return text(h, name);
      }
    }
    return Optional.empty();
  }

  private Optional<String> text(Hierarchy h, String name) throws KernelException {
    return CgroupFile.find(h.mountPoint() + path + "/" + name);
  }

  /** A file of one number; 0 when it is not there, or says {@code max}. */
  private static long number(Optional<String> text) {
    return text.isEmpty() || text.get().equals("max") ? 0 : Long.parseLong(text.get());
  }

  private static long field(Optional<String> text, String name) {
    for (String line : MountTable.lines(text.orElse(""))) {
      if (line.startsWith(name + " ")) {
        return Long.parseLong(line.substring(name.length() + 1));
      }
    }
    return 0;
  }
}
