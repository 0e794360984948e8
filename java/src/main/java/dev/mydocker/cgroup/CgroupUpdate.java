package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** New limits for a cgroup that is in use: all of them, or what was before. */
public final class CgroupUpdate {

  /** What a file said before it was written. */
  private record Before(String path, String value) {}

  private final Cgroup cgroup;
  private final List<CgroupStep.Write> writes = new ArrayList<>();
  private final List<Before> done = new ArrayList<>();

  /** The difference between two plans for one cgroup. */
  CgroupUpdate(Cgroup cgroup, List<CgroupStep> now, List<CgroupStep> wanted) {
    this.cgroup = cgroup;
    Map<String, CgroupStep.Write> old = limits(now);
    for (CgroupStep step : wanted) {
      // A controller that had no limit so far may have to be handed down first.
      if (step instanceof CgroupStep.Write w && w.path().endsWith("/cgroup.subtree_control")) {
        writes.add(w);
      }
    }
    Map<String, CgroupStep.Write> limits = limits(wanted);
    for (CgroupStep.Write limit : limits.values()) {
      boolean same =
          old.containsKey(limit.path()) && old.get(limit.path()).value().equals(limit.value());
      if (!same) {
        writes.add(limit);
      }
    }
    for (CgroupStep.Write limit : old.values()) {
      if (!limits.containsKey(limit.path())) {
        writes.add(new CgroupStep.Write(limit.path(), none(limit.path()), false, "no limit"));
      }
    }
    addUnverified(now, wanted);
  }

  /**
   * What the kernel shows in other words than it was written in, so it is not read back: weights of
   * block devices, and settings by a file's name. The latter are written again after the limit that
   * is in the same file, as a launch does.
   */
  private void addUnverified(List<CgroupStep> now, List<CgroupStep> wanted) {
    Set<String> written = new HashSet<>();
    writes.forEach(write -> written.add(write.path()));
    Set<String> old = new HashSet<>();
    for (CgroupStep step : now) {
      if (step instanceof CgroupStep.Write write) {
        old.add(CgroupSteps.shown(write.path(), write.value()));
      }
    }
    for (CgroupStep step : wanted) {
      if (step instanceof CgroupStep.Write write
          && !write.verify()
          && !write.path().endsWith("/cgroup.subtree_control")
          && (written.contains(write.path())
              || !old.contains(CgroupSteps.shown(write.path(), write.value())))) {
        writes.add(write);
      }
    }
  }

  /** Each write that there will be, for tests. */
  List<CgroupStep.Write> writes() {
    return List.copyOf(writes);
  }

  private static Map<String, CgroupStep.Write> limits(List<CgroupStep> plan) {
    Map<String, CgroupStep.Write> limits = new LinkedHashMap<>();
    for (CgroupStep step : plan) {
      if (step instanceof CgroupStep.Write write && write.verify()) {
        limits.put(write.path(), write);
      }
    }
    return limits;
  }

  /** What a file says where there is no limit. */
  private static String none(String path) {
    return path.endsWith("_in_bytes") || path.endsWith("_quota_us") ? "-1" : "max";
  }

  /**
   * Writes the limits and reads them back.
   *
   * @throws IOException naming the file, the value and what the kernel said or kept instead; all is
   *     as it was then
   */
  public void run() throws IOException {
    try {
      List<CgroupStep.Write> again = new ArrayList<>();
      for (CgroupStep.Write write : writes) {
        // v1 takes no memory limit above that of memory and swap: the other one goes first then.
        if (CgroupFile.is(write(write), Errno.EINVAL)) {
          again.add(write);
        }
      }
      for (CgroupStep.Write write : again) {
        check(write(write), write);
      }
    } catch (IOException e) {
      undo();
      throw e;
    }
  }

  private int write(CgroupStep.Write write) throws IOException {
    String before = before(write);
    requireRoom(write);
    byte[] path = CgroupFile.bytes(write.path());
    int n = CgroupFile.write(Linux.AT_FDCWD, path, CgroupFile.bytes(write.value()));
    if (CgroupFile.is(n, Errno.EINVAL)) {
      return n;
    }
    check(n, write);
    if (!write.path().endsWith("/cgroup.subtree_control")) {
      done.add(new Before(write.path(), before));
    }
    if (write.verify()) {
      String kept = CgroupFile.find(write.path()).orElse("");
      if (!Kept.same(write.path(), write.value(), kept)) {
        throw new IOException(Kept.instead(write.path(), write.value(), kept));
      }
    }
    return 0;
  }

  /** Empty also of a file that cannot be read, such as memory.reclaim. */
  private static String before(CgroupStep.Write write) throws KernelException {
    try {
      return CgroupFile.find(write.path()).orElse("");
    } catch (KernelException e) {
      if (write.verify()) {
        throw e;
      }
      return "";
    }
  }

  /** v1 answers EBUSY; v2 would kill processes until the rest fits. */
  private void requireRoom(CgroupStep.Write write) throws IOException {
    if (write.path().endsWith("/memory.max") && write.verify()) {
      long used = cgroup.usage().memory();
      if (used > Long.parseLong(write.value())) {
        throw new IOException(
            write.why() + ": it uses " + used + " bytes now: set more than that, or stop it first");
      }
    }
  }

  private static void check(int n, CgroupStep.Write write) throws KernelException {
    if (n < 0) {
      String shown = CgroupSteps.shown(write.path(), write.value());
      throw new KernelException("write", shown + " (" + write.why() + ")", -n);
    }
  }

  /** Puts back what was before, the last first; what the kernel refuses now stays. */
  public void undo() {
    for (int i = done.size() - 1; i >= 0; i--) {
      Before before = done.get(i);
      byte[] path = CgroupFile.bytes(before.path());
      // A file of several devices takes one at a time.
      for (String line : before.value().split("\n")) {
        CgroupFile.write(Linux.AT_FDCWD, path, CgroupFile.bytes(line));
      }
    }
    done.clear();
  }
}
