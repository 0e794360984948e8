package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Stdio;
import dev.mydocker.testing.Cli;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * kill -9 of each process of a launch. The JVM dies at the entry of a system call: strace(1)
 * injects the signal, so the points are the same each time.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KillIT {
  private static final String IMAGE = "oci-archive:images/out/busybox.oci.tar";
  private static final int SIGKILL = 9;
  private static final int LAUNCH_POINTS = 16;
  private static final int END_POINTS = 6;
  private static final Set<String> OURS =
      Set.of(
          "close",
          "fchmodat",
          "fchownat",
          "flock",
          "fsync",
          "ftruncate",
          "getdents64",
          "memfd_create",
          "mkdir",
          "mkdirat",
          "openat",
          "openat2",
          "pipe2",
          "read",
          "renameat2",
          "sendto",
          "socketpair",
          "statx",
          "unlinkat",
          "waitid",
          "write");

  @TempDir static Path directory;

  private Map<String, String> environment;
  private Roots roots;
  private Engine engine;

  @BeforeAll
  void open() throws Exception {
    environment =
        Map.of(
            "MYDOCKER_ROOT", directory.resolve("state").toString(),
            "MYDOCKER_RUN_ROOT", directory.resolve("run").toString());
    roots = Roots.of(environment, true);
    engine = Engine.open(environment);
    nextCommand();
  }

  @AfterAll
  void nothingIsLeft() throws Exception {
    assertThat(Remains.of(roots)).isEmpty();
  }

  /** A moment in a launch: the entry of the {@code occurrence}th call of that name. */
  record Point(String call, int occurrence) {
    private static final Point NEVER = new Point("reboot", 1);

    @Override
    public String toString() {
      return call + " " + occurrence;
    }
  }

  /**
   * As far as the command's execution: evenly spread, before each file gets its name, before and
   * after I is told to go on, and not at all: then the JVM is killed while the container runs.
   */
  Stream<Point> launchPoints() throws Exception {
    List<Point> points = points(trace(Point.NEVER, true, "true"));
    List<Point> launch = points.subList(0, executed(points));
    Set<Point> chosen = new LinkedHashSet<>(spread(LAUNCH_POINTS, launch).toList());
    for (int i = 0; i < launch.size(); i++) {
      if (launch.get(i).call().equals("renameat2")) {
        chosen.add(launch.get(i));
      } else if (launch.get(i).call().equals("sendto")) {
        chosen.addAll(launch.subList(i, i + 2));
      }
    }
    chosen.add(Point.NEVER);
    return chosen.stream();
  }

  /** From there to the end of the clean-up. */
  Stream<Point> endPoints() throws Exception {
    List<Point> points = points(trace(Point.NEVER, true, "true"));
    return spread(END_POINTS, points.subList(executed(points), points.size()));
  }

  private static Stream<Point> spread(int count, List<Point> points) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(i -> points.get(points.size() * i / (count + 1)));
  }

  /** The calls of this project, without those that the JVM makes for itself. */
  private static List<Point> points(List<String> calls) {
    Map<String, Integer> seen = new HashMap<>();
    List<Point> points = new ArrayList<>();
    for (String line : calls) {
      String call = line.substring(0, Math.max(0, line.indexOf('(')));
      if (OURS.contains(call)) {
        points.add(new Point(call, seen.merge(call, 1, Integer::sum)));
      }
    }
    return points;
  }

  /** How many of them come before the container's end, for which the monitor is waited for. */
  private static int executed(List<Point> points) {
    for (int i = points.size() - 1; i >= 0; i--) {
      if (points.get(i).call().equals("waitid")) {
        return i;
      }
    }
    throw new AssertionError("the monitor was not waited for: " + points);
  }

  @ParameterizedTest
  @MethodSource("launchPoints")
  void aLaunchWhoseJvmIsKilledRunsOnOrLeavesNothing(Point point) throws Exception {
    boolean remove = point.occurrence() % 2 == 0;
    List<String> calls = trace(point, remove, "sleep", "1000");
    String last = calls.isEmpty() ? "" : calls.get(calls.size() - 1);
    for (String id : ids()) {
      Optional<Integer> init = settled(id);
      if (init.isPresent()) {
        nextCommand();
        assertThat(Remains.members(id)).as("%s after %s", id, last).containsExactly(init.get());
        Linux.kill(init.get(), SIGKILL);
        awaitOwnersEnd(id);
      }
      nextCommand();
      if (!remove) {
        removeWhole(id);
      }
      assertThat(Remains.of(id, roots)).as("left of %s after %s", id, last).isEmpty();
    }
    nextCommand();
    assertThat(Remains.of(roots)).as("left after %s", last).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("endPoints")
  void aCleanUpWhoseJvmIsKilledIsFinishedByTheNextCommand(Point point) throws Exception {
    List<String> calls = trace(point, true, "true");
    String last = calls.isEmpty() ? "" : calls.get(calls.size() - 1);
    List<String> ids = ids();
    for (String id : ids) {
      awaitOwnersEnd(id);
    }
    nextCommand();
    for (String id : ids) {
      assertThat(Remains.of(id, roots)).as("left of %s after %s", id, last).isEmpty();
    }
    assertThat(Remains.of(roots)).as("left after %s", last).isEmpty();
  }

  @Test
  void aContainerDiesWithItsMonitor() throws Exception {
    Container container = sleeper();
    try (Running running = container.start(new Stdio.Streams(false))) {
      Linux.kill(parent(running.pid()), SIGKILL);
      assertThat(running.relay(Victim.NOTHING).code()).isEqualTo(128 + SIGKILL);
    }
    assertThat(Remains.of(container.id(), roots)).isEmpty();
  }

  @Test
  void aMonitorAndItsClientKilledLeaveNothingAfterTheNextCommand() throws Exception {
    Container container = sleeper();
    Running running = container.start(new Stdio.Streams(false));
    running.close();
    Linux.kill(parent(running.pid()), SIGKILL);
    awaitOwnersEnd(container.id());
    nextCommand();
    assertThat(Remains.of(container.id(), roots)).isEmpty();
  }

  @Test
  void aKilledFirstProcessIsReportedAsKilled() throws Exception {
    Container container = sleeper();
    try (Running running = container.start(new Stdio.Streams(false))) {
      Linux.kill(running.pid(), SIGKILL);
      Exit exit = running.relay(Victim.NOTHING);
      assertThat(exit.code()).isEqualTo(128 + SIGKILL);
      assertThat(exit.oomKilled()).isFalse();
    }
    assertThat(Remains.of(container.id(), roots)).isEmpty();
  }

  private Container sleeper() throws Exception {
    return engine.create(Victim.request(IMAGE, true, List.of("sleep", "1000")), PullListener.NONE);
  }

  private void nextCommand() throws Exception {
    assertThat(Victim.run(engine, Victim.request(IMAGE, true, List.of("true"))).code()).isZero();
  }

  /**
   * Runs a victim until {@code point}, or until its container runs when that would go on; its
   * calls, the last of them killed.
   */
  private List<String> trace(Point point, boolean remove, String... container) throws Exception {
    List<String> command = Cli.jvm(Victim.class.getName());
    command.addAll(List.of(IMAGE, Boolean.toString(remove)));
    command.addAll(List.of(container));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process victim = builder.start();
    try {
      BufferedReader out = lines(victim);
      String thread = out.readLine();
      Path log = directory.resolve("strace");
      Process tracer = strace(thread, point, log);
      victim.getOutputStream().write('\n');
      victim.getOutputStream().close();
      if (Victim.STARTED.equals(out.readLine()) && container[0].equals("sleep")) {
        victim.destroyForcibly();
      }
      victim.waitFor();
      tracer.waitFor();
      return calls(log);
    } finally {
      victim.destroyForcibly().waitFor();
    }
  }

  /** Attached to that one thread: what the JVM clones is not followed. */
  private static Process strace(String thread, Point point, Path log) throws IOException {
    Process tracer =
        new ProcessBuilder(
                List.of(
                    "strace",
                    "--attach=" + thread,
                    "--output=" + log,
                    "--inject=" + point.call() + ":signal=KILL:when=" + point.occurrence()))
            .redirectErrorStream(true)
            .start();
    assertThat(lines(tracer).readLine()).contains("attached");
    return tracer;
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static List<String> calls(Path log) throws IOException {
    return Files.readAllLines(log).stream().filter(line -> !line.startsWith("+++")).toList();
  }

  /** The containers that have something on this host. */
  private List<String> ids() throws IOException {
    List<String> ids = new ArrayList<>();
    for (Path parent : List.of(roots.running(), roots.containers())) {
      try (Stream<Path> entries = Files.list(parent)) {
        entries
            .map(path -> path.getFileName().toString())
            .filter(name -> ContainerId.is(name) && !ids.contains(name))
            .forEach(ids::add);
      }
    }
    return ids;
  }

  /** Waits until a killed launch has come to rest: its command's process, or none. */
  private Optional<Integer> settled(String id) throws Exception {
    for (; ; ) {
      if (ownersAreGone(id)) {
        return Optional.empty();
      }
      for (int pid : Remains.members(id)) {
        if (Remains.commandLine(pid).equals("sleep 1000")) {
          return Optional.of(pid);
        }
      }
      Thread.sleep(1);
    }
  }

  private void awaitOwnersEnd(String id) throws Exception {
    while (!ownersAreGone(id)) {
      Thread.sleep(1);
    }
  }

  /** Whether nobody holds the lock on its run directory any more. */
  private boolean ownersAreGone(String id) throws IOException {
    if (!Files.exists(roots.running().resolve(id))) {
      return true;
    }
    try (Directory all = Directory.open(roots.running())) {
      Optional<Fd> lock = all.tryLock(id.getBytes(StandardCharsets.US_ASCII));
      lock.ifPresent(Fd::close);
      return lock.isPresent();
    }
  }

  /** A record that is there is whole; only one that never was written may be missing. */
  private void removeWhole(String id) throws IOException {
    if (Files.exists(roots.containers().resolve(id))) {
      ContainerRecord record = new ContainerStore(roots).find(id).orElseThrow();
      assertThat(engine.volumes().users()).hasSize(record.settings().volumes().size());
      assertThat(engine.volumes().list()).hasSize(record.settings().volumes().size());
      engine.find(id).remove(false, true);
    }
  }

  private static int parent(int pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("PPid:")) {
        return Integer.parseInt(line.substring("PPid:".length()).strip());
      }
    }
    throw new IOException("no parent of " + pid);
  }
}
