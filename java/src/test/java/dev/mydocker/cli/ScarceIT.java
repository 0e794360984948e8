package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.engine.CreateRequest;
import dev.mydocker.image.PullListener;
import dev.mydocker.json.Json;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.ImageLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** REL30: too little memory, too few threads: a line that says so, and everything as before. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ScarceIT {
  private static final String SMALL = "-Xmx48m";
  private static final String NO_MEMORY = "mydocker itself ran out of memory";
  private static final String NO_THREAD = "mydocker itself may not start another thread";

  @TempDir Path directory;

  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
  }

  @AfterEach
  void everythingIsAsBefore() throws IOException {
    mydocker.clear();
    assertThat(mydocker.root().resolve("work")).isEmptyDirectory();
    mydocker.good("system", "check");
    mydocker.good("run", "--rm", CommandLine.BUSYBOX, "true");
  }

  /** In a JVM of its own, by a shell that knows it as {@code "$@"}. */
  private Cli.Result jvm(String script, String option, String... arguments) throws IOException {
    List<String> command = Cli.jvm();
    command.add(1, option);
    // What a JVM writes that cannot even begin.
    command.add(1, "-XX:ErrorFile=" + directory.resolve("hs_err"));
    command.addAll(mydocker.line(arguments));
    return Cli.end(Cli.start(Cli.underShell(script, command)), new byte[0]);
  }

  @Test
  void REL30_aHundredContainersNeedNotMuchMemory() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(mydocker.good("create", CommandLine.BUSYBOX, "true"));
    }
    List<String> inspect = new ArrayList<>(List.of("inspect", "-s"));
    inspect.addAll(ids);
    List<List<String>> lines =
        List.of(
            List.of("ps", "-a", "-s"),
            inspect,
            List.of("system", "df", "-v"),
            List.of("info"),
            List.of("run", "--rm", CommandLine.BUSYBOX, "true"),
            List.of("container", "prune", "-f"));
    for (List<String> line : lines) {
      Cli.Result result = jvm("exec \"$@\"", SMALL, line.toArray(String[]::new));
      assertThat(result.code()).as("%s: %s", line, result.err()).isZero();
    }
    assertThat(mydocker.good("ps", "-aq")).isEmpty();
  }

  /** Within the limits on documents, and some 30 times as large when it has been read. */
  @ParameterizedTest
  @ValueSource(strings = {"create", "pull", "run"})
  void REL30_anImageThatNeedsMoreMemoryThanThereIsFails(String command) throws Exception {
    Json.Arr bomb = new Json.Arr(Collections.nCopies(1_300_000, Json.object().build()));
    String image =
        ImageLayout.in(Files.createDirectory(directory.resolve("bomb")))
            .busybox()
            .config(Json.object().put("Bomb", bomb))
            .end();
    Cli.Result result = jvm("exec \"$@\"", SMALL, command, image);
    assertThat(result.code()).isEqualTo(command.equals("run") ? 125 : 1);
    assertThat(result.err().lines()).as(result.err()).hasSize(1);
    assertThat(result.err()).startsWith("mydocker: " + command + ": " + NO_MEMORY);
  }

  /** A cgroup of this test alone; its limit does not spare the superuser, as ulimit -u does. */
  private Path cgroup() throws IOException {
    Path pids = Path.of("/sys/fs/cgroup/pids");
    assumeTrue(Files.exists(pids.resolve("cgroup.procs")), "there is no pids controller of v1");
    return Files.createDirectory(pids.resolve("mydocker-test-" + ProcessHandle.current().pid()));
  }

  @Test
  void REL30_withTooFewThreadsItFailsOrWorksAndLeavesNothing() throws Exception {
    Path cgroup = cgroup();
    try {
      String script = "echo $$ >" + cgroup + "/cgroup.procs; exec \"$@\"";
      int refused = 0;
      boolean works = false;
      for (int limit = 8; !works; limit++) {
        assertThat(limit).isLessThan(100);
        Files.writeString(cgroup.resolve("pids.max"), Integer.toString(limit));
        Cli.Result result = jvm(script, "-Xmx64m", "run", "--rm", CommandLine.BUSYBOX, "true");
        works = result.code() == 0;
        List<String> said =
            result.err().lines().filter(line -> line.startsWith("mydocker: ")).toList();
        assertThat(said).as("%d: %s", limit, result.err()).hasSizeLessThan(2);
        refused += said.size();
        assertThat(mydocker.good("ps", "-aq")).isEmpty();
        mydocker.requireNothing();
      }
      assertThat(refused).isPositive();
    } finally {
      Files.delete(cgroup);
    }
  }

  /** Where it happens is where a layer's worker tells how far it is. */
  private static PullListener failing(String where) {
    return new PullListener() {
      private void at(String place) {
        if (place.equals(where)) {
          throw new OutOfMemoryError("Java heap space");
        }
      }

      @Override
      public void layer(String id, long total) {
        at("layer");
      }

      @Override
      public void progress(String id, long done) {
        at("progress");
      }

      @Override
      public void verified(String id) {
        at("verified");
      }

      @Override
      public void unpacking(String id) {
        at("unpacking");
      }

      @Override
      public void done(String id) {
        at("done");
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"layer", "progress", "verified", "unpacking", "done"})
  void REL30_aWorkerWithoutMemoryFailsThePullAndNothingElse(String where) throws Exception {
    mydocker.good("rmi", CommandLine.BUSYBOX);
    CreateRequest request = CreateRequest.of(CommandLine.BUSYBOX, "true");
    assertThatThrownBy(() -> mydocker.engine().create(request, failing(where)))
        .satisfies(e -> assertThat(root(e)).isInstanceOf(OutOfMemoryError.class));
  }

  private static Throwable root(Throwable e) {
    return Optional.ofNullable(e.getCause()).map(ScarceIT::root).orElse(e);
  }
}
