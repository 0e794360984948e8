package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One check at a time, most of them made by the test itself in containers whose monitors would make
 * the first one after an hour.
 */
@ExtendWith(NothingLeft.class)
class HealthProbeIT {
  private static final TestEngine engine = TestEngine.shared();

  /** As a container sees itself; the same program everywhere, so that only the entry differs. */
  private static final String SELF =
      "grep -E '^(Cap|Uid|Gid|Groups|NoNewPrivs|Seccomp|Cpus_allowed|Sig(Ign|Blk|Cgt))'"
          + " /proc/self/status; cat /proc/self/limits /proc/self/cgroup /proc/self/oom_score_adj;"
          + " ls -l /proc/self/ns | sed 's/.* //'; ulimit -a; umask; env | sort";

  private static TestContainer box(String check, String... flags) throws Exception {
    return running("echo up; sleep 600", check, flags);
  }

  private static TestContainer running(String script, String check, String... flags)
      throws Exception {
    List<String> line =
        new ArrayList<>(List.of("--rm", "--health-interval=1h", "--health-cmd", check));
    line.addAll(Arrays.asList(flags));
    line.addAll(List.of(TestEngine.BUSYBOX, "sh", "-c", script));
    return engine.start(line.toArray(String[]::new)).await("up");
  }

  private static Container container(TestContainer box) throws Exception {
    return engine.engine().find(box.id());
  }

  private static Health health(TestContainer box) throws Exception {
    return container(box).info().health().orElseThrow();
  }

  /** Checks once. Whether it is still starting, in its start period. */
  private static boolean check(TestContainer box) throws Exception {
    return engine.engine().checkHealth(box.id(), System.nanoTime());
  }

  private static Health.Check last(TestContainer box) throws Exception {
    List<Health.Check> log = health(box).log();
    return log.get(log.size() - 1);
  }

  @Test
  void containerIsAsItsChecksSay() throws Exception {
    try (TestContainer box = box("echo looked; test -e /ok", "--health-retries=2")) {
      assertThat(health(box)).isEqualTo(Health.STARTING);
      assertThat(check(box)).as("there is no start period").isFalse();
      assertThat(health(box).status()).isEqualTo(HealthStatus.STARTING);
      assertThat(health(box).failingStreak()).isEqualTo(1);
      check(box);
      assertThat(health(box).status()).isEqualTo(HealthStatus.UNHEALTHY);
      engine.execSh(box, "touch /ok");
      check(box);
      assertThat(health(box).status()).isEqualTo(HealthStatus.HEALTHY);
      assertThat(health(box).failingStreak()).isZero();
      assertThat(health(box).log()).extracting(Health.Check::exitCode).containsExactly(1, 1, 0);
      assertThat(health(box).log())
          .allSatisfy(one -> assertThat(one.output()).isEqualTo("looked\n"))
          .allSatisfy(one -> assertThat(one.end()).isAfterOrEqualTo(one.start()));
    }
  }

  @Test
  void failuresOfTheStartPeriodDoNotCount() throws Exception {
    String[] flags = {
      "--health-retries=1", "--health-start-period=1h", "--health-start-interval=1h"
    };
    try (TestContainer box = box("test -e /ok", flags)) {
      assertThat(check(box)).as("the start interval holds").isTrue();
      assertThat(health(box).status()).isEqualTo(HealthStatus.STARTING);
      assertThat(health(box).failingStreak()).isZero();
      assertThat(health(box).log()).hasSize(1);
      engine.execSh(box, "touch /ok");
      assertThat(check(box)).isFalse();
      assertThat(health(box).status()).isEqualTo(HealthStatus.HEALTHY);
      engine.execSh(box, "rm /ok");
      assertThat(check(box)).isFalse();
      assertThat(health(box).status()).isEqualTo(HealthStatus.UNHEALTHY);
    }
  }

  @Test
  void failureAfterTheStartPeriodCounts() throws Exception {
    String[] flags = {
      "--health-retries=1", "--health-start-period=1s", "--health-start-interval=1h"
    };
    try (TestContainer box = box("exit 3", flags)) {
      long longAgo = System.nanoTime() - TimeUnit.HOURS.toNanos(1);
      assertThat(engine.engine().checkHealth(box.id(), longAgo)).isFalse();
      assertThat(health(box).status()).isEqualTo(HealthStatus.UNHEALTHY);
      assertThat(last(box).exitCode()).isEqualTo(3);
    }
  }

