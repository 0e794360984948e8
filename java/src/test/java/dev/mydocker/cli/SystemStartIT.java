package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is there after a reboot: everything that ran is gone, and so is the run root. */
class SystemStartIT {
  private static final int SIGKILL = 9;

  @TempDir Path directory;
  private CommandLine cli;

  @BeforeEach
  void open() {
    cli = CommandLine.below(directory);
  }

  @AfterEach
  void clear() throws Exception {
    cli.clear();
  }

  private String sleeping(String name, String... flags) {
    List<String> line = new ArrayList<>(List.of("run", "-d", "--name", name));
    line.addAll(List.of(flags));
    line.addAll(List.of(CommandLine.BUSYBOX, "sleep", "1000"));
    return cli.good(line.toArray(String[]::new));
  }

  /** Kills every monitor, and with it its container; nobody is left to clean up. */
  private void reboot() throws Exception {
    try (Stream<Path> all = Files.list(cli.runRoot().resolve("containers"))) {
      for (Path run : all.toList()) {
        Json.Obj pid = Json.parseObject(Files.readAllBytes(run.resolve("pid")));
        end(pid.integer("monitor").orElseThrow().intValue());
        end(pid.integer("pid").orElseThrow().intValue());
      }
    }
    try (Directory parent = Directory.open(cli.runRoot().getParent())) {
      parent.removeTree(cli.runRoot().getFileName().toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** A zombie has ended as well. */
  private static void end(int pid) throws IOException {
    Linux.kill(pid, SIGKILL);
    Path stat = Path.of("/proc/" + pid + "/stat");
    while (Files.exists(stat) && !isZombie(stat)) {
      Thread.onSpinWait();
    }
  }

  private static boolean isZombie(Path stat) {
    try {
      return Files.readString(stat).contains(") Z ");
    } catch (IOException gone) {
      return true;
    }
  }

  private String status(String name) {
    return cli.good("ps", "-a", "-f", "name=" + name, "--format", "{{.Status}}");
  }

  private String events(String... filters) {
    List<String> line = new ArrayList<>(List.of("events", "--since", "1h", "--until", "0s"));
    for (String filter : filters) {
      line.addAll(List.of("--filter", filter));
    }
    line.addAll(List.of("--format", "{{.Action}} {{.Actor.Attributes.exitCode}}"));
    return cli.good(line.toArray(String[]::new));
  }

  @Test
  void policiesSayWhatIsStarted() throws Exception {
    sleeping("always", "--restart", "always");
    sleeping("plain");
    sleeping("unless", "--restart", "unless-stopped");
    sleeping("stopped", "--restart", "unless-stopped");
    sleeping("failing", "--restart", "on-failure");
    sleeping("goes", "--rm");
    cli.good("create", "--name", "made", "--restart", "always", CommandLine.BUSYBOX, "true");
    sleeping("always2", "--restart", "always");
    cli.good("stop", "-t", "0", "stopped", "always2");
    reboot();
    assertThat(cli.good("system", "start").lines()).containsExactly("always", "unless", "always2");
    for (String name : List.of("always", "unless", "always2")) {
      assertThat(status(name)).startsWith("Up ");
    }
    assertThat(status("plain")).startsWith("Exited (255)");
    assertThat(status("failing")).startsWith("Exited (255)");
    assertThat(status("stopped")).startsWith("Exited (137)");
    assertThat(status("made")).isEqualTo("Created");
    assertThat(status("goes")).isEmpty();
    assertThat(events("container=plain", "event=die")).isEqualTo("die 255");
    assertThat(events("container=goes", "event=die", "event=destroy").lines())
        .containsExactly("die 255", "destroy <no value>");
    assertThat(cli.good("system", "start")).as("what runs is left alone").isEmpty();
  }

  @Test
  void twoAtOnceStartEachContainerOnce() throws Exception {
    List<String> names = List.of("one", "two", "six");
    names.forEach(name -> sleeping(name, "--restart", "always"));
    reboot();
    List<CompletableFuture<String>> starts = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      starts.add(CompletableFuture.supplyAsync(() -> cli.good("system", "start")));
    }
    List<String> started = new ArrayList<>();
    starts.forEach(start -> start.join().lines().forEach(started::add));
    assertThat(started).containsExactlyInAnyOrderElementsOf(names);
    for (String name : names) {
      assertThat(events("container=" + name).lines())
          .containsExactly("create <no value>", "start <no value>", "die 255", "start <no value>");
    }
  }

  @Test
  void oneThatFailsIsToldAndTheOthersGoOn() throws Exception {
    String id = sleeping("broken", "--restart", "always");
    sleeping("fine", "--restart", "always");
    reboot();
    Files.writeString(cli.home(id).resolve("config.json"), "{");
    CommandLine.Result result = cli.run("system", "start");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("fine\n");
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).startsWith("mydocker: system start: broken: ");
    ContainerInfo broken = cli.info("broken");
    assertThat(broken.exit().orElseThrow().code()).isEqualTo(255);
  }
}
