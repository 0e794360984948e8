package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.HealthStatus;
import dev.mydocker.image.RawTar;
import dev.mydocker.json.Json;
import dev.mydocker.testing.ImageLayout;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An image in which whatever an engine might run or load of it tells that it was: see
 * java/src/test/native/trap.c. Nothing that a user does with its container sets one off.
 */
class HostileToolsIT {
  private static final List<String> TOOLS =
      List.of(
          "sh nsenter ps tar xz gzip gunzip zstd unpigz pigz bzip2 cp mount umount mkdir id getent"
              .split(" "));
  private static final List<String> LIBRARIES =
      List.of(
          "trap.so",
          "lib/x86_64-linux-gnu/libc.so.6",
          "lib/x86_64-linux-gnu/libnss_files.so.2",
          "lib/x86_64-linux-gnu/libnss_dns.so.2",
          "lib/aarch64-linux-gnu/libc.so.6",
          "lib/libnss_files.so.2",
          "usr/lib/x86_64-linux-gnu/gconv/UTF-16.so",
          "usr/lib/jvm/java-17-openjdk-amd64/lib/libnet.so",
          "usr/lib/jvm/java-17-openjdk-amd64/lib/libnio.so");
  private static final Path TRAPPED = Path.of("/trapped");

  @TempDir Path directory;

  private static byte[] trap(String name) throws Exception {
    return Files.readAllBytes(Path.of("build/probe", name));
  }

  private String image() throws Exception {
    ImageLayout.Layer layer = new ImageLayout.Layer();
    byte[] program = trap("trap");
    for (String tool : TOOLS) {
      layer.file("bin/" + tool, 0755, program);
    }
    layer.file("lib64/ld-linux-x86-64.so.2", 0755, program);
    byte[] library = trap("libtrap-library.so");
    for (String name : LIBRARIES) {
      layer.file(name, 0755, library);
    }
    layer.file("etc/ld.so.preload", "/trap.so\n");
    layer.file("etc/nsswitch.conf", "passwd: files dns trap\ngroup: files trap\n");
    Json.Obj health =
        Json.object()
            .putStrings("Test", List.of("CMD", "/opt/busybox", "true"))
            .put("Interval", 100_000_000L)
            .build();
    return ImageLayout.in(Files.createDirectory(directory.resolve("image")))
        .busybox()
        .layer(layer.file("opt/busybox", 0755, Files.readAllBytes(Path.of("/bin/busybox"))))
        .config(Json.object().put("Healthcheck", health))
        .end();
  }

  /** As it is, with gzip, and with the first bytes of xz, bzip2 and zstd. */
  private static List<byte[]> tars() throws Exception {
    byte[] tar = new RawTar().file("t", "text").end();
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(tar);
    }
    HexFormat hex = HexFormat.of();
    return List.of(
        tar,
        gzip.toByteArray(),
        hex.parseHex("fd377a585a000004e6d6b446"),
        hex.parseHex("425a68393141592653590000"),
        hex.parseHex("28b52ffd0458"));
  }

  @Test
  void RT42_RT43_nothingOfTheImageRunsForTheEngine() throws Exception {
    CommandLine cli = CommandLine.below(directory);
    String image = image();
    assertThat(TRAPPED).doesNotExist();
    Path file = Files.writeString(directory.resolve("f"), "copied");
    String user = "--user=daemon";
    String id =
        cli.good(
            "run", "-d", "--name", "box", user, "-m", "64m", image, "/opt/busybox", "sleep", "99");
    try {
      cli.good("top", "box");
      cli.good("top", "box", "-o", "pid,user");
      cli.good("exec", "-u", "root", "box", "/opt/busybox", "true");
      cli.good("exec", "-d", "-u", "daemon:tty", "box", "/opt/busybox", "true");
      cli.good("cp", "box:/etc", directory.resolve("etc").toString());
      cli.good("cp", file.toString(), "box:/etc/f");
      for (byte[] tar : tars()) {
        // Whether it is taken or refused does not matter here.
        cli.run(tar, "cp", "-", "box:/etc");
      }
      cli.good("logs", "box");
      cli.good("diff", "box");
      cli.good("export", "-o", directory.resolve("tar").toString(), "box");
      cli.good("commit", "box", "made:1");
      cli.good("stats", "--no-stream", "box");
      cli.good("update", "-m", "70m", "box");
      Program.await(
          "health",
          () ->
              cli.info("box").health().map(h -> h.status() == HealthStatus.HEALTHY).orElse(false));
      cli.good("pause", "box");
      cli.good("unpause", "box");
      cli.good("restart", "-t", "0", "box");
      cli.good("kill", "box");
      cli.good("wait", "box");
      cli.good("cp", "box:/etc/f", directory.resolve("g").toString());
      cli.good("start", "box");
      assertThat(TRAPPED).doesNotExist();
      assertThat(cli.home(id).resolve("upper/trapped")).doesNotExist();
      // And they are traps: one that the user runs tells so, in the container.
      cli.good("exec", "-u", "root", "box", "ps");
      assertThat(cli.home(id).resolve("upper/trapped")).content().startsWith("trapped\n");
      assertThat(TRAPPED).doesNotExist();
    } finally {
      cli.clear();
      Files.deleteIfExists(TRAPPED);
    }
  }

  /** A trap in a library is one as well. */
  @Test
  void theLibraryTellsThatItWasLoaded() throws Exception {
    Path told = directory.resolve("told");
    ProcessBuilder loads = new ProcessBuilder("true");
    loads
        .environment()
        .put("LD_PRELOAD", Path.of("build/probe/libtrap-library.so").toAbsolutePath().toString());
    loads.environment().put("TRAP_FILE", told.toString());
    assertThat(loads.start().waitFor()).isZero();
    assertThat(told).content().startsWith("trapped\n").contains("TRAP_FILE=");
  }
}
