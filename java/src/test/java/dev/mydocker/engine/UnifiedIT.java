package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What is different where cgroup version 2 stands alone, in few containers: `make test-v2-short`.
 */
@ExtendWith(NothingLeft.class)
class UnifiedIT {
  private final TestEngine engine = TestEngine.shared();

  private static boolean alone() {
    return Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"));
  }

  @Test
  void oneContainerHasItsLimitsAndSeesThem() throws Exception {
    assumeThat(alone()).as("cgroup v2 alone").isTrue();
    String flags =
        "-m 64m --memory-reservation 16m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0"
            + " --cgroup-conf memory.high=48M --cgroup-conf memory.oom.group=1";
    try (TestContainer box = engine.startSh(flags, "echo up; sleep 600").await("up")) {
      String ask =
          "cd /sys/fs/cgroup; cat memory.max memory.low memory.high memory.oom.group pids.max"
              + " cpu.max cpuset.cpus; cat /proc/self/cgroup; head -1 /proc/meminfo;"
              + " free -m | grep Mem; grep -c ^processor /proc/cpuinfo;"
              + " mknod /m c 1 11 && cat /m 2>&1; echo x >/dev/null && echo null";
      assertThat(engine.execSh(box, ask).out().replaceAll(" +", " "))
          .startsWith(
              "67108864\n16777216\n50331648\n1\n50\n50000 100000\n0\n0::/\n"
                  + "MemTotal: 65536 kB\nMem: 64 ")
          .endsWith("\n1\ncat: can't open '/m': Operation not permitted\nnull\n");
      Container container = engine.engine().find(box.id());
      ContainerStats stats = container.stats();
      assertThat(stats.usage().memoryLimit()).isEqualTo(64 << 20);
      boolean told = Files.exists(box.cgroup("memory").resolve("memory.pressure"));
      assertThat(stats.pressure().memory().isPresent()).isEqualTo(told);
      container.pause();
      assertThat(container.info().state()).isEqualTo(ContainerState.PAUSED);
      container.unpause();
      container.update(named("memory.high=32M", "memory.oom.group=0"));
      String settings = "cd /sys/fs/cgroup; echo `cat memory.high memory.oom.group memory.max`";
      assertThat(engine.execSh(box, settings).line()).isEqualTo("33554432 0 67108864");
      assertThatThrownBy(() -> container.update(named("memory.high=16M", "memory.low=junk")))
          .hasMessageContaining("--cgroup-conf=memory.low=junk");
      assertThat(engine.execSh(box, settings).line()).isEqualTo("33554432 0 67108864");
      assertThat(engine.execSh(box, "echo on").line()).isEqualTo("on");
    }
  }

  private static ContainerChange named(String... settings) throws OptionException {
    RunOptions.Builder options = RunOptions.builder("");
    for (String setting : settings) {
      options.cgroupConf(setting);
    }
    return new ContainerChange(options.build().limits(), Optional.empty());
  }

  /** The kernel's default is that one process goes; with this setting all of them do. */
  @Test
  void aGroupIsKilledForMemoryAsAWhole() throws Exception {
    assumeThat(alone()).as("cgroup v2 alone").isTrue();
    String flags = "-m 16m --memory-swap 16m ";
    String script = "tail -c 100000000 /dev/zero; echo $?";
    assertThat(engine.sh(flags, script).line()).isEqualTo("137");
    TestEngine.Result all = engine.sh(flags + "--cgroup-conf memory.oom.group=1", script);
    assertThat(all.out()).isEmpty();
    assertThat(all.exit()).isEqualTo(new Exit(137, 9, true));
  }

  @Test
  void onVersion1ASettingOfVersion2IsRefusedByName() {
    assumeThat(alone()).isFalse();
    assertThatThrownBy(() -> engine.sh("--cgroup-conf memory.high=48M", "true"))
        .hasMessageContaining("--cgroup-conf=memory.high=48M is a file of cgroup version 2");
  }

  @Test
  void onVersion1AnUpdateRefusesItToo() throws Exception {
    assumeThat(alone()).isFalse();
    try (TestContainer box = engine.startSh("", "echo up; sleep 600").await("up")) {
      Container container = engine.engine().find(box.id());
      assertThatThrownBy(() -> container.update(named("memory.high=48M")))
          .hasMessageContaining("--cgroup-conf=memory.high=48M is a file of cgroup version 2");
    }
  }
}
