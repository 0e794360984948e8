package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MountTableTest {
  private static final Set<String> CONTROLLERS = Set.of("cpu", "cpuacct", "memory", "freezer");

  private static List<Hierarchy> read(String... lines) {
    return MountTable.hierarchies(String.join("\n", lines), CONTROLLERS);
  }

  @Test
  void controllersAreToldFromOtherOptions() {
    assertThat(
            read(
                "32 30 0:29 / /cg/cpu,cpuacct rw shared:5 - cgroup cgroup rw,xattr,cpu,cpuacct",
                "33 30 0:30 / /cg/systemd rw shared:6 - cgroup cgroup rw,xattr,name=systemd",
                "34 30 0:31 / /cg/unified rw - cgroup2 cgroup2 rw,nsdelegate"))
        .containsExactly(
            new Hierarchy("/cg/cpu,cpuacct", false, List.of("cpu", "cpuacct"), Optional.empty()),
            new Hierarchy("/cg/systemd", false, List.of(), Optional.of("systemd")),
            new Hierarchy("/cg/unified", true, List.of(), Optional.empty()));
  }

  @Test
  void otherFileSystemsAreNone() {
    assertThat(
            read(
                "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
                "31 22 0:28 / /memory rw - ext4 /dev/cgroup rw,memory",
                "",
                "garbage",
                "1 2 0:3 / /x rw - cgroup",
                "1 2 0:3 / /x - cgroup cgroup rw,memory"))
        .isEmpty();
  }

  @Test
  void escapedMountPointsAreDecoded() {
    assertThat(read("32 30 0:29 / /a\\040b\\134c\\303\\244 rw - cgroup cgroup rw,memory"))
        .extracting(Hierarchy::mountPoint)
        .containsExactly("/a b\\c\u00e4");
  }

  @Test
  void theWritableMountOfTheRootServesBest() {
    assertThat(
            read(
                "32 30 0:29 /sub /box/memory rw - cgroup cgroup rw,memory",
                "33 30 0:29 / /readonly/memory ro - cgroup cgroup rw,memory",
                "34 30 0:29 / /cg/memory rw - cgroup cgroup rw,memory",
                "35 30 0:29 / /again/memory rw - cgroup cgroup rw,memory"))
        .extracting(Hierarchy::mountPoint)
        .containsExactly("/cg/memory");
  }

  @Test
  void aLaterMountHidesAnEarlierOne() {
    assertThat(
            read(
                "32 30 0:29 / /cg rw - cgroup cgroup rw,memory",
                "33 32 0:40 / /cg rw - cgroup2 cgroup2 rw"))
        .containsExactly(new Hierarchy("/cg", true, List.of(), Optional.empty()));
  }

  @Test
  void controllerNamesAreTheFirstColumn() {
    assertThat(MountTable.controllerNames("#subsys_name\thierarchy\ncpu\t1\t1\t1\npids\t8\t1\t1\n"))
        .containsExactly("cpu", "pids");
    assertThat(MountTable.controllerNames("")).isEmpty();
  }
}
