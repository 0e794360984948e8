package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.cli.RunLine;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.BlockIoChoice;
import dev.mydocker.spec.Limits;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The machine as a container with limits sees it. */
@ExtendWith(NothingLeft.class)
class ProcViewIT {
  private static final String TOTAL_256M = "MemTotal:         262144 kB";

  private final TestEngine engine = TestEngine.shared();

  @BeforeEach
  void needsFuse() {
    assumeThat(Path.of("/dev/fuse")).exists();
  }

  private static String hostsTotal() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).get(0);
  }

  private static long kilobytes(String meminfo, String name) {
    for (String line : meminfo.lines().toList()) {
      if (line.startsWith(name + ":")) {
        return Long.parseLong(line.substring(name.length() + 1).replace("kB", "").strip());
      }
    }
    throw new AssertionError("no " + name + " in " + meminfo);
  }

  @Test
  @Tag("smoke")
  void theLimitIsTheMemoryThereIs() throws Exception {
    String before = hostsTotal();
    TestEngine.Result result = engine.sh("-m 256m", "head -1 /proc/meminfo; cat /proc/meminfo");
    assertThat(result.lines()).startsWith(TOTAL_256M, TOTAL_256M);
    assertThat(kilobytes(result.out(), "MemFree")).isBetween(200_000L, 262_144L);
    assertThat(hostsTotal()).isEqualTo(before).isNotEqualTo(TOTAL_256M);
    assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
        .doesNotContain(" - fuse mydocker");
  }

  @Test
  void whatIsTakenIsMissing() throws Exception {
    String script =
        "cat /proc/meminfo; dd if=/dev/zero of=/dev/shm/x bs=1M count=50 2>/dev/null;"
            + " echo ====; cat /proc/meminfo";
    String[] parts = engine.sh("-m 256m", script).out().split("====\n");
    assertThat(kilobytes(parts[0], "MemFree") - kilobytes(parts[1], "MemFree"))
        .isGreaterThan(45_000);
    assertThat(kilobytes(parts[1], "Shmem")).isBetween(50_000L, 56_000L);
  }

  /** The program of the host with what it is linked with. */
  @Test
  void freeOfProcpsShowsTheLimit() throws Exception {
    assumeThat(Path.of("/usr/bin/free")).exists();
    String flags =
        "-m 256m -v /usr/bin/free:/usr/bin/free:ro -v /lib:/lib:ro"
            + (Files.isDirectory(Path.of("/lib64")) ? " -v /lib64:/lib64:ro" : "")
            + " -v /usr/lib:/usr/lib:ro";
    TestEngine.Result result = engine.sh(flags, "/usr/bin/free -m");
    assertThat(result.err()).isEmpty();
    assertThat(result.lines().get(1).split(" +")).startsWith("Mem:", "256");
  }

  private static final String SYSINFO =
      "free -k | grep Mem; uptime; grep ^Seccomp /proc/self/status";

  /** One page more is told than there is, see native/machine.c. */
  private static void requireLimited(List<String> lines, int filters) {
    assertThat(lines.get(0).split(" +")).startsWith("Mem:", "262148");
    assertThat(lines.get(1)).contains(" up 0 min,").contains("load average: 0.");
    assertThat(lines.get(3)).endsWith("\t" + filters);
  }

  /** busybox asks the kernel, and reads no file for it. */
  @Test
  @Tag("smoke")
  void sysinfoTellsTheSame() throws Exception {
    String before = hostsTotal();
    requireLimited(engine.sh("-m 256m", SYSINFO).lines(), 2);
    assertThat(hostsTotal()).isEqualTo(before);
  }

  @Test
  void sysinfoFollowsWhatIsTaken() throws Exception {
    String script = "dd if=/dev/zero of=/dev/shm/x bs=1M count=50 2>/dev/null; free -m";
    String[] memory = engine.sh("-m 256m", script).lines().get(1).split(" +");
    assertThat(memory).startsWith("Mem:", "256");
    assertThat(Integer.parseInt(memory[3])).isBetween(190, 206);
    assertThat(memory[4]).isEqualTo("50");
  }

  @Test
  void sysinfoIsAnsweredWithoutAProfileAsWell() throws Exception {
    requireLimited(engine.sh("-m 256m --security-opt seccomp=unconfined", SYSINFO).lines(), 1);
    requireLimited(engine.sh("-m 256m --privileged", SYSINFO).lines(), 1);
    requireLimited(engine.sh("-m 256m -u 1234 --cap-drop ALL", SYSINFO).lines(), 2);
  }

  @Test
  void withoutAViewNobodyIsAsked() throws Exception {
    assertThat(engine.sh("-m 256m --security-opt proc-view=off", SYSINFO).lines().get(3))
        .endsWith("\t1");
    assertThat(engine.sh("", SYSINFO).lines().get(3)).endsWith("\t1");
  }

  /** What a command leaves behind is answered when its own monitor is gone. */
  @Test
  void whoJoinsIsAnsweredByTheContainersMonitor() throws Exception {
    try (TestContainer container = engine.startSh("-m 256m", "echo up; sleep 60").await("up")) {
      requireLimited(engine.execSh(container, SYSINFO).lines(), 2);
      engine.execSh(
          container,
          "(while [ ! -e /go ]; do sleep 0.01; done; free -k >/later; mv /later /done)"
              + " >/dev/null 2>&1 &");
      String said =
          engine
              .execSh(container, "touch /go; while [ ! -e /done ]; do sleep 0.01; done; cat /done")
              .out();
      assertThat(said).contains("262148");
    }
  }

  @Test
  void loadIsTheContainers() throws Exception {
    String script = "(while :; do :; done) & sleep 7; cat /proc/loadavg; uptime";
    List<String> lines = engine.sh("-m 256m", script).lines();
    String[] load = lines.get(0).split(" ");
    assertThat(Double.parseDouble(load[0])).isBetween(0.08, 0.4);
    assertThat(load[3]).matches("[1-3]/[2-5]");
    assertThat(lines.get(1)).contains("load average: " + load[0] + ", ");
  }

  /** A JVM takes a limit for none when the machine has no more than that. */
  @Test
  void aJvmSeesItsLimit() throws Exception {
    String flags =
        "-m 512m -v "
            + System.getProperty("java.home")
            + ":/jdk:ro -v /etc:/etc/host:ro -v /lib:/lib:ro -v /usr/lib:/usr/lib:ro"
            + (Files.isDirectory(Path.of("/lib64")) ? " -v /lib64:/lib64:ro" : "");
    String script = "/jdk/bin/java -XshowSettings:system -XX:+PrintFlagsFinal -version 2>&1";
    String said = engine.sh(flags, script).out();
    assertThat(said).contains("Memory Limit: 512.00M");
    assertThat(said).containsPattern("MaxHeapSize +=  *134217728 ");
  }

  @Test
  void aChangedLimitIsShownAtOnce() throws Exception {
    try (TestContainer container = engine.startSh("-m 256m", "echo up; sleep 60").await("up")) {
      Limits less =
          new Limits(
              OptionalLong.of(128L << 20),
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              Optional.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              false,
              Optional.empty(),
              BlockIoChoice.NONE,
              Map.of());
      engine.engine().find(container.id()).update(new ContainerChange(less, Optional.empty()));
      assertThat(engine.execSh(container, "head -1 /proc/meminfo").line())
          .isEqualTo("MemTotal:         131072 kB");
      assertThat(engine.execSh(container, "free -k").out()).contains("131076");
    }
  }

  @Test
  void aCommandThatJoinsSeesTheSame() throws Exception {
    try (TestContainer container = engine.startSh("-m 256m", "echo up; sleep 60").await("up")) {
      assertThat(engine.execSh(container, "head -1 /proc/meminfo").line()).isEqualTo(TOTAL_256M);
    }
  }

  @Test
  void onlyChosenCpusAreThere() throws Exception {
    String script =
        "grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat;"
            + " cat /sys/devices/system/cpu/online; grep btime /proc/stat";
    TestEngine.Result result = engine.sh("--cpuset-cpus 0", script);
    String bootTime =
        Files.readAllLines(Path.of("/proc/stat")).stream()
            .filter(line -> line.startsWith("btime"))
            .collect(Collectors.joining());
    assertThat(result.lines()).containsExactly("1", "1", "0", bootTime);
  }

  @Test
  void uptimeIsTheContainers() throws Exception {
    String uptime = engine.sh("-m 256m", "cat /proc/uptime").line();
    assertThat(Double.parseDouble(uptime.split(" ")[0])).isBetween(0.0, 60.0);
  }

  @Test
  void swapBeyondTheLimitIsNotThere() throws Exception {
    TestEngine.Result result =
        engine.sh("-m 256m --memory-swap 256m", "cat /proc/swaps; grep Swap /proc/meminfo");
    assertThat(result.lines().get(0)).startsWith("Filename");
    assertThat(kilobytes(result.out(), "SwapTotal")).isZero();
    assertThat(kilobytes(result.out(), "SwapFree")).isZero();
  }

  @Test
  void withoutALimitNothingIsMounted() throws Exception {
    assertThat(engine.sh("", "head -1 /proc/meminfo; grep -c fuse /proc/mounts").lines())
        .containsExactly(hostsTotal(), "0");
    assertThat(
            engine
                .sh(
                    "-m 256m --security-opt proc-view=off",
                    "head -1 /proc/meminfo; grep -c fuse /proc/mounts")
                .lines())
        .containsExactly(hostsTotal(), "0");
  }

  @Test
  void whatTheUserHasMountedStays() throws Exception {
    TestEngine.Result result =
        engine.sh("-m 256m -v /proc/version:/proc/meminfo:ro", "cat /proc/meminfo");
    assertThat(result.line()).isEqualTo(Files.readString(Path.of("/proc/version")).strip());
  }

  @Test
  void nobodyWrites() throws Exception {
    String script =
        "for f in meminfo uptime; do (: <>/proc/$f) 2>&1; (: >/proc/$f) 2>&1; chmod 777 /proc/$f"
            + " 2>/dev/null || echo kept; rm -f /proc/$f 2>/dev/null || echo stays; done";
    TestEngine.Result result = engine.sh("-m 256m --privileged", script);
    assertThat(result.lines()).hasSize(8);
    assertThat(result.lines().get(0)).contains("Permission denied");
    assertThat(result.lines().get(1)).contains("Permission denied");
    assertThat(result.lines()).contains("kept", "stays");
  }

  @Test
  void anyUserReadsItInAnyPieces() throws Exception {
    String script =
        "dd if=/proc/meminfo bs=1 2>/dev/null | head -1; dd if=/proc/meminfo bs=7 2>/dev/null"
            + " | grep -c kB; dd if=/proc/meminfo bs=16 skip=1 count=1 2>/dev/null | tr -d ' \\n'";
    List<String> lines = engine.sh("-m 256m -u 1234", script).lines();
    assertThat(lines).hasSize(3).startsWith(TOTAL_256M);
    assertThat(Integer.parseInt(lines.get(1))).isGreaterThan(20);
    assertThat(lines.get(2)).startsWith("262144kB");
  }

  @Test
  void manyReadAtOnce() throws Exception {
    String script =
        "for i in $(seq 16); do (for j in $(seq 20); do cat /proc/meminfo /proc/uptime; done"
            + " | grep -c 'MemTotal:         262144 kB') & done; wait";
    assertThat(engine.sh("-m 256m", script).lines()).hasSize(16).containsOnly("20");
  }

  /**
   * PIDs are the host's, so one caller outlives the monitor. The call is not there then (ENOSYS),
   * and busybox goes on with zeros.
   */
  @Test
  void callersOfADeadMonitorGoOn(@TempDir Path directory) throws Exception {
    String script =
        "setsid sh -c 'while free -k >/out/now; grep -q 262148 /out/now; do mv /out/now /out/up;"
            + " done; mv /out/now /out/end; exec sleep 1000' & exec sleep 1000";
    RunLine line =
        RunLine.parse(
            List.of(
                "-m",
                "256m",
                "--pid",
                "host",
                "-v",
                directory + ":/out",
                TestEngine.BUSYBOX,
                "sh",
                "-c",
                script));
    Container container = engine.engine().run(line.request());
    try {
      await(directory.resolve("up"));
      Linux.kill(parent(container.info().pid()), 9);
      await(directory.resolve("end"));
    } finally {
      container.remove(true, true);
    }
  }

  /**
   * PIDs are the host's, so what is beside its first process outlives it, and the monitor, until
   * somebody cleans up.
   */
  @Test
  void readersOfADeadMonitorGetAnError(@TempDir Path directory) throws Exception {
    String script =
        "setsid sh -c 'while cat /proc/meminfo >/dev/null 2>/out/err; do echo x >/out/up; done;"
            + " mv /out/err /out/end; exec sleep 1000' & exec sleep 1000";
    RunLine line =
        RunLine.parse(
            List.of(
                "-m",
                "256m",
                "--pid",
                "host",
                "-v",
                directory + ":/out",
                TestEngine.BUSYBOX,
                "sh",
                "-c",
                script));
    Container container = engine.engine().run(line.request());
    try {
      await(directory.resolve("up"));
      Linux.kill(parent(container.info().pid()), 9);
      await(directory.resolve("end"));
      // ENOTCONN; ECONNABORTED for what was under way as the monitor died.
      assertThat(Files.readString(directory.resolve("end")))
          .containsAnyOf("not connected", "connection abort");
    } finally {
      container.remove(true, true);
    }
  }

  private static void await(Path file) throws Exception {
    long until = System.nanoTime() + 30_000_000_000L;
    while (!Files.exists(file) && System.nanoTime() < until) {
      Thread.sleep(5);
    }
    assertThat(file).exists();
  }

  private static int parent(int pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1]);
  }

  @Test
  void aKilledMonitorLeavesNoReaderBehind() throws Exception {
    try (TestContainer container =
        engine.startSh("-m 256m", "echo up; while :; do cat /proc/meminfo; done >/dev/null 2>&1")) {
      container.await("up");
      Linux.kill(parent(container.pid()), 9);
      assertThat(container.end().code()).isEqualTo(137);
    }
  }

  @Test
  void withoutFuseTheHostIsShownAndThatIsSaid() throws Exception {
    String script = "mount --bind /dev/null /dev/fuse; exec \"$@\"";
    List<String> command = new ArrayList<>(List.of("unshare", "-m"));
    command.addAll(
        Cli.underShell(
            script,
            Cli.command(
                "run", "--rm", "-m", "256m", TestEngine.BUSYBOX, "head", "-1", "/proc/meminfo")));
    Cli.Result result = Cli.end(Cli.start(command), new byte[0]);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out().strip()).isEqualTo(hostsTotal());
    assertThat(result.err().lines().filter(l -> l.contains("/dev/fuse"))).hasSize(1);
  }
}
