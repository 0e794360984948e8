package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Pause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One container's cgroup: a directory in each hierarchy of the host. */
public final class Cgroup {
  /** How long a cgroup may stay busy after its last process has died. */
  private static final int REMOVE_MILLISECONDS = 2000;

  /**
   * A directory of it.
   *
   * @param unified whether the files in it are those of version 2
   */
  public record Place(String directory, boolean unified) {}

  private final List<Hierarchy> hierarchies;
  private final String path;

  Cgroup(List<Hierarchy> hierarchies, String path) {
    this.hierarchies = hierarchies;
    this.path = path;
  }

  /**
   * Does what {@link CgroupHost#plan} says, and reads every limit back.
   *
   * @throws IOException naming the file, the value and what the kernel said or kept instead; what
   *     was made is removed again
   */
  public void create(List<CgroupStep> plan, CgroupJournal journal) throws IOException {
    List<String> made = new ArrayList<>(hierarchies.size());
    boolean done = false;
    try (CgroupSteps steps = new CgroupSteps(journal, made)) {
      steps.run(plan);
      done = true;
    } finally {
      if (!done) {
        undo(made);
      }
    }
  }

  /** What cannot be removed here is busy with something of others; the first failure is told. */
  private void undo(List<String> made) {
    for (String directory : made) {
      Linux.unlinkat(Linux.AT_FDCWD, CgroupFile.bytes(directory), Linux.AT_REMOVEDIR);
    }
    for (Hierarchy h : hierarchies) {
      removeParents(h);
    }
  }

  /** Where a controller's files are, whether they exist already or not. */
  public Optional<Place> place(String controller) {
    for (Hierarchy h : hierarchies) {
      if (h.controllers().contains(controller)) {
        return Optional.of(new Place(h.mountPoint() + path, h.unified()));
      }
    }
    return Optional.empty();
  }

  /**
   * A v1 directory of it, which a process enters by itself.
   *
   * @param tasks the file that takes "0" from it
   * @param why what holds for it there
   */
  public record Entry(String tasks, String why) {}

  /** How a process of one thread enters it, but for {@link #unified}. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>(hierarchies.size());
    for (Hierarchy h : hierarchies) {
      if (!h.unified()) {
        entries.add(new Entry(h.mountPoint() + path + "/tasks", why(h)));
      }
    }
    return entries;
  }

  /** Its v2 directory, in which a process begins (clone3(2), CLONE_INTO_CGROUP). */
  public Optional<String> unified() {
    for (Hierarchy h : hierarchies) {
      if (h.unified()) {
        return Optional.of(h.mountPoint() + path);
      }
    }
    return Optional.empty();
  }

  private static String why(Hierarchy hierarchy) {
    return "limits and counters of " + hierarchy.title() + " hold for it";
  }

  /** The files that a process's number is written into to move it here, one per hierarchy. */
  public List<String> processFiles() {
    List<String> files = new ArrayList<>(hierarchies.size());
    for (Hierarchy h : hierarchies) {
      files.add(h.mountPoint() + path + "/cgroup.procs");
    }
    return files;
  }

  /**
   * Moves a process into it.
   *
   * @throws KernelException ESRCH when the process is gone, ENOENT when the cgroup is
   */
  public void add(int pid, CgroupJournal journal) throws IOException {
    add(pid, hierarchies, journal);
  }

  /** {@link #add} for a process that began in the v2 directory. */
  public void addBesideUnified(int pid, CgroupJournal journal) throws IOException {
    List<Hierarchy> others = new ArrayList<>(hierarchies.size());
    for (Hierarchy h : hierarchies) {
      if (!h.unified()) {
        others.add(h);
      }
    }
    add(pid, others, journal);
  }

  private void add(int pid, List<Hierarchy> into, CgroupJournal journal) throws IOException {
    String text = Integer.toString(pid);
    byte[] value = CgroupFile.bytes(text);
    for (Hierarchy h : into) {
      String file = h.mountPoint() + path + "/cgroup.procs";
      String shown = CgroupSteps.shown(file, text);
      String why = why(h);
      long start = System.nanoTime();
      int n = CgroupFile.write(Linux.AT_FDCWD, CgroupFile.bytes(file), value);
      journal.did("write", List.of(file, text), why, n, start, System.nanoTime());
      KernelException.check(n, "write", shown);
    }
  }

  /**
   * How many processes the kernel has killed in it for want of memory, those in cgroups that the
   * container has made below included. 0 when there is no memory controller or no such cgroup.
   */
  public long oomKills() throws IOException {
    for (Hierarchy h : hierarchies) {
      if (h.controllers().contains("memory")) {
        byte[] directory = CgroupFile.bytes(h.mountPoint() + path);
        Optional<Fd> opened = CgroupFile.findDirectory(Linux.AT_FDCWD, directory);
        if (opened.isPresent()) {
          try (Fd fd = opened.get()) {
            return h.unified() ? counter(fd, "memory.events") : oomKillsBelow(fd);
          }
        }
      }
    }
    return 0;
  }

  /** v1 counts where the process was, v2 in each ancestor too. */
  private static long oomKillsBelow(Fd directory) throws KernelException {
    long kills = counter(directory, "memory.oom_control");
    for (byte[] child : CgroupFile.children(directory)) {
      Optional<Fd> opened = CgroupFile.findDirectory(directory.number(), child);
      if (opened.isPresent()) {
        try (Fd fd = opened.get()) {
          kills += oomKillsBelow(fd);
        }
      }
    }
    return kills;
  }

