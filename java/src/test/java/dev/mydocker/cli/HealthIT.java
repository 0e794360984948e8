package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.Health;
import dev.mydocker.engine.HealthStatus;
import dev.mydocker.json.Json;
import dev.mydocker.testing.ImageLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Health checks as their monitors have them made, and what the commands show of them. */
class HealthIT {
  private static final String BUSYBOX = CommandLine.BUSYBOX;

  @TempDir static Path directory;

  private final CommandLine mydocker = CommandLine.below(directory);

  @AfterEach
  void removeAll() throws IOException {
    mydocker.clear();
  }

  private Optional<Health> health(String name) throws IOException {
    return mydocker.info(name).health();
  }

  /** Waits until its health is so. */
  private Health await(String name, Predicate<Health> wanted) throws Exception {
    for (int i = 0; i < 6000; i++) {
      Optional<Health> health = health(name);
      if (health.isPresent() && wanted.test(health.get())) {
        return health.get();
      }
      Thread.sleep(20);
    }
    throw new AssertionError(name + " has not got there: " + health(name));
  }

  private Health await(String name, HealthStatus status) throws Exception {
    return await(name, health -> health.status() == status);
  }

  private Json.Obj inspect(String name, String... path) throws IOException {
    String text = mydocker.good("inspect", "--format", "{{json .}}", name);
    Json.Obj json = Json.parseObject(text.getBytes(StandardCharsets.UTF_8));
    for (String member : path) {
      json = json.object(member).orElseThrow();
    }
    return json;
  }

  private List<String> listed(String health) {
    return mydocker
        .good("ps", "-a", "--filter", "health=" + health, "--format", "{{.Names}} {{.Status}}")
        .lines()
        .toList();
  }

  @Test
  @Tag("smoke")
  void aDayOfAHealthCheck() throws Exception {
    mydocker.good(
        "run",
        "-d",
        "--name=web",
        "--health-cmd=cat /state; test -e /ok",
        "--health-interval=50ms",
        "--health-retries=2",
        "--health-start-period=1h",
        "--health-start-interval=10ms",
        BUSYBOX,
        "sh",
        "-c",
        "echo begun >/state; sleep 600");
    Health starting = await("web", health -> health.log().size() > 1);
    assertThat(starting.status()).isEqualTo(HealthStatus.STARTING);
    assertThat(starting.failingStreak()).isZero();
    assertThat(listed("starting")).hasSize(1).allMatch(line -> line.endsWith("(health: starting)"));

    mydocker.good("exec", "web", "touch", "/ok");
    await("web", HealthStatus.HEALTHY);
    assertThat(listed("healthy")).hasSize(1).allMatch(line -> line.startsWith("web Up "));
    assertThat(listed("healthy")).allMatch(line -> line.endsWith(" (healthy)"));
    assertThat(listed("starting")).isEmpty();

    mydocker.good("exec", "web", "rm", "/ok");
    await("web", HealthStatus.UNHEALTHY);
    assertThat(listed("unhealthy")).hasSize(1).allMatch(line -> line.endsWith(" (unhealthy)"));
    Json.Obj shown = inspect("web", "State", "Health");
    assertThat(shown.string("Status")).contains("unhealthy");
    String[] events = {
      "events", "--since", "1h", "--until", "0s", "--filter", "event=health_status"
    };
    assertThat(mydocker.good(events))
        .contains(" container health_status: healthy ", " container health_status: unhealthy ");
    assertThat(shown.integer("FailingStreak").orElseThrow()).isGreaterThanOrEqualTo(2);
    List<Json> log = shown.array("Log");
    Json.Obj last = (Json.Obj) log.get(log.size() - 1);
    assertThat(last.integer("ExitCode")).contains(1L);
    assertThat(last.string("Output")).contains("begun\n");
    assertThat(last.string("Start").orElseThrow()).isLessThan(last.string("End").orElseThrow());
    assertThat(inspect("web", "Config", "Healthcheck").toText())
        .isEqualTo(
            "{\"Test\":[\"CMD-SHELL\",\"cat /state; test -e /ok\"],\"Interval\":50000000,"
                + "\"StartPeriod\":3600000000000,\"StartInterval\":10000000,\"Retries\":2}");

    mydocker.good("exec", "web", "touch", "/ok");
    await("web", HealthStatus.HEALTHY);
    mydocker.good("stop", "-t", "0", "web");
    assertThat(listed("healthy")).isEmpty();
    assertThat(listed("unhealthy")).hasSize(1).noneMatch(line -> line.contains("health"));
    assertThat(health("web").orElseThrow().log()).as("for whoever looks why").isNotEmpty();
  }

