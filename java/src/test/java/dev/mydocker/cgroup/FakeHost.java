package dev.mydocker.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files that {@link CgroupHost} reads, for hosts of every layout, below a directory. */
final class FakeHost {
  private static final String CONTROLLERS =
      "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
          + "cpuset\t1\t1\t1\ncpu\t2\t1\t1\ncpuacct\t2\t1\t1\nmemory\t3\t1\t1\n"
          + "devices\t4\t1\t1\nfreezer\t5\t1\t1\npids\t6\t1\t1\nblkio\t7\t1\t1\n";

  private final Path root;
  private final StringBuilder mountinfo = new StringBuilder("21 1 8:1 / / rw - ext4 /dev/a rw\n");
  private int device = 30;

  FakeHost(Path root) {
    this.root = root;
  }

  /** v1 as systemd mounts it, with two controllers in one hierarchy. */
  static FakeHost v1(Path root) throws IOException {
    return new FakeHost(root)
        .v1("/sys/fs/cgroup/cpuset", "cpuset")
        .v1("/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct")
        .v1("/sys/fs/cgroup/memory", "memory")
        .v1("/sys/fs/cgroup/devices", "devices")
        .v1("/sys/fs/cgroup/pids", "pids")
        .v1("/sys/fs/cgroup/systemd", "xattr,name=systemd")
        .file("/sys/fs/cgroup/cpuset/cpuset.cpus", "0-3\n")
        .file("/sys/fs/cgroup/cpuset/cpuset.mems", "0\n")
        .file("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "9223372036854771712\n");
  }

  /** v1 with a v2 hierarchy beside it that has none of the controllers in use. */
  static FakeHost hybrid(Path root) throws IOException {
    return v1(root).v2("/sys/fs/cgroup/unified", "hugetlb");
  }

  static FakeHost v2(Path root) throws IOException {
    return new FakeHost(root)
        .v2("/sys/fs/cgroup", "cpuset cpu io memory hugetlb pids rdma misc")
        .file("/sys/fs/cgroup/system.slice/memory.max", "max\n")
        .file("/sys/fs/cgroup/system.slice/memory.swap.max", "max\n");
  }

  FakeHost v1(String mountPoint, String options) throws IOException {
    mount("/", mountPoint, "rw,nosuid", "cgroup cgroup rw," + options);
    return this;
  }

  FakeHost v2(String mountPoint, String controllers) throws IOException {
    mount("/", mountPoint, "rw,nosuid", "cgroup2 cgroup2 rw,nsdelegate");
    return file(mountPoint + "/cgroup.controllers", controllers + "\n");
  }

  private void mount(String of, String mountPoint, String options, String system) {
    device++;
    mountinfo.append(device).append(" 21 0:").append(device).append(' ').append(of).append(' ');
    mountinfo.append(mountPoint).append(' ').append(options).append(" shared:9 - ");
    mountinfo.append(system).append('\n');
  }

  FakeHost file(String path, String text) throws IOException {
    Path file = root.resolve(path.substring(1));
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return this;
  }

  CgroupHost detect() throws IOException {
    file("/proc/self/mountinfo", mountinfo.toString());
    file("/proc/cgroups", CONTROLLERS);
    return CgroupHost.detect(root.toString());
  }
}
