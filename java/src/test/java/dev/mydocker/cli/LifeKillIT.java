package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * REL01: kill -9 of the commands of a container's life at the entries of their system calls, where
 * strace(1) injects the signal. After each, one {@code ps -a} brings the host back: what is listed
 * is whole, what does not run has nothing on the host, and every name is free or borne.
 *
 * <p>A spread of the points; all of them, into a table, when {@code MYDOCKER_KILL_MATRIX} names a
 * file: see {@code make kill-matrix}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class LifeKillIT {
  private static final int POINTS = 4;
  private static final Duration ENOUGH = Duration.ofMinutes(1);
  private static final Optional<String> MATRIX =
      Optional.ofNullable(System.getenv("MYDOCKER_KILL_MATRIX"));

  /** What changes something outside of the process, or waits for another. */
  private static final Set<String> CALLS =
      Set.of(
          "bind",
          "fchmodat",
          "fchownat",
          "flock",
          "fsmount",
          "fsync",
          "mkdir",
          "mkdirat",
          "openat2",
          "pidfd_send_signal",
          "pipe2",
          "renameat2",
          "rmdir",
          "sendto",
          "socketpair",
          "unlink",
          "unlinkat",
          "waitid",
          "write");

  @TempDir(factory = InMemory.class)
  static Path directory;

  private CommandLine mydocker;

  /** Per command and system call, how often a container was left in which state. */
  private final Map<String, Map<String, Map<String, Integer>>> table = new TreeMap<>();

  /** Where fsync(2) costs nothing: what was written outlives a process anyway. */
  static final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context)
        throws IOException {
      return Files.createTempDirectory(Path.of("/dev/shm"), "mydocker-test-");
    }
  }

  /**
   * A command that is killed.
   *
   * @param before what makes the container named victim; empty when the command does
   * @param command the command
   * @param states what may have become of it; none is that it is not there
   */
  record Scene(List<String> before, List<String> command, Set<String> states) {
    @Override
    public String toString() {
      List<String> words = new ArrayList<>(command);
      words.removeAll(List.of("--name", "victim", "sleep", "1000", CommandLine.BUSYBOX));
      return String.join(" ", words);
    }
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    if (words.contains("victim") && words.contains("--name")) {
      words.addAll(List.of(CommandLine.BUSYBOX, "sleep", "1000"));
    }
    return words;
  }

  private static Scene scene(String before, String command, String... states) {
    return new Scene(before.isEmpty() ? List.of() : words(before), words(command), Set.of(states));
  }

  static Stream<Scene> scenes() {
    String create = "create --name victim";
    String run = "run -d --name victim";
    return Stream.of(
        scene("", create, "none", "created"),
        scene("", "run -d --rm --name victim", "none", "running"),
        scene(create, "start victim", "created", "running", "exited"),
        scene(run, "exec victim true", "running"),
        scene(run, "exec -d victim true", "running"),
        scene(run, "stop -t 0 victim", "running", "exited"),
        scene(run, "restart -t 0 victim", "running", "exited", "created"),
        scene(create, "rename victim other", "created"),
        scene(create, "rm victim", "created", "none"),
        scene(run, "rm -f victim", "running", "exited", "none"),
        scene(create + " -v /data", "rm -v victim", "created", "none"),
        scene("", create + " -v data:/etc", "none", "created"),
        scene(create, "update -m 64m victim", "created"),
        scene(run, "update -m 64m victim", "running"),
        scene(create, "cp /etc/passwd victim:/tmp/passwd", "created"),
        scene(create, "commit victim made:1", "created"));
  }

  @BeforeAll
  void pull() {
    mydocker = CommandLine.below(directory);
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
  }

  @AfterAll
  void nothingIsLeft() throws IOException {
    mydocker.clear();
    if (MATRIX.isPresent()) {
      Files.writeString(Path.of(MATRIX.get()), text());
    }
  }

  // ---- the points -------------------------------------------------------------------------------

  /** The entry of the {@code occurrence}th call of that name. */
  record Point(String call, int occurrence) {
    private static final Point NEVER = new Point("reboot", 1);
  }

  private static List<Point> points(List<String> log) {
    Map<String, Integer> seen = new HashMap<>();
    List<Point> points = new ArrayList<>();
    for (String line : log) {
      String call = line.substring(0, Math.max(0, line.indexOf('(')));
      if (CALLS.contains(call)) {
        points.add(new Point(call, seen.merge(call, 1, Integer::sum)));
      }
    }
    return points;
  }

  private static List<Point> chosen(List<Point> points) {
    if (MATRIX.isPresent()) {
      return points;
    }
    List<Point> chosen = new ArrayList<>();
    for (int i = 1; i <= POINTS; i++) {
      chosen.add(points.get(points.size() * i / (POINTS + 1)));
    }
    return chosen;
  }

  @ParameterizedTest
  @MethodSource("scenes")
  void REL01_aCommandKilledAnywhereIsMadeUpForByTheNext(Scene scene) throws Exception {
    List<Point> points = points(kill(scene, Point.NEVER, victim(scene)));
    mydocker.clear();
    forgetWhatWasMade();
    Process next = victim(scene);
    for (Point point : chosen(points)) {
      Process victim = next;
      List<String> log = kill(scene, point, victim);
      next = victim(scene);
      String last = log.isEmpty() ? "" : log.get(log.size() - 1);
      String state = requireOrder(scene.states(), scene + ", killed at " + point + ", " + last);
      count(scene.toString(), point.call(), state);
    }
    next.destroyForcibly().waitFor();
  }

  private Process victim(Scene scene) throws IOException {
    return LifeVictim.start(mydocker, directory.resolve("warm"), scene.command());
  }

  /** Its calls, the last of them killed. */
  private List<String> kill(Scene scene, Point point, Process victim) throws Exception {
    if (!scene.before().isEmpty()) {
      mydocker.good(scene.before().toArray(String[]::new));
    }
    try {
      String thread = LifeVictim.lines(victim).readLine();
      Path log = directory.resolve("strace");
      Process tracer = LifeVictim.strace(log, inject(point), "--attach=" + thread);
      victim.getOutputStream().write('\n');
      victim.getOutputStream().close();
      victim.waitFor();
      tracer.waitFor();
      return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> !line.startsWith("+++"))
          .toList();
    } finally {
      victim.destroyForcibly().waitFor();
    }
  }

  private static String inject(Point point) {
    return point.call() + ":signal=KILL:when=" + point.occurrence();
  }

  // ---- what is asked ----------------------------------------------------------------------------

  /** What has become of the container, after one command; then everything is removed. */
  private String requireOrder(Set<String> states, String as) throws Exception {
    for (String id : ids()) {
      awaitRest(id);
    }
    Set<String> before = new TreeSet<>(ids());
    List<String> listed =
        mydocker
            .good("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.State}} {{.Names}}")
            .lines()
            .toList();
    assertThat(listed).as(as).hasSizeLessThan(2);
    String[] words = listed.isEmpty() ? new String[] {"", "none", ""} : listed.get(0).split(" ");
    assertThat(words[1]).as(as).isIn(states);
    for (String id : before) {
      if (!words[1].equals("running")) {
        requireNothing(id, as);
      }
      assertThat(Files.exists(mydocker.home(id))).as(as).isEqualTo(id.equals(words[0]));
    }
    requireNames(words[2], as);
    requireVolumes(words[1], as);
    mydocker.good("system", "check");
    if (!words[0].isEmpty()) {
      mydocker.good("inspect", words[0]);
      mydocker.good("rm", "-f", words[2]);
    }
    forgetWhatWasMade();
    for (String id : before) {
      requireNothing(id, as);
    }
    mydocker.requireNothing();
    return words[1];
  }

  /** The name that is listed is taken, the other is not. */
  private void requireNames(String listed, String as) throws IOException {
    for (String name : List.of("victim", "other")) {
      int code = mydocker.run("create", "--name", name, CommandLine.BUSYBOX, "true").code();
      assertThat(code == 0).as("%s: %s can be had", as, name).isNotEqualTo(name.equals(listed));
      if (code == 0) {
        mydocker.good("rm", name);
      }
    }
  }

  /** Volumes and images that commands of the scenes make. */
  private void forgetWhatWasMade() {
    mydocker.good("volume", "prune", "-a", "-f");
    mydocker.run("rmi", "made:1");
    mydocker.good("image", "prune", "-f");
  }

  /** Those of a container that is not there are not there either; a new one has its content. */
  private void requireVolumes(String state, String as) {
    String volumes = mydocker.good("volume", "ls", "-q");
    if (state.equals("none")) {
      assertThat(mydocker.root().resolve("volumes").toFile().list()).as(as).isNullOrEmpty();
    } else if (volumes.equals("data")) {
      assertThat(mydocker.root().resolve("volumes/data/_data/passwd")).as(as).isNotEmptyFile();
    }
  }

  private void requireNothing(String id, String as) throws IOException {
    assertThat(CommandLine.cgroups(id)).as(as).isEmpty();
    assertThat(mydocker.running(id)).as(as).doesNotExist();
    // What has removed a container at its end lives some moments longer.
    ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(id))
        .forEach(process -> assertThat(process.onExit()).as(as).succeedsWithin(ENOUGH));
  }

  /** Until its monitor and maker are gone, or its command runs. */
  private void awaitRest(String id) throws Exception {
    while (Files.exists(mydocker.running(id)) && !isFree(id) && !isRunning(id)) {
      Thread.sleep(1);
    }
  }

  private boolean isFree(String id) throws IOException {
    try (Directory all = Directory.open(mydocker.runRoot().resolve("containers"))) {
      Optional<Fd> lock = all.tryLock(id.getBytes(StandardCharsets.US_ASCII));
      lock.ifPresent(Fd::close);
      return lock.isPresent();
    }
  }

  private boolean isRunning(String id) throws IOException {
    try {
      ContainerInfo info = mydocker.info(id);
      Path line = Path.of("/proc", Integer.toString(info.pid()), "cmdline");
      return info.state() == ContainerState.RUNNING
          && Files.readString(line).equals("sleep\0001000\0");
    } catch (IOException gone) {
      return false;
    }
  }

  private Set<String> ids() {
    Set<String> ids = new TreeSet<>();
    for (Path parent : List.of(mydocker.root(), mydocker.runRoot())) {
      String[] names = parent.resolve("containers").toFile().list();
      ids.addAll(List.of(names == null ? new String[0] : names));
    }
    ids.remove("names");
    return ids;
  }

  // ---- the monitor's own program ----------------------------------------------------------------

  @Test
  void REL01_aCleanUpAfterTheEndKilledAnywhereIsMadeUpForByTheNext() throws Exception {
    List<Point> points = cleanUp(Point.NEVER);
    for (Point point : chosen(points)) {
      cleanUp(point);
      String state = requireOrder(Set.of("none"), "clean-up, killed at " + point);
      count("clean-up after run -d --rm", point.call(), state);
    }
  }

  /** The calls of the one thread that makes most of them. */
  private List<Point> cleanUp(Point point) throws Exception {
    String id = mydocker.good(words("run -d --rm --name victim").toArray(String[]::new));
    long monitor =
        Json.parseObject(Files.readAllBytes(mydocker.running(id).resolve("pid")))
            .integer("monitor")
            .orElseThrow();
    Path log = directory.resolve("strace");
    String calls = "--trace=" + String.join(",", CALLS);
    Process tracer =
        point.equals(Point.NEVER)
            ? LifeVictim.strace(log, inject(point), "-f", calls, "--attach=" + monitor)
            : LifeVictim.strace(
                log, inject(point), "-f", "--trace=" + point.call(), "--attach=" + monitor);
    mydocker.good("kill", "victim");
    tracer.waitFor();
    Map<String, List<String>> threads = new TreeMap<>();
    for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
      String[] words = line.split("\\s+", 2);
      threads.computeIfAbsent(words[0], t -> new ArrayList<>()).add(words[1]);
    }
    List<Point> most = List.of();
    for (List<String> thread : threads.values()) {
      List<Point> points = points(thread);
      most = points.size() > most.size() ? points : most;
    }
    return most;
  }

  // ---- the table --------------------------------------------------------------------------------

  private void count(String command, String call, String state) {
    table
        .computeIfAbsent(command, c -> new TreeMap<>())
        .computeIfAbsent(call, c -> new TreeMap<>())
        .merge(state, 1, Integer::sum);
  }

  private String text() {
    StringBuilder out = new StringBuilder();
    out.append("# The kill matrix\n\n");
    out.append("`make kill-matrix` wrote this. Each command is killed (SIGKILL) at the entry of\n");
    out.append("every system call of its that changes something outside of it, one call after\n");
    out.append("the other until it survives. Then one `mydocker ps -a` is run, and these hold:\n");
    out.append("\n- what is listed is whole, and `inspect` reads it;\n");
    out.append("- what does not run has no process, no cgroup and no run directory;\n");
    out.append("- the name that is listed is taken, every other is free;\n");
    out.append("- `rm -f` removes it, and nothing is left.\n\n");
    out.append("The last column says in which states the container was found how often; none:\n");
    out.append("it was not there.\n\n");
    out.append("| killed | at | points | found |\n| --- | --- | ---: | --- |\n");
    int all = 0;
    for (Map.Entry<String, Map<String, Map<String, Integer>>> command : table.entrySet()) {
      for (Map.Entry<String, Map<String, Integer>> call : command.getValue().entrySet()) {
        int points = call.getValue().values().stream().mapToInt(n -> n).sum();
        all += points;
        List<String> found = new ArrayList<>();
        call.getValue().forEach((state, n) -> found.add(state + " " + n));
        out.append("| `").append(command.getKey()).append("` | ").append(call.getKey());
        out.append(" | ").append(points).append(" | ");
        out.append(String.join(", ", found)).append(" |\n");
      }
    }
    return out.append("\n")
        .append(all)
        .append(" points, none of which left anything.\n")
        .toString();
  }
}
