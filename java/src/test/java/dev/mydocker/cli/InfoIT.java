package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What there is, and how large: {@code info}, {@code ps -s}, {@code inspect -s}. */
class InfoIT {
  @TempDir static Path directory;

  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void removeAll() throws IOException {
    mydocker.clear();
  }

  /** One that has written 5000 bytes under two names, and sleeps. */
  private String writer() {
    String script = "head -c 5000 /dev/zero >/a; ln /a /b; ln -s /a /c; >/ready; exec sleep 1000";
    String id =
        mydocker.good("run", "-d", "--name", "box", CommandLine.BUSYBOX, "sh", "-c", script);
    mydocker.awaitFile(id, "ready");
    return id;
  }

  private long number(String field) {
    return Long.parseLong(mydocker.good("inspect", "-s", "-f", "{{." + field + "}}", "box"));
  }

  @Test
  void sizesAreOfWhatIsWrittenAndOfTheImage() {
    writer();
    assertThat(number("SizeRw")).isEqualTo(5000);
    long image = number("SizeRootFs") - 5000;
    assertThat(image).isGreaterThan(500_000);
    String size = "5kB (virtual " + Human.size(image + 5000, 3) + ")";
    assertThat(mydocker.good("ps", "--format", "{{.Names}} {{.Size}}")).isEqualTo("box " + size);
    String[] lines = mydocker.good("ps", "-s").split("\n");
    assertThat(lines[0]).matches("CONTAINER ID .* NAMES +SIZE");
    assertThat(lines[1]).matches(".* box +\\Q" + size + "\\E");
    assertThat(mydocker.good("ps", "-qs")).hasSize(12);
  }

  @Test
  void sizesAreNotMeasuredWhenNobodyAsks() {
    writer();
    assertThat(mydocker.good("ps", "--format", "json")).contains("\"Size\":\"0B\"");
    assertThat(mydocker.good("inspect", "box")).doesNotContain("SizeRw");
    assertThat(mydocker.bad("inspect", "-s", "--type", "image", "box"))
        .contains("--size is of containers only");
  }

  @Test
  void aDamagedContainerHasTheSizeOfWhatItHasWritten() throws Exception {
    String id = writer();
    mydocker.good("stop", "-t", "0", "box");
    Files.writeString(mydocker.home(id).resolve("record.json"), "{");
    assertThat(mydocker.good("ps", "-a", "--format", "{{.State}} {{.Size}}"))
        .isEqualTo("dead 5kB (virtual 5kB)");
  }

  @Test
  void whatIpcHostMountsNobodyHasAskedFor() {
    mydocker.good(
        "create", "--name", "box", "--ipc", "host", "-v", "/usr:/mnt:ro", CommandLine.BUSYBOX);
    assertThat(mydocker.good("inspect", "-f", "{{json .HostConfig.Binds}}", "box"))
        .isEqualTo("[\"/usr:/mnt:ro\"]");
    assertThat(mydocker.good("inspect", "-f", "{{json .Mounts}}", "box"))
        .contains("/mnt")
        .doesNotContain("/dev/shm");
    assertThat(mydocker.good("ps", "-aq", "--filter", "volume=/dev/shm")).isEmpty();
    assertThat(mydocker.good("ps", "-aq", "--filter", "volume=/mnt")).isNotEmpty();
  }

  @Test
  void infoCountsAndTellsTheHost() throws Exception {
    writer();
    mydocker.good("create", "--name", "other", CommandLine.BUSYBOX, "true");
    mydocker.good("pause", "box");
    String text = mydocker.good("info");
    assertThat(text)
        .startsWith("Containers: 2\n Running: 0\n Paused: 1\n Stopped: 1\nImages: 1\n")
        .contains("\nStorage Driver: overlay\n")
        .contains("\nCgroup Driver: cgroupfs\n")
        .contains("\nSecurity Options:\n seccomp\n  Profile: builtin\n cgroupns\n")
        .contains("\nKernel Version: " + System.getProperty("os.version") + "\n")
        .endsWith("\nDocker Root Dir: " + mydocker.root());
    mydocker.good("unpause", "box");
    assertThat(mydocker.good("info", "--format", "{{.ContainersRunning}} {{.Driver}}"))
        .isEqualTo("1 overlay");
    Json.Obj all = Json.parseObject(mydocker.good("info", "-f", "{{json .}}").getBytes());
    assertThat(all.integer("MemTotal").orElseThrow()).isPositive();
    assertThat(all.integer("NCPU").orElseThrow()).isPositive();
    assertThat(all.strings("SecurityOptions"))
        .containsExactly("name=seccomp,profile=builtin", "name=cgroupns");
    assertThat(mydocker.bad("info", "-f", "{{.ID}}")).contains("there is no field .ID");
    assertThat(mydocker.bad("system", "info", "x")).contains("it takes no arguments");
  }
}