  @Test
  void checkThatTakesTooLongIsKilledWithWhatItStarted() throws Exception {
    String check = "trap '' TERM; sleep 1000 & sleep 1000 & wait";
    try (TestContainer box = box(check, "--health-timeout=300ms", "--health-retries=1")) {
      check(box);
      assertThat(last(box).exitCode()).isEqualTo(-1);
      assertThat(last(box).output()).isEqualTo("Health check exceeded timeout (300ms)");
      assertThat(health(box).status()).isEqualTo(HealthStatus.UNHEALTHY);
      while (engine.execSh(box, "ps").out().contains("sleep 1000")) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void whatALateCheckPrintedIsKept() throws Exception {
    try (TestContainer box = box("echo so far; sleep 1000", "--health-timeout=3s")) {
      check(box);
      assertThat(last(box).output()).isEqualTo("Health check exceeded timeout (3s): so far\n");
    }
  }

  @Test
  void whatACheckLeavesBehindIsNotWaitedFor() throws Exception {
    try (TestContainer box = box("echo done; sleep 1000 & exit 0")) {
      check(box);
      assertThat(last(box).exitCode()).isZero();
      assertThat(last(box).output()).isEqualTo("done\n");
    }
  }

  @Test
  void outputIsKeptUpTo4096Bytes() throws Exception {
    try (TestContainer box = box("yes x | head -c 1000000; yes e | head -c 100000 >&2")) {
      check(box);
      assertThat(last(box).exitCode()).isZero();
      assertThat(last(box).output()).isEqualTo("x\n".repeat(2048) + "...");
    }
    try (TestContainer box = box("yes x | head -c 4096")) {
      check(box);
      assertThat(last(box).output()).isEqualTo("x\n".repeat(2048));
    }
  }

  @Test
  void whatCannotBeExecutedIsAFailure() throws Exception {
    try (TestContainer box = box("true", "--health-retries=1", "--entrypoint=")) {
      engine.execSh(box, "cp /bin/busybox /b; rm /bin/sh");
      check(box);
      assertThat(last(box).exitCode()).isEqualTo(-1);
      assertThat(last(box).output()).contains("/bin/sh").contains("ENOENT");
      assertThat(last(box).output().lines()).hasSize(1);
      assertThat(health(box).status()).isEqualTo(HealthStatus.UNHEALTHY);
    }
  }

  @Test
  void pausedContainerIsNotChecked() throws Exception {
    try (TestContainer box = box("true")) {
      container(box).pause();
      check(box);
      assertThat(health(box)).isEqualTo(Health.STARTING);
      container(box).unpause();
      check(box);
      assertThat(health(box).status()).isEqualTo(HealthStatus.HEALTHY);
    }
  }

  @Test
  void checkOfAContainerThatIsPausedMeanwhileDoesNotCount() throws Exception {
    try (TestContainer box = box("touch /begun; sleep 1000", "--health-timeout=5s")) {
      CompletableFuture<Boolean> check =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return check(box);
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      while (engine.execSh(box, "test -e /begun").code() != 0) {
        Thread.onSpinWait();
      }
      container(box).pause();
      check.get(1, TimeUnit.MINUTES);
      assertThat(health(box)).isEqualTo(Health.STARTING);
      container(box).unpause();
      while (engine.execSh(box, "ps").out().contains("sleep 1000")) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void containerThatHasEndedIsNotChecked() throws Exception {
    List<String> line =
        List.of("--health-cmd=true", "--health-interval=1h", TestEngine.BUSYBOX, "true");
    String id = engine.run(line.toArray(String[]::new)).id();
    Container container = engine.engine().find(id);
    assertThat(engine.engine().checkHealth(id, System.nanoTime())).isFalse();
    assertThat(container.info().health()).isEmpty();
    assertThatThrownBy(() -> container.awaitHealthy(Duration.ofHours(1)))
        .isInstanceOf(ContainerException.class)
        .hasMessageEndingWith("is not running");
    container.remove(false);
  }

  @Test
  void healthIsWaitedFor() throws Exception {
    try (TestContainer box = box("test -e /ok")) {
      assertThat(container(box).awaitHealthy(Duration.ZERO)).isFalse();
      CompletableFuture<Boolean> healthy =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return container(box).awaitHealthy(Duration.ofMinutes(1));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      check(box);
      engine.execSh(box, "touch /ok");
      check(box);
      assertThat(healthy.get(1, TimeUnit.MINUTES)).isTrue();
    }
    try (TestContainer box = engine.startSh("", "echo up; sleep 600").await("up")) {
      assertThat(container(box).info().health()).isEmpty();
      assertThatThrownBy(() -> container(box).awaitHealthy(Duration.ZERO))
          .hasMessageEndingWith("has no health check");
    }
  }

  /**
   * One that its monitor has made, in its user, directory, variables, limits, namespaces and cgroup
   * too; and JVM06: neither JVM has left it anything of its own.
   */
  @Test
  void RT18_JVM06_checkIsAsTheFirstProcess() throws Exception {
    String[] flags = {
      "--health-interval=20ms", "-u=1000:1000", "-w=/tmp", "-e=A=b", "--cap-drop=ALL"
    };
    String script = "(" + SELF + ") >/tmp/first; echo up; sleep 600";
    try (TestContainer box = running(script, SELF, flags)) {
      while (health(box).log().isEmpty()) {
        Thread.sleep(20);
      }
      assertThat(last(box).output().lines().toList())
          .isEqualTo(engine.execSh(box, "cat /tmp/first").lines());
      assertThat(last(box).output()).contains("NoNewPrivs").contains("Max open files");
    }
  }

  @Test
  void RT06_checkHasNoDescriptorButItsStreams() throws Exception {
    try (TestContainer box = box("ls -l /proc/$$/fd; exit 0")) {
      check(box);
      List<String> open = last(box).output().lines().filter(line -> line.contains(" -> ")).toList();
      assertThat(open).hasSize(3);
      assertThat(open.get(0)).endsWith(" 0 -> /dev/null");
      assertThat(open.get(1)).contains(" 1 -> pipe:");
      assertThat(open.get(2)).contains(" 2 -> pipe:");
    }
  }

  @Test
  void damagedFileIsAnewStart() throws Exception {
    try (TestContainer box = box("true")) {
      check(box);
      Path file = engine.root().resolve("containers").resolve(box.id()).resolve("health.json");
      assertThat(file).isRegularFile();
      Files.writeString(file, "{");
      assertThat(health(box)).isEqualTo(Health.STARTING);
      check(box);
      assertThat(health(box).status()).isEqualTo(HealthStatus.HEALTHY);
    }
  }
}
