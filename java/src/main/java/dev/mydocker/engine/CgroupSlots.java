package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.CgroupEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How the first process of a launch gets into a cgroup, as a plan is told of it. */
final class CgroupSlots {
  private CgroupSlots() {}

  /** Where it enters by itself. */
  static List<CgroupEntry> entries(Cgroup cgroup) {
    List<CgroupEntry> entries = new ArrayList<>();
    for (Cgroup.Entry entry : cgroup.entries()) {
      entries.add(new CgroupEntry(entry.tasks(), entry.why()));
    }
    return entries;
  }

  /** Where it begins: the cgroup must be there. */
  static Optional<Fd> open(Cgroup cgroup) throws IOException {
    Optional<String> unified = cgroup.unified();
    if (unified.isEmpty()) {
      return Optional.empty();
    }
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    return Optional.of(StateFile.open(Path.of(unified.get()), flags, 0));
  }
}
