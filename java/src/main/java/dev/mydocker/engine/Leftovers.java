package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Removes what containers leave on the host: at their end, or after their owner was killed. */
final class Leftovers {
  private static final int SIGNALLED = 128;

  private Leftovers() {}

  /**
   * Removes the cgroup with every process in it, and brings the state up to date: a container that
   * goes when it ends is deleted, another one's record is written. Its run directory is the
   * caller's to remove, after everything else.
   */
  static void remove(ContainerStore store, ContainerRecord record, Cgroup cgroup)
      throws IOException {
    cgroup.destroy();
    if (record.remove()) {
      store.delete(record.id());
    } else {
      store.write(record);
    }
  }

  /** Cleans up after every container whose maker and monitor are both gone. */
  static void sweep(Roots roots, ContainerStore store, CgroupHost cgroups) throws IOException {
    boolean booted = !Files.isDirectory(roots.running());
    StateFile.makeDirectories(roots.running());
    for (RunDirectory run : RunDirectory.abandoned(roots)) {
      try (run) {
        sweep(run, store, cgroups.at(cgroupPath(run.id())));
      }
    }
    if (booted) {
      sweepAfterBoot(roots, store);
    }
  }

  /** A container's cgroup, below each hierarchy. */
  static String cgroupPath(String id) {
    return "/mydocker/" + id;
  }

  private static void sweep(RunDirectory run, ContainerStore store, Cgroup cgroup)
      throws IOException {
    boolean oomKilled = cgroup.oomKills() > 0;
    Optional<ContainerRecord> record = store.find(run.id());
    if (record.isEmpty()) {
      cgroup.destroy();
      store.delete(run.id());
    } else {
      Optional<Integer> code = exitCode(run.path());
      boolean news = record.get().exit().isEmpty() && code.isPresent();
      ContainerRecord now =
          news
              ? record
                  .get()
                  .ended(new Exit(code.get(), Math.max(0, code.get() - SIGNALLED), oomKilled))
              : record.get();
      remove(store, now, cgroup);
    }
    run.remove();
  }

  /**
   * What the monitor wrote at the container's end; empty when it never ended under a monitor, or a
   * power cut took the words.
   */
  private static Optional<Integer> exitCode(Path run) throws IOException {
    Path file = run.resolve("exit");
    if (!Files.exists(file) || Files.size(file) == 0) {
      return Optional.empty();
    }
    try {
      return Json.parseObject(Files.readAllBytes(file)).integer("exitCode").map(Long::intValue);
    } catch (JsonException e) {
      throw new IOException(file + " is not what a monitor writes: " + e.getMessage(), e);
    }
  }

  /** The run directories went with the last boot: what was to go with its container goes now. */
  private static void sweepAfterBoot(Roots roots, ContainerStore store) throws IOException {
    for (String id : store.ids()) {
      if (Files.exists(roots.running().resolve(id))) {
        continue;
      }
      Optional<ContainerRecord> record = store.find(id);
      if (record.isEmpty() || record.get().remove()) {
        store.delete(id);
      }
    }
  }
}