  @Test
  void restartBeginsAnew() throws Exception {
    // A run's first check comes at once, all others after an hour.
    mydocker.good(
        "run",
        "-d",
        "--name=again",
        "--health-cmd=test -e /ok && exec sleep 600",
        "--health-timeout=1h",
        "--health-interval=1h",
        "--health-retries=1",
        "--health-start-period=1ms",
        "--health-start-interval=1ms",
        BUSYBOX,
        "sleep",
        "600");
    await("again", HealthStatus.UNHEALTHY);
    mydocker.good("exec", "again", "touch", "/ok");
    mydocker.good("restart", "-t", "0", "again");
    assertThat(health("again")).contains(Health.STARTING);
  }

  @Test
  void policysRestartBeginsAnewToo() throws Exception {
    mydocker.good(
        "run",
        "-d",
        "--name=phoenix",
        "--restart=always",
        "--health-cmd=true",
        "--health-interval=20ms",
        BUSYBOX,
        "sh",
        "-c",
        "until [ -e /die ]; do sleep 0.05; done; rm /die; echo again >>/lives");
    await("phoenix", HealthStatus.HEALTHY);
    mydocker.good("exec", "phoenix", "touch", "/die");
    while (mydocker.info("phoenix").restarts() == 0) {
      Thread.sleep(20);
    }
    await("phoenix", HealthStatus.HEALTHY);
  }

  @Test
  void checkDoesNotKeepItsContainer() throws Exception {
    CommandLine.Result ended =
        mydocker.run(
            "run",
            "--rm",
            "--health-cmd=touch /begun; exec sleep 600",
            "--health-interval=1ms",
            BUSYBOX,
            "sh",
            "-c",
            "until [ -e /begun ]; do sleep 0.05; done; exit 7");
    assertThat(ended.code()).isEqualTo(7);
    mydocker.requireNothing();
  }

  @Test
  void imagesCheckIsInherited() throws Exception {
    String image = image("checked", "{\"Test\":[\"CMD\",\"test\",\"-e\",\"/ok\"],\"Retries\":7}");
    mydocker.good("create", "--name=as", image, "sleep", "600");
    assertThat(inspect("as", "Config", "Healthcheck").toText())
        .isEqualTo("{\"Test\":[\"CMD\",\"test\",\"-e\",\"/ok\"],\"Retries\":7}");
    assertThat(health("as")).as("before the first start").isEmpty();
    mydocker.good("create", "--name=other", "--health-interval=1m", "--health-cmd=a", image);
    assertThat(inspect("other", "Config", "Healthcheck").toText())
        .isEqualTo("{\"Test\":[\"CMD-SHELL\",\"a\"],\"Interval\":60000000000,\"Retries\":7}");

    mydocker.good("run", "-d", "--name=none", "--no-healthcheck", image, "sleep", "600");
    assertThat(listed("none")).anyMatch(line -> line.startsWith("none Up "));
    assertThat(listed("none")).noneMatch(line -> line.contains("health"));
    assertThat(inspect("none", "State").get("Health")).isEmpty();
    assertThat(inspect("none", "Config", "Healthcheck").toText())
        .isEqualTo("{\"Test\":[\"NONE\"],\"Retries\":7}");

    mydocker.good("run", "-d", "--name=own", "--health-interval=20ms", image, "sleep", "600");
    assertThat(await("own", health -> health.failingStreak() > 0).log().get(0).exitCode())
        .isEqualTo(1);
    mydocker.good("exec", "own", "touch", "/ok");
    await("own", HealthStatus.HEALTHY);
  }

  private static String image(String name, String healthcheck) throws IOException {
    Json.Obj check = Json.parseObject(healthcheck.getBytes(StandardCharsets.UTF_8));
    return ImageLayout.in(Files.createDirectories(directory.resolve(name)))
        .busybox()
        .config(
            Json.object()
                .put("Healthcheck", check)
                .putStrings("Env", List.of("PATH=/bin"))
                .putStrings("Cmd", List.of("sh")))
        .end();
  }

  @Test
  void imageMaySayNone() throws Exception {
    String image = image("unchecked", "{\"Test\":[\"NONE\"]}");
    mydocker.good("run", "-d", "--name=plain", image, "sleep", "600");
    assertThat(health("plain")).isEmpty();
    mydocker.good("run", "-d", "--name=own", "--health-cmd=true", image, "sleep", "600");
    assertThat(health("own")).isPresent();
  }

  @Test
  void wrongImageAndWrongFilterAreOneLine() throws Exception {
    CommandLine.Result wrong = mydocker.run("create", image("wrong", "{\"Interval\":-5}"), "true");
    assertThat(wrong.code()).isNotZero();
    assertThat(wrong.err().lines().filter(line -> line.startsWith("mydocker: ")))
        .singleElement()
        .asString()
        .endsWith(
            "the image's health check cannot be used: Interval in Healthcheck cannot be less than"
                + " 1ms");
    assertThat(mydocker.bad("ps", "--filter", "health=fine"))
        .contains("there is no health \"fine\": use starting, healthy, unhealthy or none");
  }
}
