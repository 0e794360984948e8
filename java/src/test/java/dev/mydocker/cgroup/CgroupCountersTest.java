package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupCountersTest {
  @TempDir Path root;

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private CgroupCounters of(Hierarchy... hierarchies) {
    return new CgroupCounters(List.of(hierarchies), "/mydocker/a");
  }

  private Hierarchy hierarchy(String directory, boolean unified, String... controllers) {
    String mount = root.resolve(directory).toString();
    return new Hierarchy(mount, unified, List.of(controllers), Optional.empty());
  }

  @Test
  void v2FilesAreRead() throws Exception {
    file("mydocker/a/cpu.stat", "usage_usec 1500\nuser_usec 1000\n");
    file("mydocker/a/memory.current", "1000000\n");
    file("mydocker/a/memory.stat", "anon 5\ninactive_file 400000\nactive_file 1\n");
    file("mydocker/a/memory.max", "max\n");
    file("mydocker/a/pids.current", "7\n");
    file("mydocker/a/io.stat", "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=1 rios=1\n");
    file("mydocker/a/cgroup.procs", "12\n13\n");
    file("mydocker/a/below/cgroup.procs", "14\n");
    CgroupCounters counters = of(hierarchy("", true, "memory", "pids", "io"));
    assertThat(counters.read())
        .isEqualTo(new CgroupUsage(1_500_000, 600_000, Long.MAX_VALUE, 7, 15, 21));
    assertThat(counters.processes()).containsExactly(12, 13, 14);
  }

  @Test
  void v1FilesAreRead() throws Exception {
    file("cpuacct/mydocker/a/cpuacct.usage", "99\n");
    file("memory/mydocker/a/memory.usage_in_bytes", "1000\n");
    file("memory/mydocker/a/memory.stat", "inactive_file 1\ntotal_inactive_file 300\n");
    file("memory/mydocker/a/memory.limit_in_bytes", "4096\n");
    file("blkio/mydocker/a/blkio.throttle.io_service_bytes", "8:0 Read 3\n8:0 Write 4\nTotal 7\n");
    CgroupCounters counters =
        of(
            hierarchy("cpuacct", false, "cpu", "cpuacct"),
            hierarchy("memory", false, "memory"),
            hierarchy("blkio", false, "blkio"),
            hierarchy("unified", true));
    assertThat(counters.read()).isEqualTo(new CgroupUsage(99, 700, 4096, 0, 3, 4));
  }

  @Test
  void pressureIsThatOfTheLastSeconds() throws Exception {
    file("mydocker/a/cpu.pressure", "some avg10=12.34 avg60=5.00 avg300=1.00 total=99\n");
    file(
        "mydocker/a/memory.pressure",
        "some avg10=0.00 avg60=0.10 avg300=0.00 total=7\n"
            + "full avg10=55.00 avg60=0.00 avg300=0.00 total=1\n");
    assertThat(of(hierarchy("", true, "memory")).pressure())
        .isEqualTo(
            new CgroupPressure(
                OptionalDouble.of(12.34), OptionalDouble.of(0), OptionalDouble.empty()));
    assertThat(of(hierarchy("", false, "memory")).pressure()).isEqualTo(CgroupPressure.UNKNOWN);
  }

  @Test
  void whatIsNotThereIsNothing() throws Exception {
    CgroupCounters counters = of(hierarchy("", true, "memory", "pids"));
    assertThat(counters.read()).isEqualTo(new CgroupUsage(0, 0, Long.MAX_VALUE, 0, 0, 0));
    assertThat(counters.processes()).isEmpty();
  }
}
