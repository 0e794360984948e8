package dev.mydocker.cgroup;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Does planned steps, one after the other. */
final class CgroupSteps implements AutoCloseable {
  /** How often others may remove a shared parent before its child is made. */
  private static final int ATTEMPTS = 1000;

  private final CgroupJournal journal;
  private final List<String> made;

  /** The last file that was written stays open: a device list takes many writes. */
  private int fd = -1;

  private String fileName = "";
  private boolean fileReadable;

  /**
   * @param made hears each directory that was made and is not shared
   */
  CgroupSteps(CgroupJournal journal, List<String> made) {
    this.journal = journal;
    this.made = made;
  }

  void run(List<CgroupStep> plan) throws IOException {
    int attempts = ATTEMPTS;
    int i = 0;
    while (i < plan.size()) {
      CgroupStep step = plan.get(i);
      if (step instanceof CgroupStep.Write write) {
        write(write);
        i++;
        continue;
      }
      if (step instanceof CgroupStep.DeviceFilter filter) {
        attach(filter);
        i++;
        continue;
      }
      CgroupStep.MakeDirectory directory = (CgroupStep.MakeDirectory) step;
      int n = make(directory);
      int parents = parentsBefore(plan, i);
      if (CgroupFile.is(n, Errno.ENOENT) && parents > 0 && attempts-- > 0) {
        // Another container was the last child of the parent, and its remover came in between.
        i -= parents;
      } else {
        KernelException.check(n, "mkdir", directory.path());
        i++;
      }
    }
  }

  /** How many steps right before {@code i} make the shared parents of its directory. */
  private static int parentsBefore(List<CgroupStep> plan, int i) {
    String path = plan.get(i).path();
    int first = i;
    while (first > 0
        && plan.get(first - 1) instanceof CgroupStep.MakeDirectory parent
        && parent.shared()
        && path.startsWith(parent.path() + "/")) {
      first--;
    }
    return i - first;
  }

  private int make(CgroupStep.MakeDirectory step) {
    long start = System.nanoTime();
    int n = Linux.mkdirat(Linux.AT_FDCWD, CgroupFile.bytes(step.path()), 0755);
    if (step.shared() && CgroupFile.is(n, Errno.EEXIST)) {
      return 0;
    }
    journal.did("mkdir", List.of(step.path()), step.why(), n, start, System.nanoTime());
    if (n >= 0 && !step.shared()) {
      made.add(step.path());
    }
    return n;
  }

  private void write(CgroupStep.Write step) throws IOException {
    String shown = shown(step.path(), step.value());
    byte[] value = CgroupFile.bytes(step.value());
    long start = System.nanoTime();
    int n = open(step);
    if (n >= 0) {
      n = Math.min(0, Linux.write(fd, value, 0, value.length));
    }
    List<String> arguments = List.of(step.path(), step.value());
    journal.did("write", arguments, step.why(), n, start, System.nanoTime());
    if (CgroupFile.is(n, Errno.ENOENT) && step.path().contains(".bfq.")) {
      throw new IOException(
          shown
              + " ("
              + step.why()
              + "): there is no such file, which the I/O scheduler bfq makes: load it"
              + " (modprobe bfq), or run without that limit");
    }
    if (n < 0) {
      throw new KernelException("write", shown + " (" + step.why() + ")", -n);
    }
    if (step.verify()) {
      verify(step);
    }
  }

  /** Makes {@link #fd} the step's file: not negative, or what openat2(2) said. */
  private int open(CgroupStep.Write step) {
    if (fd < 0 || !fileName.equals(step.path()) || fileReadable != step.verify()) {
      close();
      int flags = step.verify() ? Linux.O_RDWR : Linux.O_WRONLY;
      fd = Linux.openat2(Linux.AT_FDCWD, CgroupFile.bytes(step.path()), flags, 0, 0);
      fileName = step.path();
      fileReadable = step.verify();
    }
    return fd;
  }

  private void verify(CgroupStep.Write step) throws IOException {
    KernelException.check(Linux.lseek(fd, 0, 0), "lseek", step.path());
    String kept = CgroupFile.text(fd, CgroupFile.bytes(step.path()));
    if (!Kept.same(step.path(), step.value(), kept)) {
      throw new IOException(
          Kept.instead(step.path(), step.value(), kept)
              + " ("
              + step.why()
              + "): choose a value that this kernel takes");
    }
  }

  private void attach(CgroupStep.DeviceFilter step) throws IOException {
    byte[] program = DeviceProgram.of(step.rules());
    long start = System.nanoTime();
    int n = attach(step.path(), program);
    List<String> arguments = new ArrayList<>(List.of("BPF_PROG_ATTACH", step.path()));
    arguments.addAll(step.texts());
    journal.did("bpf", arguments, step.why(), n, start, System.nanoTime());
    if (n < 0) {
      String shown = step.path() + " (" + step.why() + ")";
      throw new IOException(
          new KernelException("bpf", shown, -n).getMessage()
              + ": on cgroup v2 device rules are a BPF program, which needs CAP_SYS_ADMIN, or"
              + " CAP_BPF and CAP_NET_ADMIN, a kernel with CONFIG_CGROUP_BPF, and before Linux 5.11"
              + " some RLIMIT_MEMLOCK: see to that, or run with --privileged, which needs no"
              + " rules");
    }
  }

  /** The cgroup keeps the program: no descriptor of it stays open. 0 or {@code -errno}. */
  private static int attach(String directory, byte[] program) {
    int cgroup =
        Linux.openat2(
            Linux.AT_FDCWD, CgroupFile.bytes(directory), Linux.O_RDONLY | Linux.O_DIRECTORY, 0, 0);
    if (cgroup < 0) {
      return cgroup;
    }
    int n = Linux.bpfLoad(Linux.BPF_PROG_TYPE_CGROUP_DEVICE, program);
    if (n >= 0) {
      int loaded = n;
      n = Linux.bpfAttach(cgroup, loaded, Linux.BPF_CGROUP_DEVICE, Linux.BPF_F_ALLOW_MULTI);
      Linux.close(loaded);
    }
    Linux.close(cgroup);
    return n;
  }

  /** How a write is shown: the file, and the value in quotes. */
  static String shown(String file, String value) {
    return file + " \"" + value + '"';
  }

  @Override
  public void close() {
    if (fd >= 0) {
      Linux.close(fd);
      fd = -1;
    }
  }
}
