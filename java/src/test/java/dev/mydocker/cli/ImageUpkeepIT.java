package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.image.PullListener;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Removing images while containers use them. */
class ImageUpkeepIT {
  private static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  @TempDir Path directory;

  private Map<String, String> environment(Path root) {
    return Map.of("MYDOCKER_ROOT", root.toString(), "MYDOCKER_RUN_ROOT", run().toString());
  }

  private Path root() {
    return directory.resolve("root");
  }

  private Path run() {
    return directory.resolve("run");
  }

  private record Result(int code, String out, String err) {}

  /** A command line in this process. */
  private Result mydocker(Path root, String... arguments) {
    return answering("", root, arguments);
  }

  private Result answering(String input, Path root, String... arguments) {
    InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.US_ASCII));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> all = new ArrayList<>();
    all.addAll(List.of("--root", root.toString(), "--run-root", run().toString()));
    all.addAll(List.of(arguments));
    int code = new Main(new Console(in, out, err)).run(all.toArray(new String[0]));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private String good(Path root, String... arguments) {
    Result result = mydocker(root, arguments);
    assertThat(result.code()).as(String.join(" ", arguments) + ": " + result).isZero();
    return result.out();
  }

  private void assertNothingUnused(Path root) {
    assertThat(good(root, "system", "check")).doesNotContain("unused").contains(" 0 problems");
  }

  @AfterEach
  void nothingIsLeft() {
    String[] running = run().resolve("containers").toFile().list();
    assertThat(running == null ? new String[0] : running).isEmpty();
  }

  private Container create(String... arguments) throws Exception {
    Flags.Parsed parsed = RunFlags.declare().parse(List.of(arguments), false);
    RunRequest request = RunFlags.read(parsed, Map.of());
    return Engine.open(environment(root())).create(request.create(), PullListener.NONE);
  }

  private static final class Collected implements Output {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Override
    public void stdout(byte[] buffer, int offset, int length) {
      out.write(buffer, offset, length);
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) {
      out.write(buffer, offset, length);
    }
  }

  @Test
  void aRunningContainersLayersOutliveItsImage() throws Exception {
    good(root(), "pull", "-q", BUSYBOX);
    good(root(), "tag", BUSYBOX, "bb");
    good(root(), "rmi", BUSYBOX);
    String id = good(root(), "images", "-q").strip();
    Collected output = new Collected();
    Container container =
        create("-i", "--rm", "bb", "sh", "-c", "read x; cat /bin/busybox | wc -c; ls /etc");
    try (Running running = container.start(new Stdio.Streams(true))) {
      Result refused = mydocker(root(), "rmi", "-f", id);
      assertThat(refused.code()).isEqualTo(1);
      assertThat(refused.err())
          .isEqualTo(
              "mydocker: rmi: conflict: unable to delete "
                  + id
                  + " (cannot be forced) - image is being used by running container "
                  + container.id().substring(0, 12)
                  + "\n");
      assertThat(mydocker(root(), "rmi", "bb").err()).contains("(must force) - container ");
      assertThat(good(root(), "rmi", "-f", "bb")).startsWith("Untagged: bb:latest\n");
      assertThat(good(root(), "images", "--format", "{{.Repository}} {{.Tag}}"))
          .isEqualTo("<none> <none>\n");
      good(root(), "image", "prune", "-af");
      assertThat(good(root(), "system", "df", "--format", "{{.TotalCount}} {{.Active}}"))
          .isEqualTo("1 1\n1 1\n0 0\n");
      running.stdin("x\n".getBytes(StandardCharsets.US_ASCII), 0, 2);
      running.closeStdin();
      Exit exit = running.relay(output);
      assertThat(exit.code()).isZero();
    }
    assertThat(output.out.toString(StandardCharsets.UTF_8)).containsPattern("^[0-9]{6,}\n");
    assertThat(good(root(), "image", "prune", "-f")).contains("deleted: sha256:" + id);
    assertThat(root().resolve("layers")).isEmptyDirectory();
    assertNothingUnused(root());
  }

  @Test
  void aContainerThatEndedKeepsItsLayersUntilItGoes() throws Exception {
    Container container = create(BUSYBOX, "true");
    try (Running running = container.start(new Stdio.Streams(false))) {
      running.relay(new Collected());
    }
    Result refused = mydocker(root(), "rmi", BUSYBOX);
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("container " + container.id().substring(0, 12));
    assertThat(good(root(), "rmi", "-f", BUSYBOX)).contains("Deleted: sha256:");
    assertThat(root().resolve("layers").toFile().list()).hasSize(1);
    assertThat(good(root(), "images", "-q")).isEmpty();
    container.remove(false);
    good(root(), "image", "prune", "-f");
    assertThat(root().resolve("layers")).isEmptyDirectory();
  }

  @Test
  void pruningAsksFirst() throws Exception {
    good(root(), "pull", "-q", BUSYBOX);
    for (String no : new String[] {"", "\n", "n\n", "yess\n", "yes please\n"}) {
      assertThat(answering(no, root(), "image", "prune", "-a").out())
          .isEqualTo(
              "WARNING! This removes all images that no container uses.\n"
                  + "Are you sure you want to continue? [y/N] ");
    }
    assertThat(good(root(), "images", "-q")).isNotEmpty();
    assertThat(answering("y\n", root(), "image", "prune", "-a").out())
        .contains("Deleted Images:\nuntagged: " + BUSYBOX + "\ndeleted: sha256:")
        .containsPattern("\nTotal reclaimed space: [0-9.]+MB\n");
    assertThat(good(root(), "images", "-q")).isEmpty();
  }

  @Test
  void runsAndRemovalsAtOnceDisturbNoRun() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        tasks.add(this::runAFewTimes);
        tasks.add(this::removeAFewTimes);
      }
      for (Future<Void> done : pool.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      pool.shutdown();
    }
    good(root(), "image", "prune", "-af");
    assertThat(root().resolve("layers")).isEmptyDirectory();
    assertNothingUnused(root());
  }

  private Void runAFewTimes() throws Exception {
    for (int i = 0; i < 6; i++) {
      Collected output = new Collected();
      Container container = create("--rm", BUSYBOX, "sh", "-c", "wc -c </bin/busybox");
      try (Running running = container.start(new Stdio.Streams(false))) {
        Exit exit = running.relay(output);
        assertThat(exit.code()).as(output.out.toString(StandardCharsets.UTF_8)).isZero();
      }
    }
    return null;
  }

  private Void removeAFewTimes() {
    for (int i = 0; i < 10; i++) {
      Result removed =
          i % 3 == 0
              ? mydocker(root(), "image", "prune", "-af")
              : mydocker(root(), "rmi", "-f", BUSYBOX);
      assertThat(removed.code()).as(removed.err()).isZero();
      Result tagged = mydocker(root(), "tag", BUSYBOX, "t" + i % 2);
      assertThat(tagged.err()).matches("(?s)|mydocker: tag: no such image: .*");
    }
    return null;
  }
}
