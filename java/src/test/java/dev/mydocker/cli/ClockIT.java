package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * REL32: commands whose JVM is told another wall clock, by a library that is loaded in front of
 * libc. What is waited for goes by the monotonic clock; ages are never below zero.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ClockIT {
  private static final long DAY = 86_400;

  /** A wall clock that jumps by two days every 20 ms. */
  private static final String JUMPS = "jumps";

  private static final String SHIM =
      """
      #include <stdlib.h>
      #include <string.h>
      #include <sys/syscall.h>
      #include <sys/time.h>
      #include <time.h>
      #include <unistd.h>
      int clock_gettime(clockid_t id, struct timespec *t)
      {
          long r = syscall(SYS_clock_gettime, id, t);
          const char *shift = getenv("CLOCK_SHIFT");
          if (r < 0 || !shift || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
              return (int)r;
          if (strcmp(shift, "jumps") == 0)
              t->tv_sec += t->tv_nsec / 20000000 % 2 ? 86400 : -86400;
          else
              t->tv_sec += atol(shift);
          return 0;
      }
      int gettimeofday(struct timeval *v, void *zone)
      {
          struct timespec t;
          (void)zone;
          clock_gettime(CLOCK_REALTIME, &t);
          v->tv_sec = t.tv_sec;
          v->tv_usec = t.tv_nsec / 1000;
          return 0;
      }
      time_t time(time_t *out)
      {
          struct timespec t;
          clock_gettime(CLOCK_REALTIME, &t);
          if (out)
              *out = t.tv_sec;
          return t.tv_sec;
      }
      """;

  @TempDir static Path directory;

  private CommandLine mydocker;

  @BeforeAll
  static void build() throws Exception {
    Path source = Files.writeString(directory.resolve("shim.c"), SHIM);
    Process gcc =
        new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", shim(), source.toString())
            .inheritIO()
            .start();
    assertThat(gcc.waitFor()).isZero();
  }

  private static String shim() {
    return directory.resolve("shim.so").toString();
  }

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    mydocker.clear();
  }

  /** A command by another clock, which succeeds; its output. */
  private String by(String shift, String... arguments) throws IOException {
    List<String> command = Cli.jvm();
    command.addAll(mydocker.line(arguments));
    String script = "exec env LD_PRELOAD=" + shim() + " CLOCK_SHIFT=" + shift + " \"$@\"";
    Cli.Result result = Cli.end(Cli.start(Cli.underShell(script, command)), new byte[0]);
    assertThat(result.code()).as("%s: %s", command, result.err()).isZero();
    return result.out().strip();
  }

  private void run(String name, String script) {
    String id = mydocker.good("run", "-d", "--name", name, CommandLine.BUSYBOX, "sh", "-c", script);
    mydocker.awaitFile(id, "ready");
  }

  @Test
  void REL32_agesAreNeverBelowZero() throws Exception {
    run("up", ">/ready; exec sleep 1000");
    run("over", ">/ready");
    mydocker.good("wait", "over");
    String ages = "{{.Names}} {{.RunningFor}}, {{.Status}}";
    assertThat(by("-" + DAY, "ps", "-a", "--format", ages).lines())
        .containsExactlyInAnyOrder(
            "up Less than a second ago, Up Less than a second",
            "over Less than a second ago, Exited (0) Less than a second ago");
    assertThat(by("" + DAY, "ps", "-a", "--format", ages).lines())
        .containsExactlyInAnyOrder(
            "up 24 hours ago, Up 24 hours", "over 24 hours ago, Exited (0) 24 hours ago");
    String long_ago = Long.toString(-Instant.now().getEpochSecond());
    assertThat(by(long_ago, "images")).contains("Less than a second ago");
  }

  @Test
  void REL32_aStopWaitsItsSecondsWhateverTheClockSays() throws Exception {
    run("deaf", "trap '' TERM; >/ready; while :; do sleep 0.1; done");
    long start = System.nanoTime();
    by(JUMPS, "stop", "-t", "1", "deaf");
    assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
    assertThat(mydocker.good("inspect", "-f", "{{.State.ExitCode}}", "deaf")).isEqualTo("137");
  }

  @Test
  void REL32_aLogIsFollowedToItsEnd() throws Exception {
    run("talks", ">/ready; for i in $(seq 100); do echo $i; sleep 0.01; done");
    assertThat(by(JUMPS, "logs", "-f", "talks").lines()).hasSize(100).endsWith("100");
  }

  @Test
  void REL32_aLifeByAClockThatJumps() throws Exception {
    by(
        JUMPS,
        "run",
        "-d",
        "--name",
        "aa",
        "--restart",
        "on-failure:2",
        CommandLine.BUSYBOX,
        "false");
    while (mydocker.info("aa").restarts() < 2 || mydocker.info("aa").exit().isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(by(JUMPS, "run", "--name", "bb", CommandLine.BUSYBOX, "echo", "well"))
        .isEqualTo("well");
    by(JUMPS, "start", "bb");
    assertThat(by(JUMPS, "wait", "bb")).isEqualTo("0");
    // Each end is told once, whatever its time.
    String told = by("" + 3 * DAY, "events", "--since", "120h", "--until", "0s");
    assertThat(told.lines().filter(line -> line.contains(" die ") && line.contains("name=bb")))
        .hasSize(2);
  }

  /** Beyond what 32 bits of seconds hold. */
  @Test
  void REL32_theYear2039() throws Exception {
    long then = Instant.parse("2039-06-01T00:00:00Z").getEpochSecond();
    String shift = Long.toString(then - Instant.now().getEpochSecond());
    by(shift, "create", "--name", "later", "-v", "/data", CommandLine.BUSYBOX, "echo", "well");
    assertThat(mydocker.good("inspect", "-f", "{{.Created}}", "later")).startsWith("2039-0");
    assertThat(mydocker.good("ps", "-a", "--format", "{{.CreatedAt}}, {{.RunningFor}}"))
        .startsWith("2039-0")
        .endsWith(", Less than a second ago");
    assertThat(by(shift, "start", "-a", "later")).isEqualTo("well");
    assertThat(by(shift, "ps", "-a", "--format", "{{.Status}}")).startsWith("Exited (0) ");
    assertThat(by(shift, "events", "--since", "1h", "--until", "0s"))
        .contains("2039-0", " create ");
    assertThat(by(shift, "commit", "later", "made:2039")).startsWith("sha256:");
    assertThat(by(shift, "images", "--format", "{{.Tag}} {{.CreatedSince}}"))
        .containsPattern("2039 (Less than a|[0-9]+) seconds? ago");
    by(shift, "rmi", "made:2039");
    by(shift, "rm", "-v", "later");
  }
}