  private static long counter(Fd directory, String file) throws KernelException {
    String text = CgroupFile.find(directory.number(), CgroupFile.bytes(file)).orElse("");
    for (String line : MountTable.lines(text)) {
      if (line.startsWith("oom_kill ")) {
        return Long.parseLong(line.substring(line.indexOf(' ') + 1));
      }
    }
    return 0;
  }

  /** What its processes use, those in cgroups below included. */
  public CgroupUsage usage() throws IOException {
    return new CgroupCounters(hierarchies, path).read();
  }

  /** What its processes wait for. */
  public CgroupPressure pressure() throws IOException {
    return new CgroupCounters(hierarchies, path).pressure();
  }

  /** Its processes as this process numbers them, those in cgroups below included. */
  public List<Integer> processes() throws IOException {
    return new CgroupCounters(hierarchies, path).processes();
  }

  /** Whether it is there: what an ordinary user has started without a delegation has none. */
  public boolean exists() {
    for (Hierarchy h : hierarchies) {
      if (CgroupFile.exists(h.mountPoint() + path)) {
        return true;
      }
    }
    return false;
  }

  /** Whether its processes are stopped by {@link #freeze}. */
  public boolean isFrozen() throws IOException {
    for (Hierarchy h : hierarchies) {
      Optional<String> file = freezer(h);
      if (file.isPresent()) {
        String state =
            CgroupFile.find(Linux.AT_FDCWD, CgroupFile.bytes(file.get())).orElse("").strip();
        if (state.equals("FROZEN") || state.equals("FREEZING") || state.equals("1")) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Stops its processes where they are.
   *
   * @throws IOException when the host has no freezer, or the cgroup is gone
   */
  public void freeze() throws IOException {
    setFrozen("FROZEN", "1");
  }

  /** Lets its processes go on. */
  public void thaw() throws IOException {
    setFrozen("THAWED", "0");
  }

  private void setFrozen(String v1, String v2) throws IOException {
    for (Hierarchy h : hierarchies) {
      Optional<String> file = freezer(h);
      if (file.isPresent() && exists()) {
        byte[] value = CgroupFile.bytes(h.unified() ? v2 : v1);
        int n = CgroupFile.write(Linux.AT_FDCWD, CgroupFile.bytes(file.get()), value);
        KernelException.check(n, "write", file.get());
        return;
      }
    }
    throw new IOException(
        hierarchies.isEmpty() || !exists()
            ? "pausing needs a cgroup: " + CgroupPlanner.NONE
            : "this host has no freezer cgroup, which pausing needs");
  }

  private Optional<String> freezer(Hierarchy h) {
    if (h.controllers().contains("freezer")) {
      return Optional.of(h.mountPoint() + path + "/freezer.state");
    }
    boolean alone = hierarchies.size() == 1;
    return h.unified() && alone
        ? Optional.of(h.mountPoint() + path + "/cgroup.freeze")
        : Optional.empty();
  }

  /**
   * Kills every process in it, and waits until there is none. An absent cgroup is success.
   *
   * @throws IOException when a process outlives SIGKILL by ten seconds, naming it
   */
  public void kill() throws IOException {
    new CgroupKill(hierarchies, path, true).run();
  }

  /**
   * Kills every process in it and removes it, and the parent when that is empty then. Mostly the
   * processes are gone, and the kernel says so by letting the directories go. An absent cgroup is
   * success.
   *
   * @throws IOException when a process outlives SIGKILL by ten seconds, naming it
   */
  public void destroy() throws IOException {
    for (Hierarchy h : hierarchies) {
      int n = CgroupFile.removeTree(Linux.AT_FDCWD, CgroupFile.bytes(h.mountPoint() + path));
      if (CgroupFile.is(n, Errno.EBUSY)) {
        kill();
        remove();
        return;
      }
      KernelException.check(n, "rmdir", h.mountPoint() + path);
      removeParents(h);
    }
  }

  /**
   * Removes it, and the parent when that is empty then. An absent cgroup is success.
   *
   * @throws IOException EBUSY when a process is left in it
   */
  public void remove() throws IOException {
    int patience = REMOVE_MILLISECONDS;
    for (Hierarchy h : hierarchies) {
      byte[] directory = CgroupFile.bytes(h.mountPoint() + path);
      int n = CgroupFile.removeTree(Linux.AT_FDCWD, directory);
      // A process leaves its cgroups a moment after its parent could have seen its end.
      while (CgroupFile.is(n, Errno.EBUSY) && patience > 0) {
        Pause.milliseconds(1);
        patience--;
        n = CgroupFile.removeTree(Linux.AT_FDCWD, directory);
      }
      KernelException.check(n, "rmdir", directory);
      removeParents(h);
    }
  }

  /** Parents that other containers use are busy, and stay. */
  private void removeParents(Hierarchy h) {
    int n = 0;
    for (int end = path.lastIndexOf('/'); end > 0 && n >= 0; end = path.lastIndexOf('/', end - 1)) {
      byte[] parent = CgroupFile.bytes(h.mountPoint() + path.substring(0, end));
      n = Linux.unlinkat(Linux.AT_FDCWD, parent, Linux.AT_REMOVEDIR);
    }
  }
}
