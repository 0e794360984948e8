package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Pause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Kills what is in a cgroup and in those below it.
 *
 * <p>{@code cgroup.kill} (v2, Linux 5.14) does it in one write. Without it, and for processes that
 * a privileged container has moved out of v2's part of the cgroup, the processes are frozen first,
 * so that none forks while the list is worked off, then killed one by one, then thawed: a frozen v1
 * process dies only then.
 *
 * <p>Between reading a number and signalling it the process may end and the number be given to a
 * foreign one. So a pidfd is opened first, and only what is listed after that is signalled: such a
 * number is of the pidfd's process, or of a later one, and then the pidfd's is dead and hears
 * nothing.
 */
final class CgroupKill {
  private static final long WAIT_NANOS = 10_000_000_000L;
  private static final int MAX_PAUSE_MILLISECONDS = 50;
  private static final int FREEZE_MILLISECONDS = 50;
  private static final int SIGKILL = 9;

  /** Descriptors held at once. */
  private static final int CHUNK = 256;

  private final List<Hierarchy> hierarchies;
  private final String path;
  private final boolean killFile;

  /**
   * @param killFile whether {@code cgroup.kill} is used where it exists
   */
  CgroupKill(List<Hierarchy> hierarchies, String path, boolean killFile) {
    this.hierarchies = hierarchies;
    this.path = path;
    this.killFile = killFile;
  }

  void run() throws IOException {
    boolean killed = killFile && writeKillFile();
    long deadline = System.nanoTime() + WAIT_NANOS;
    int pause = 1;
    Set<Integer> left = members();
    while (!left.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "cannot kill the processes "
                + left
                + " in the cgroup "
                + path
                + ": they wait in the kernel for a device or file system; try again later");
      }
      if (!killed) {
        killEach();
      }
      killed = false;
      Pause.milliseconds(pause);
      pause = Math.min(2 * pause, MAX_PAUSE_MILLISECONDS);
      left = members();
    }
  }

  private boolean writeKillFile() {
    boolean written = false;
    for (Hierarchy h : hierarchies) {
      if (h.unified()) {
        byte[] file = CgroupFile.bytes(h.mountPoint() + path + "/cgroup.kill");
        written = CgroupFile.write(Linux.AT_FDCWD, file, new byte[] {'1'}) == 0;
      }
    }
    return written;
  }

  private void killEach() throws IOException {
    freeze();
    try {
      for (Hierarchy h : hierarchies) {
        visit(h, this::signalMembers);
      }
    } finally {
      for (Hierarchy h : hierarchies) {
        visit(h, CgroupKill::thaw);
      }
    }
  }

  /** What is done in a cgroup, given its open directory. */
  @FunctionalInterface
  private interface Visit {
    void at(Fd directory) throws IOException;
  }

  /** The cgroup and all below it. */
  private void visit(Hierarchy h, Visit visit) throws IOException {
    visit(Linux.AT_FDCWD, CgroupFile.bytes(h.mountPoint() + path), visit);
  }

  private static void visit(int dirfd, byte[] name, Visit visit) throws IOException {
    Optional<Fd> opened = CgroupFile.findDirectory(dirfd, name);
    if (opened.isEmpty()) {
      return;
    }
    try (Fd directory = opened.get()) {
      visit.at(directory);
      for (byte[] child : CgroupFile.children(directory)) {
        visit(directory.number(), child, visit);
      }
    }
  }

  private Set<Integer> members() throws IOException {
    Set<Integer> members = new LinkedHashSet<>();
    for (Hierarchy h : hierarchies) {
      visit(h, directory -> members.addAll(members(directory)));
    }
    return members;
  }

  /** Numbers in this process's PID namespace; who is outside of it is shown as 0, and left out. */
  private static Set<Integer> members(Fd directory) throws KernelException {
    Set<Integer> members = new LinkedHashSet<>();
    String text;
    try {
      text = CgroupFile.find(directory.number(), CgroupFile.bytes("cgroup.procs")).orElse("");
    } catch (KernelException e) {
      if (e.errno() == Errno.EOPNOTSUPP) {
        // A threaded cgroup of v2: its processes are listed above it.
        return members;
      }
      throw e;
    }
    for (String line : MountTable.lines(text)) {
      int pid = Integer.parseInt(line);
      if (pid > 0) {
        members.add(pid);
      }
    }
    return members;
  }

  private void signalMembers(Fd directory) throws KernelException {
    List<Integer> pids = new ArrayList<>(members(directory));
    for (int from = 0; from < pids.size(); from += CHUNK) {
      signal(directory, pids.subList(from, Math.min(from + CHUNK, pids.size())));
    }
  }

  private static void signal(Fd directory, List<Integer> pids) throws KernelException {
    int[] pidfds = new int[pids.size()];
    for (int i = 0; i < pidfds.length; i++) {
      pidfds[i] = Linux.pidfdOpen(pids.get(i));
    }
    try {
      Set<Integer> still = members(directory);
      for (int i = 0; i < pidfds.length; i++) {
        if (pidfds[i] >= 0 && still.contains(pids.get(i))) {
          Linux.pidfdSendSignal(pidfds[i], SIGKILL);
        }
      }
    } finally {
      for (int pidfd : pidfds) {
        if (pidfd >= 0) {
          Linux.close(pidfd);
        }
      }
    }
  }

  /** Tries to stop all; what does not stop in time (it waits for a device) is killed anyway. */
  private void freeze() throws KernelException {
    for (Hierarchy h : hierarchies) {
      if (h.controllers().contains("freezer")) {
        freeze(h, "freezer.state", "FROZEN", "freezer.state");
        return;
      }
    }
    for (Hierarchy h : hierarchies) {
      if (h.unified()) {
        freeze(h, "cgroup.freeze", "1", "cgroup.events");
      }
    }
  }

  private void freeze(Hierarchy h, String file, String value, String state) throws KernelException {
    String directory = h.mountPoint() + path + "/";
    byte[] target = CgroupFile.bytes(directory + file);
    int n = CgroupFile.write(Linux.AT_FDCWD, target, CgroupFile.bytes(value));
    for (int i = 0; n == 0 && i < FREEZE_MILLISECONDS && !isFrozen(directory + state); i++) {
      Pause.milliseconds(1);
    }
  }

  private static boolean isFrozen(String state) throws KernelException {
    String text = CgroupFile.find(state).orElse("FROZEN");
    return text.equals("FROZEN") || MountTable.lines(text).contains("frozen 1");
  }

  /** Whoever froze it: a container frozen by its own hand would never die. */
  private static void thaw(Fd directory) {
    int dirfd = directory.number();
    CgroupFile.write(dirfd, CgroupFile.bytes("freezer.state"), CgroupFile.bytes("THAWED"));
    CgroupFile.write(dirfd, CgroupFile.bytes("cgroup.freeze"), CgroupFile.bytes("0"));
  }
}
