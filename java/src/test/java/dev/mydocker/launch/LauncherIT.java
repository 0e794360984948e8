package dev.mydocker.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Spec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Launches hand-written plans on this host's root: no image, no mounts. */
@Tag("smoke")
class LauncherIT {
  private static final long NEWPID = 0x20000000;
  private static final long NEWNS = 0x00020000;
  private static final long NEWUTS = 0x04000000;

  @TempDir Path directory;

  static Fd open(Path path, int flags) throws KernelException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    return Fd.of(
        Linux.openat2(Linux.AT_FDCWD, name, flags, (flags & Linux.O_CREAT) == 0 ? 0 : 0600, 0),
        "openat2",
        path.toString());
  }

  static Step clone(long flags) {
    long kept = Slot.set(Slot.MONITOR_IMAGE, Slot.SYNC, Slot.STDIN, Slot.STDOUT, Slot.STDERR);
    return Step.of("test", Op.CLONE_INIT, Arg.number(flags), Arg.number(kept), Arg.NONE);
  }

  static Step execMonitor() {
    long kept =
        Slot.set(
            Slot.RECORDING,
            Slot.PLAN,
            Slot.LIFE,
            Slot.RUN_DIRECTORY,
            Slot.CLIENT,
            Slot.CONSOLE_IN,
            Slot.TO_STDIN,
            Slot.FROM_STDOUT,
            Slot.FROM_STDERR,
            Slot.LISTEN,
            Slot.LOG,
            Slot.MONITOR_IMAGE,
            Slot.SYNC,
            Slot.STDIN,
            Slot.STDOUT,
            Slot.STDERR);
    return Step.of(
        "test",
        Op.EXEC_MONITOR,
        Arg.fd(Slot.MONITOR_IMAGE),
        Arg.texts(List.of("mydocker-monitor", "test")),
        Arg.number(kept));
  }

  static Step ownMonitor() {
    long kept =
        Slot.set(
            Slot.RECORDING,
            Slot.LIFE,
            Slot.RUN_DIRECTORY,
            Slot.CLIENT,
            Slot.CONSOLE_IN,
            Slot.TO_STDIN,
            Slot.FROM_STDOUT,
            Slot.FROM_STDERR,
            Slot.LISTEN,
            Slot.LOG);
    return Step.of(
        "test",
        Op.EXEC_MONITOR,
        Arg.fd(Slot.MONITOR_IMAGE),
        Arg.texts(List.of("mydocker-monitor", "test")),
        Arg.number(kept));
  }

  static List<Step> command(String... argv) {
    return List.of(
        Step.of("test", Op.SYNC, Arg.fd(Slot.SYNC), Arg.number(1)),
        Step.of("test", Op.STDIO, Arg.NONE, Arg.fd(Slot.STDOUT), Arg.fd(Slot.STDERR)),
        Step.of("test", Op.CLOSE_OTHERS, Arg.number(Slot.set(Slot.SYNC))),
        Step.of(
            "test",
            Op.EXECVE,
            Arg.texts(List.of(argv[0])),
            Arg.texts(List.of(argv)),
            Arg.texts(List.of("A=b"))));
  }

  record Result(ExitStatus status, String out, int syncs) {}

  Result run(LaunchPlan plan) throws Exception {
    return run(plan, Map.of(), (point, pid) -> {});
  }

  Result run(LaunchPlan plan, Map<Integer, Fd> more, Launcher.Meeting meeting) throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int[] syncs = new int[1];
    try (Fd run = open(directory, Linux.O_PATH);
        Fd life = open(directory.resolve("life"), Linux.O_RDWR | Linux.O_CREAT)) {
      Map<Integer, Fd> descriptors = new HashMap<>(more);
      descriptors.put(Slot.RUN_DIRECTORY, run);
      descriptors.put(Slot.LIFE, life);
      Launcher.Request request =
          new Launcher.Request("test", plan, new Stdio.Streams(false), descriptors);
      Launcher.Meeting counted =
          (point, pid) -> {
            syncs[0] += pid > 0 ? 1 : 100;
            meeting.at(point, pid);
          };
      Launcher.Launched launched = Launcher.launch(request, counted, new ArrayList<>());
      try (Fd monitor = launched.monitor();
          MonitorClient client = launched.client()) {
        Output output =
            new Output() {
              @Override
              public void stdout(byte[] b, int off, int len) {
                text.write(b, off, len);
              }

              @Override
              public void stderr(byte[] b, int off, int len) {
                text.write(b, off, len);
              }
            };
        ExitStatus status = client.relay(output, s -> {}).orElseThrow();
        assertThat(Linux.waitPidfd(monitor.number(), true, new int[2])).isZero();
        return new Result(status, text.toString(StandardCharsets.UTF_8), syncs[0]);
      }
    }
  }

  @Test
  void runsACommandInANewPidNamespace() throws Exception {
    LaunchPlan plan =
        new LaunchPlan(
            List.of(clone(NEWPID | NEWNS | NEWUTS), ownMonitor()),
            command("/bin/sh", "-c", "echo pid $$ A=$A; exit 7"));
    Result result = run(plan);
    assertThat(result.out()).isEqualTo("pid 1 A=b\n");
    assertThat(result.status()).isEqualTo(new ExitStatus(7, 0));
    assertThat(result.syncs()).isEqualTo(1);
    assertThat(Files.readString(directory.resolve("exit"))).startsWith("{\"exitCode\":7,");
  }

  @Test
  void theMonitorCanHostTheCloneItself() throws Exception {
    LaunchPlan plan =
        new LaunchPlan(
            List.of(execMonitor(), clone(NEWNS)),
            command("/bin/sh", "-c", "echo host pid; kill -9 $$"));
    Result result = run(plan);
    assertThat(result.out()).isEqualTo("host pid\n");
    assertThat(result.status()).isEqualTo(new ExitStatus(137, 9));
  }

  @Test
  void aFailedStepIsNamed() {
    LaunchPlan plan =
        new LaunchPlan(List.of(clone(NEWPID), ownMonitor()), command("/no/such/command"));
    assertThatThrownBy(() -> run(plan))
        .isInstanceOfSatisfying(LaunchException.class, e -> assertThat(e.exitCode()).isEqualTo(127))
        .hasMessageContaining("ENOENT");
  }

  /**
   * The secret sits in the heap, in memory that malloc(3) gave and on this thread's stack. M is
   * looked at in a meeting of its own, before it becomes the monitor, then both of them in I's.
   */
  @Test
  void noProcessOfALaunchHoldsASecretOfTheJvm() throws Exception {
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    ByteBuffer outside = ByteBuffer.allocateDirect(1 << 16).put(secret);
    int self = Linux.getpid();
    assertThat(Memory.of(self).holds(secret)).isTrue();
    List<Step> monitor =
        List.of(
            Step.of("test", Op.SYNC, Arg.fd(Slot.SYNC), Arg.number(2)),
            clone(NEWPID | NEWNS),
            ownMonitor());
    LaunchPlan plan = new LaunchPlan(monitor, command("/bin/true", "a word of the plan"));
    byte[] word = "a word of the plan".getBytes(StandardCharsets.US_ASCII);
    List<Integer> met = new ArrayList<>();
    run(
        plan,
        Map.of(),
        (point, init) -> {
          met.add(point);
          for (int pid : point == 2 ? children(self) : List.of(init)) {
            Memory memory = Memory.of(pid);
            assertThat(memory.holds(word)).as("the plan in %s", pid).isTrue();
            assertThat(memory.holds(secret)).as("the secret in %s", memory).isFalse();
            assertThat(memory.toString()).doesNotContain("libjvm", "[heap]");
          }
          if (point == 1) {
            int monitorPid = Memory.parent(init);
            while (!Files.readString(Path.of("/proc/" + monitorPid + "/cmdline"))
                .contains("monitor")) {
              Thread.onSpinWait();
            }
            assertThat(Memory.of(monitorPid).holds(secret)).as("the secret in M").isFalse();
          }
        });
    assertThat(met).containsExactly(2, 1);
    assertThat(outside.get(0)).isEqualTo(secret[0]);
  }

  /** Those that this project cloned: another child of this process may be a test's helper. */
  private static List<Integer> children(int parent) throws IOException {
    List<Integer> found = new ArrayList<>();
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        String name = entry.getFileName().toString();
        if (name.chars().allMatch(Character::isDigit)
            && Memory.parent(Integer.parseInt(name)) == parent
            && Files.readString(entry.resolve("comm")).equals("mydocker:M\n")) {
          found.add(Integer.parseInt(name));
        }
      }
    }
    assertThat(found).hasSize(1);
    return found;
  }

  @Test
  void aUserNamespaceHasTheIdsItsMapsGive() throws Exception {
    long newUser = 0x10000000L;
    List<Step> init = new ArrayList<>();
    init.add(Step.of("test", Op.SYNC, Arg.fd(Slot.SYNC), Arg.number(1)));
    init.add(Step.of("test", Op.SETRESGID, Arg.number(0)));
    init.add(Step.of("test", Op.SETRESUID, Arg.number(0)));
    init.addAll(
        command("/bin/sh", "-c", "id -u; cat /proc/self/uid_map /proc/self/gid_map").subList(1, 4));
    LaunchPlan plan = new LaunchPlan(List.of(clone(newUser | NEWPID), ownMonitor()), init);
    Spec.IdMapping map = new Spec.IdMapping(0, 100000, 65536);
    Spec.Linux linux =
        new Spec.Linux(
            List.of(),
            List.of(map),
            List.of(map),
            Map.of(),
            Spec.Resources.NONE,
            Optional.empty(),
            List.of(),
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty());
    Recorder recorder = new Recorder();
    Result result = run(plan, Map.of(), (point, pid) -> IdMaps.write(pid, linux, recorder));
    assertThat(result.out().replaceAll(" +", " ").strip())
        .isEqualTo("0\n 0 100000 65536\n 0 100000 65536");
    assertThat(recorder.entries()).hasSize(2);
  }

  @Test
  void anotherProcessesNamespacesCanBeJoined() throws Exception {
    Process other =
        new ProcessBuilder("unshare", "--uts", "sh", "-c", "hostname joined; echo up; read x")
            .start();
    try (Fd uts = namespace(other, "uts")) {
      long kept =
          Slot.set(Slot.MONITOR_IMAGE, Slot.SYNC, Slot.STDIN, Slot.STDOUT, Slot.STDERR, Slot.FREE);
      List<Step> init = new ArrayList<>();
      init.add(Step.of("test", Op.SETNS, Arg.fd(Slot.FREE), Arg.number(NEWUTS)));
      init.addAll(command("/bin/hostname"));
      LaunchPlan plan =
          new LaunchPlan(
              List.of(
                  Step.of("test", Op.CLONE_INIT, Arg.number(NEWPID), Arg.number(kept), Arg.NONE),
                  ownMonitor()),
              init);
      assertThat(run(plan, Map.of(Slot.FREE, uts), (point, pid) -> {}).out()).isEqualTo("joined\n");
    } finally {
      other.getOutputStream().close();
      other.waitFor();
    }
  }

  private static Fd namespace(Process other, String kind) throws Exception {
    assertThat(other.getInputStream().read()).isEqualTo('u');
    return open(Path.of("/proc/" + other.pid() + "/ns/" + kind), Linux.O_RDONLY);
  }
}
