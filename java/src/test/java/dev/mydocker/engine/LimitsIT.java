package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits as the host's cgroup files have them while a container runs, and what they do. */
@ExtendWith(NothingLeft.class)
class LimitsIT {
  private final TestEngine engine = TestEngine.shared();

  @Tag("smoke")
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-m 256m|memory|memory.limit_in_bytes|268435456",
        "--memory-reservation 64m|memory|memory.soft_limit_in_bytes|67108864",
        "-m 64m --memory-swap 128m|memory|memory.memsw.limit_in_bytes|134217728",
        "-m 64m|memory|memory.memsw.limit_in_bytes|134217728",
        "--cpus 0.5|cpu|cpu.cfs_quota_us|50000",
        "--cpus 0.5|cpu|cpu.cfs_period_us|100000",
        "--cpu-period 50000 --cpu-quota 20000|cpu|cpu.cfs_period_us|50000",
        "--cpu-period 50000 --cpu-quota 20000|cpu|cpu.cfs_quota_us|20000",
        "-c 512|cpu|cpu.shares|512",
        "--cpuset-cpus 0|cpuset|cpuset.cpus|0",
        "--cpuset-mems 0|cpuset|cpuset.mems|0",
        "-m 64m --memory-swappiness 10|memory|memory.swappiness|10",
        "--pids-limit 64|pids|pids.max|64",
        "--pids-limit -1|pids|pids.max|max",
        "''|memory|memory.limit_in_bytes|9223372036854771712",
      })
  void limitIsInTheHostsFile(String flags, String controller, String file, String value)
      throws Exception {
    boolean v2 = Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
    assumeThat(v2 && file.equals("memory.swappiness")).as("v2, which has none").isFalse();
    try (TestContainer container = engine.startSh(flags, "echo up; sleep 60").await("up")) {
      Path path = container.cgroup(controller).resolve(file);
      assumeThat(path).as("cgroup version 1 with that file").exists();
      assertThat(Files.readString(path).strip()).isEqualTo(value);
      assertThat(Files.readAllLines(path.resolveSibling("cgroup.procs")))
          .contains(Integer.toString(container.pid()));
    }
  }

  @Test
  void processesWaitForMemoryWhereTheyAreNotKilled() throws Exception {
    assumeThat(Path.of("/sys/fs/cgroup/memory/memory.oom_control")).exists();
    String flags = "-m 64m --oom-kill-disable";
    try (TestContainer container = engine.startSh(flags, "echo up; sleep 60").await("up")) {
      assertThat(container.cgroup("memory").resolve("memory.oom_control"))
          .content()
          .startsWith("oom_kill_disable 1\n");
    }
  }

  /** The first block device there is; a rate is kept though nobody uses the device. */
  @Test
  void ratesOfABlockDeviceAreInTheHostsFiles() throws Exception {
    Optional<String> found;
    try (Stream<Path> devices = Files.list(Path.of("/sys/class/block"))) {
      found =
          devices
              .map(path -> "/dev/" + path.getFileName())
              .filter(path -> Files.exists(Path.of(path)))
              .findFirst();
    }
    assumeThat(found).as("a block device").isPresent();
    String device = found.get();
    String number =
        Files.readString(Path.of("/sys/class/block", device.substring("/dev/".length()), "dev"))
            .strip();
    String flags =
        "--device-read-bps DEV:1mb --device-write-bps DEV:2mb --device-read-iops DEV:30"
            + " --device-write-iops DEV:40";
    try (TestContainer container =
        engine.startSh(flags.replace("DEV", device), "echo up; sleep 60").await("up")) {
      Path blkio = container.cgroup("blkio");
      assumeThat(blkio).as("cgroup version 1").exists();
      assertThat(blkio.resolve("blkio.throttle.read_bps_device")).hasContent(number + " 1048576");
      assertThat(blkio.resolve("blkio.throttle.write_bps_device")).hasContent(number + " 2097152");
      assertThat(blkio.resolve("blkio.throttle.read_iops_device")).hasContent(number + " 30");
      assertThat(blkio.resolve("blkio.throttle.write_iops_device")).hasContent(number + " 40");
    }
  }

  @Test
  void everyHierarchyHasTheContainer() throws Exception {
    try (TestContainer container = engine.startSh("", "echo up; sleep 60").await("up")) {
      for (String line : Files.readAllLines(Path.of("/proc/" + container.pid() + "/cgroup"))) {
        assertThat(line).endsWith("/mydocker/" + container.id());
      }
    }
  }

  @Test
  void hogOfMemoryIsKilledAndThatIsKnown() throws Exception {
    Exit exit = engine.sh("-m 32m --memory-swap 32m", "exec tail -c 200000000 /dev/zero").exit();
    assertThat(exit).isEqualTo(new Exit(137, 9, true));
  }

  @Test
  void aKilledChildIsKnownTooAndTheContainerGoesOn() throws Exception {
    TestEngine.Result result =
        engine.sh("-m 32m --memory-swap 32m", "tail -c 200000000 /dev/zero; echo $?");
    assertThat(result.line()).isEqualTo("137");
    assertThat(result.exit()).isEqualTo(new Exit(0, 0, true));
  }

  @Test
  void forkBombStaysInside() throws Exception {
    try (TestContainer container =
        engine
            .startSh("--pids-limit 32 -m 128m", "b() { b | b & }; echo up; b 2>/dev/null; sleep 60")
            .await("up")) {
      Path pids = container.cgroup("pids");
      int most = 0;
      for (int i = 0; i < 10; i++) {
        most =
            Math.max(
                most, Integer.parseInt(Files.readString(pids.resolve("pids.current")).strip()));
        Thread.sleep(50);
      }
      assertThat(most).isBetween(2, 32);
      container.signal(9);
      assertThat(container.end().code()).isEqualTo(137);
    }
  }

  @Test
  void moreProcessesThanAllowedFailInside() throws Exception {
    assertThat(
            engine
                .sh("--pids-limit 5", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all")
                .err())
        .contains("can't fork");
  }

  @Test
  void shareOfTheCpuHolds() throws Exception {
    try (TestContainer container =
        engine.startSh("--cpus 0.2", "echo up; while :; do :; done").await("up")) {
      Path stat = container.cgroup("cpu").resolve("cpu.stat");
      long end = System.nanoTime() + 20_000_000_000L;
      while (throttled(stat) == 0 && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      assertThat(throttled(stat)).isPositive();
    }
  }

  private static long throttled(Path stat) throws Exception {
    for (String line : Files.readAllLines(stat)) {
      if (line.startsWith("nr_throttled ")) {
        return Long.parseLong(line.substring(13));
      }
    }
    return 0;
  }

  @Test
  void cpusetIsSeenInside() throws Exception {
    assertThat(engine.sh("--cpuset-cpus 0", "nproc").line()).isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-m 1k|minimum memory limit",
        "-m 64m --memory-swap 32m|memoryswap",
        "--memory-swap 32m|memoryswap",
        "-m 64m --memory-reservation 128m|memory reservation",
        "--cpus 0.0001|range of cpus",
        "--cpus 1000|range of cpus",
        "--cpus 1 --cpu-quota 1000|nano cpus and cpu quota",
        "--cpuset-cpus 4095|cpu",
        "--cpu-period 1|period",
        "--cpu-quota 1|quota",
      })
  void limitThatCannotBeIsRefusedByName(String flags, String named) {
    assertThatThrownBy(() -> engine.sh(flags, "true"))
        .satisfies(e -> assertThat(e.getMessage().toLowerCase()).contains(named));
  }
}
