package dev.mydocker.cgroup;

import java.io.IOException;
import java.util.List;

/** One container's cgroup: a directory in each hierarchy of the host. */
public final class Cgroup {

  Cgroup() {}

  /**
   * Does what {@link CgroupHost#plan} says, and reads every limit back.
   *
   * @throws IOException naming the file, the value and what the kernel said or kept instead; what
   *     was made is removed again
   */
  public void create(List<CgroupStep> plan, CgroupJournal journal) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Moves a process into it. */
  public void add(int pid, CgroupJournal journal) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** How many processes the kernel has killed in it for want of memory. */
  public long oomKills() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Kills every process in it, and waits until there is none. An absent cgroup is success. */
  public void kill() throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Removes it, and the parent when that is empty then. An absent cgroup is success.
   *
   * @throws IOException EBUSY when a process is left in it
   */
  public void remove() throws IOException {
    throw new UnsupportedOperationException();
  }
}
