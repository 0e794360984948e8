package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.Platform;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.LayoutRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * kill -9 of the program at 50 random moments of a pull and of a removal. A moment is the entry of
 * one of its system calls, at which strace(1) injects the signal; the seed is printed, and {@code
 * MYDOCKER_TEST_SEED} sets it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ImageKillIT {
  private static final int PULLS = 36;
  private static final int REMOVALS = 14;
  private static final int PLATFORM_PULLS = 16;
  private static final int LAYERS = 8;
  private static final int FILES = 12;

  /** What this project calls and the JVM's own threads do not. */
  private static final List<String> CALLS =
      List.of(
          "flock",
          "fsync",
          "mkdirat",
          "openat2",
          "renameat2",
          "statx",
          "syncfs",
          "unlinkat",
          "utimensat",
          "write");

  @TempDir(factory = InMemory.class)
  static Path directory;

  private final Random random = new Random(seed());
  private LayoutRegistry registry;
  private String image;
  private List<String> layers;
  private Path archive;

  /** Where fsync(2) costs nothing: what was written outlives a process anyway. */
  static final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context)
        throws IOException {
      return Files.createTempDirectory(Path.of("/dev/shm"), "mydocker-test-");
    }
  }

  private static long seed() {
    String given = System.getenv("MYDOCKER_TEST_SEED");
    long seed = given == null ? System.nanoTime() : Long.parseLong(given);
    System.out.println("ImageKillIT: MYDOCKER_TEST_SEED=" + seed);
    return seed;
  }

  @BeforeAll
  void open() throws Exception {
    registry = new LayoutRegistry();
    ImageLayout layout = ImageLayout.in(directory.resolve("layout"));
    for (int i = 0; i < LAYERS; i++) {
      ImageLayout.Layer layer = new ImageLayout.Layer().directory("d" + i);
      for (int j = 0; j < FILES; j++) {
        byte[] content = new byte[3000 * (j + 1)];
        new Random(i * 100 + j).nextBytes(content);
        layer.file("d" + i + "/f" + j, 0644, content);
      }
      layout.layer(layer);
    }
    image = registry.serve("app", layout.end());
    // Half of each start would be the loading of classes.
    archive = directory.resolve("classes.jsa");
    List<String> first = new ArrayList<>(jvm("-XX:ArchiveClassesAtExit=" + archive));
    first.addAll(line(directory.resolve("first"), "pull", "-q", image));
    assertThat(execute(first)).isZero();
    layers = List.copyOf(registry.layers());
    assertThat(layers).hasSize(LAYERS);
  }

  @AfterAll
  void close() {
    registry.close();
  }

  // ---- the moments ------------------------------------------------------------------------------

  /** The entry of a thread's {@code occurrence}th call of that name. */
  private record Point(String call, int occurrence) {}

  /** How often the thread that does so most makes each call, when nobody is killed. */
  private Map<String, Integer> calls(Path root, String... arguments) throws Exception {
    Path log = directory.resolve("strace");
    List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", log.toString()));
    command.addAll(List.of("-e", "trace=" + String.join(",", CALLS)));
    command.addAll(jvm("-XX:SharedArchiveFile=" + archive));
    command.addAll(line(root, arguments));
    assertThat(execute(command)).isZero();
    Map<String, Integer> counts = new HashMap<>();
    Map<String, Integer> most = new TreeMap<>();
    for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
      String[] words = line.split("\\s+", 2);
      int end = Math.max(0, words[1].indexOf('('));
      String call = words[1].substring(0, end);
      if (CALLS.contains(call)) {
        most.merge(call, counts.merge(words[0] + call, 1, Integer::sum), Math::max);
      }
    }
    return most;
  }

  private Point draw(Map<String, Integer> calls) {
    List<String> names = List.copyOf(calls.keySet());
    String call = names.get(random.nextInt(names.size()));
    return new Point(call, 1 + random.nextInt(calls.get(call)));
  }

  /** Whether it was killed there; another spread of the work over the threads may not get there. */
  private boolean killed(Point point, Path root, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    // Not with --seccomp-bpf: it loses what is injected.
    command.addAll(List.of("strace", "-f", "-qq", "-o", "/dev/null"));
    command.addAll(List.of("-e", "trace=" + point.call()));
    command.addAll(
        List.of("-e", "inject=" + point.call() + ":signal=KILL:when=" + point.occurrence()));
    command.addAll(jvm("-XX:SharedArchiveFile=" + archive));
    command.addAll(line(root, arguments));
    int code = execute(command);
    assertThat(code).as(point + ": " + said()).isIn(0, 137);
    return code == 137;
  }

  private static List<String> jvm(String archive) {
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        archive,
        "-Xlog:disable",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-jar",
        "mydocker.jar");
  }

  private static List<String> line(Path root, String... arguments) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("--root", root.toString(), "--run-root", root + "-run"));
    line.addAll(List.of(arguments));
    return line;
  }

  private int execute(List<String> command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("output").toFile())
        .start()
        .waitFor();
  }

  private String said() throws IOException {
    return Files.readString(directory.resolve("output"));
  }

  // ---- what is asked ----------------------------------------------------------------------------

  private static String good(Path root, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(new ByteArrayInputStream(new byte[0]), out, err);
    int code = new Main(console).run(line(root, arguments).toArray(String[]::new));
    String said = out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
    assertThat(code).as(String.join(" ", arguments) + ": " + said).isZero();
    return said;
  }

  private static List<String> names(Path in) throws IOException {
    String[] names = in.toFile().list();
    return names == null ? List.of() : List.of(names);
  }

  /** The unpacked layers: a directory that is made again has another inode. */
  private static Map<String, Object> layers(Path root) throws IOException {
    Map<String, Object> inodes = new TreeMap<>();
    for (String name : names(root.resolve("layers"))) {
      inodes.put(name, Files.getAttribute(root.resolve("layers").resolve(name), "unix:ino"));
    }
    return inodes;
  }

  private void requireCleanAndCompleted(Path root, Object point) throws Exception {
    assertThat(good(root, "system", "check")).as("%s", point).contains(" 0 problems");
    List<String> missing = new ArrayList<>(layers);
    for (String name : names(root.resolve("images/blobs/sha256"))) {
      missing.remove("sha256:" + name);
    }
    Map<String, Object> unpacked = layers(root);
    registry.layers().clear();
    good(root, "pull", "-q", image);
    assertThat(registry.layers()).as("%s", point).containsExactlyInAnyOrderElementsOf(missing);
    assertThat(layers(root)).as("%s", point).hasSize(LAYERS).containsAllEntriesOf(unpacked);
    assertThat(names(root.resolve("work"))).as("%s", point).isEmpty();
    assertThat(names(root.resolve("locks"))).as("%s", point).isEmpty();
    assertThat(good(root, "system", "check"))
        .as("%s", point)
        .contains(" 0 problems")
        .doesNotContain("unused");
  }

  @Test
  void REG15_aPullKilledAnywhereIsCompletedByTheNext() throws Exception {
    Map<String, Integer> calls = calls(directory.resolve("whole"), "pull", "-q", image);
    assertThat(calls).containsKeys("fsync", "openat2", "renameat2", "write");
    int kills = 0;
    for (int i = 0; kills < PULLS; i++) {
      assertThat(i).as("pulls for %d kills", kills).isLessThan(2 * PULLS);
      Path root = directory.resolve("pull-" + i);
      Point point = draw(calls);
      if (killed(point, root, "pull", "-q", image)) {
        kills++;
        requireCleanAndCompleted(root, point);
      }
    }
  }

  @Test
  void REG15_aKilledPullOfMorePlatformsLeavesTheNameWithThoseItHad() throws Exception {
    Platform other = new Platform("linux", "riscv64", "");
    Path layout = directory.resolve("platforms");
    List<ImageLayout> both = new ArrayList<>();
    for (Platform platform : List.of(Platform.host(), other)) {
      ImageLayout made = ImageLayout.in(layout).platform(platform);
      for (int i = 0; i < 3; i++) {
        made.layer(new ImageLayout.Layer().file(platform.architecture() + i, "x".repeat(3000)));
      }
      both.add(made);
    }
    String name = ImageLayout.end(both);
    String[][] commands = {
      {"pull", "-q", "--platform", other.toString(), name}, {"pull", "-q", "--all-platforms", name}
    };
    List<Map<String, Integer>> calls = new ArrayList<>();
    for (String[] command : commands) {
      Path root = directory.resolve("two-" + calls.size());
      good(root, "pull", "-q", name);
      calls.add(calls(root, command));
    }
    int kills = 0;
    for (int i = 0; kills < PLATFORM_PULLS; i++) {
      assertThat(i).as("pulls for %d kills", kills).isLessThan(2 * PLATFORM_PULLS);
      Path root = directory.resolve("more-" + i);
      good(root, "pull", "-q", name);
      Point point = draw(calls.get(i % commands.length));
      if (killed(point, root, commands[i % commands.length])) {
        kills++;
        assertThat(good(root, "system", "check")).as("%s", point).contains(" 0 problems");
        good(root, "image", "inspect", name);
        good(root, commands[i % commands.length]);
        good(root, "image", "inspect", "--platform", other.toString(), name);
        assertThat(good(root, "system", "check"))
            .as("%s", point)
            .contains(" 0 problems")
            .doesNotContain("unused");
      }
    }
  }

  @Test
  void REG15_aRemovalKilledAnywhereLeavesACleanStore() throws Exception {
    String[][] commands = {{"rmi", image}, {"rmi", image}, {"image", "prune", "-af"}};
    List<Map<String, Integer>> calls = new ArrayList<>();
    for (String[] command : commands) {
      Path root = directory.resolve("removed-" + calls.size());
      good(root, "pull", "-q", image);
      calls.add(calls(root, command));
      assertThat(calls.get(calls.size() - 1)).containsKeys("flock", "renameat2", "unlinkat");
    }
    int kills = 0;
    for (int i = 0; kills < REMOVALS; i++) {
      assertThat(i).as("removals for %d kills", kills).isLessThan(2 * REMOVALS);
      Path root = directory.resolve("rmi-" + i);
      good(root, "pull", "-q", image);
      Point point = draw(calls.get(i % commands.length));
      if (killed(point, root, commands[i % commands.length])) {
        kills++;
        requireCleanAndCompleted(root, point);
      }
    }
  }
}
