package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.LaunchException;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.LayoutRegistry;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.Races;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images whose files lead out of the root when they are resolved on the host. After each test a
 * directory of the host that they aim at is as it was.
 */
@ExtendWith(NothingLeft.class)
class HostileImageIT {
  private static final String SECRET = "the host's own";

  private final TestEngine engine = TestEngine.shared();

  @TempDir Path directory;

  private Path victim;
  private String before = "";

  @BeforeEach
  void makeVictim() throws Exception {
    victim = Files.createDirectory(directory.resolve("victim"));
    Files.writeString(victim.resolve("hello"), SECRET);
    before = listing();
  }

  @AfterEach
  void victimIsAsItWas() throws Exception {
    assertThat(listing()).isEqualTo(before);
    assertThat(victim.resolve("hello")).hasContent(SECRET);
    assertThat(Files.readString(Path.of("/dev/null"))).isEmpty();
  }

  private String listing() throws Exception {
    Process stat =
        new ProcessBuilder("sh", "-c", "stat -c '%n %i %a %u %g %s %Y' . * /dev/null; ls -A")
            .directory(victim.toFile())
            .start();
    return new String(stat.getInputStream().readAllBytes());
  }

  private ImageLayout busybox() throws Exception {
    return ImageLayout.in(Files.createDirectory(directory.resolve("image"))).busybox();
  }

  private String image(ImageLayout.Layer layer) throws Exception {
    return busybox().layer(layer).end();
  }

  /** The victim from a link at the root of the image, by as many {@code ..} as anybody needs. */
  private String escape(String name) {
    return "../../../../../../../.." + victim + name;
  }

  // ---- the working directory and the command
  // ------------------------------------------------------

  @Test
  void RT03_workingDirectoryInADescriptorIsRefused() throws Exception {
    for (int fd : List.of(0, 3, 4, 7, 8, 9, 12, 20)) {
      Path here = Files.createDirectory(directory.resolve("image" + fd));
      String image =
          ImageLayout.in(here)
              .busybox()
              .config(Json.object().put("WorkingDir", "/proc/self/fd/" + fd))
              .end();
      assertThatThrownBy(() -> engine.run("--rm", image, "ls", "..")).isInstanceOf(Exception.class);
    }
  }

  @Test
  void RT03_workingDirectoryLinkedToADescriptorIsRefused() throws Exception {
    for (int fd : List.of(3, 4, 7, 8, 9)) {
      String image =
          ImageLayout.in(Files.createDirectory(directory.resolve("image" + fd)))
              .busybox()
              .layer(new ImageLayout.Layer().symlink("w", "/proc/self/fd/" + fd))
              .config(Json.object().put("WorkingDir", "/w"))
              .end();
      assertThatThrownBy(() -> engine.run("--rm", image, "ls", "..")).isInstanceOf(Exception.class);
    }
  }

  @Test
  void RT05_commandBehindADescriptorIsNotFound() throws Exception {
    for (int fd = 3; fd < 24; fd++) {
      String command = "/proc/self/fd/" + fd + "/../../../../../../bin/sh";
      assertThatThrownBy(() -> engine.run("--rm", TestEngine.BUSYBOX, command, "-c", "true"))
          .as(command)
          .isInstanceOf(LaunchException.class)
          .satisfies(e -> assertThat(((LaunchException) e).exitCode()).isIn(126, 127));
    }
  }

  // ---- mount points
  // -------------------------------------------------------------------------------

  @Test
  void RT10_mountPointBelowALinkIsMadeInside() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    String image =
        image(new ImageLayout.Layer().symlink("a", escape("")).symlink("b", victim.toString()));
    TestEngine.Result result =
        engine.run(
            "--rm",
            "-v",
            source + ":/a/new/point",
            "-v",
            source + "/f:/b/other",
            "--tmpfs",
            "/a/t",
            image,
            "sh",
            "-c",
            "touch /a/new/point/x; find " + victim + " | sort");
    assertThat(result.lines())
        .containsExactly(
            victim.toString(),
            victim + "/new",
            victim + "/new/point",
            victim + "/new/point/f",
            victim + "/new/point/x",
            victim + "/other",
            victim + "/t");
    assertThat(source.resolve("x")).exists();
  }

  @Test
  void RT10_mountPointAtALinkToAFileIsInside() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "bound");
    String image = image(new ImageLayout.Layer().symlink("l", escape("/hello")));
    assertThat(engine.run("--rm", "-v", file + ":/l", image, "cat", "/l", victim + "/hello").out())
        .isEqualTo("boundbound");
  }

  @ParameterizedTest
  @CsvSource({"proc,--rm", "sys,--rm", "sys,--privileged", "dev,--rm", "dev,-t", "dev,--read-only"})
  void RT11_RT12_kernelDirectoryThatIsALinkIsRefused(String name, String flag) throws Exception {
    String image =
        busybox()
            .layer(new ImageLayout.Layer().whiteout(".", name))
            .layer(
                new ImageLayout.Layer()
                    .symlink(name, escape(""))
                    .file(victim.toString().substring(1) + "/ptmx", "marker"))
            .end();
    assertThatThrownBy(() -> engine.run("--rm", flag, image, "true"))
        .hasMessageContaining("\"/" + name + "\"")
        .hasMessageContaining("ELOOP (too many levels of symbolic links, or a link where none may");
  }

  @ParameterizedTest
  @CsvSource({"dev/pts/0", "dev/console", "dev/ptmx", "dev/null"})
  void RT15_terminalDoesNotFollowAPlantedLink(String planted) throws Exception {
    String image = image(new ImageLayout.Layer().symlink(planted, escape("/hello")));
    assertThat(engine.run("--rm", "-t", image, "sh", "-c", "tty; echo x >/dev/console").out())
        .isEqualTo("/dev/pts/0\r\nx\r\n");
  }

  @Test
  void RT44_filesOfTheEngineAtLinksAreInside() throws Exception {
    String image =
        image(
            new ImageLayout.Layer()
                .symlink("etc/hosts", "/jump/baz/hosts")
                .symlink("jump", "/tmp/foo/bar")
                .symlink("etc/resolv.conf", escape("/hello"))
                .symlink("etc/hostname", "../../../../etc/name"));
    TestEngine.Result result =
        engine.run(
            "--rm",
            "-h",
            "box",
            image,
            "sh",
            "-c",
            "head -1 /tmp/foo/bar/baz/hosts; cat /etc/name; cmp "
                + victim
                + "/hello /etc/resolv.conf && echo same");
    assertThat(result.lines()).containsExactly("127.0.0.1\tlocalhost", "box", "same");
  }

  @Test
  void RT44_endlessLinksAreRefused() throws Exception {
    String image =
        image(new ImageLayout.Layer().symlink("etc/hosts", "h2").symlink("etc/h2", "hosts"));
    assertThatThrownBy(() -> engine.run("--rm", image, "true")).hasMessageContaining("ELOOP");
  }

  @Test
  void RT16_sysctlIsNotRedirected() throws Exception {
    String image =
        ImageLayout.in(Files.createDirectory(directory.resolve("image")))
            .busybox()
            .layer(
                new ImageLayout.Layer()
                    .file("proc/sys/net/ipv4/ip_unprivileged_port_start", "planted")
                    .symlink("proc/self", escape("")))
            .end();
    assertThat(
            engine
                .run(
                    "--rm",
                    "--sysctl",
                    "net.ipv4.ip_unprivileged_port_start=99",
                    image,
                    "cat",
                    "/proc/sys/net/ipv4/ip_unprivileged_port_start")
                .line())
        .isEqualTo("99");
  }

  /**
   * Where the image has the link's path too, each of many mounts goes there or here; where it has
   * not, the first that meets the link may end the start. So may, in both, a walk that renames
   * disturb too often.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void RT09_mountPointThatIsExchangedForALinkStaysInside(boolean there) throws Exception {
    Path shared = Files.createDirectory(directory.resolve("shared"));
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.createDirectories(shared.resolve("d"));
    Files.createSymbolicLink(shared.resolve("l"), Path.of(escape("")));
    ImageLayout.Layer has = new ImageLayout.Layer().directory(victim.toString().substring(1));
    int mounts = there ? 50 : 1;
    List<String> line = new ArrayList<>(List.of("--rm", "-v", shared + ":/v"));
    for (int i = 0; i < mounts; i++) {
      line.addAll(List.of("-v", source + ":/v/d/x" + i));
    }
    line.add(there ? image(has) : TestEngine.BUSYBOX);
    String ask = "grep -Ec ' (/v/[dl]|" + victim + ")/x[0-9]* ' /proc/self/mountinfo";
    line.addAll(List.of("sh", "-c", ask));
    AtomicBoolean over = new AtomicBoolean();
    Thread exchange = new Thread(() -> exchange(shared, over));
    exchange.start();
    int good = 0;
    try {
      for (int tried = 0; tried < Races.tries(there ? 200 : 40); ) {
        try {
          assertThat(engine.run(line.toArray(String[]::new)).line()).isEqualTo("" + mounts);
          tried += mounts;
          good++;
        } catch (LaunchException e) {
          assertThat(e.exitCode()).isEqualTo(125);
          tried++;
        }
      }
    } finally {
      over.set(true);
      exchange.join();
    }
    assertThat(good).isPositive();
  }

  private static void exchange(Path shared, AtomicBoolean over) {
    try (Directory in = Directory.open(shared)) {
      while (!over.get()) {
        in.rename(new byte[] {'d'}, in, new byte[] {'l'}, Linux.RENAME_EXCHANGE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void linkInPlaceOfTheNullDeviceCoversNothingWithTheHosts() throws Exception {
    Path dev = Files.createDirectory(directory.resolve("dev"));
    Files.createSymbolicLink(dev.resolve("null"), victim.resolve("hello"));
    assertThatThrownBy(() -> engine.run("--rm", "-v", dev + ":/dev", TestEngine.BUSYBOX, "true"))
        .hasMessageContaining("ELOOP");
  }

  // ---- passwd and group
  // ---------------------------------------------------------------------------

  @Test
  void RT40_passwdThatIsNoFileIsRefusedWithoutWaiting() throws Exception {
    for (ImageLayout.Layer layer :
        List.of(
            new ImageLayout.Layer().fifo("etc/passwd"),
            new ImageLayout.Layer().symlink("etc/passwd", "/dev/zero"),
            new ImageLayout.Layer().symlink("etc/passwd", "passwd"),
            new ImageLayout.Layer()
                .whiteout("etc", "passwd")
                .directory("etc/passwd2")
                .symlink("etc/passwd", "passwd2"))) {
      String image =
          ImageLayout.in(Files.createTempDirectory(directory, "image"))
              .busybox()
              .layer(layer)
              .end();
      assertThatThrownBy(() -> engine.run("--rm", "-u", "daemon", image, "true"))
          .hasMessageContaining("passwd");
    }
  }

  @Test
  void RT40_passwdLinkedToTheHostsIsTheImagesOwn() throws Exception {
    Files.writeString(victim.resolve("passwd"), "evil:x:0:0::/:/bin/sh\n");
    before = listing();
    String image = image(new ImageLayout.Layer().symlink("etc/passwd", escape("/passwd")));
    assertThatThrownBy(() -> engine.run("--rm", "-u", "evil", image, "true"))
        .hasMessageContaining("unable to find user \"evil\"");
  }

  // ---- configurations
  // -----------------------------------------------------------------------------

  /** A pull stands within the layers, and goes on or is killed there. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void TAR15_aLayerThatIsBeingUnpackedIsInNoContainer(boolean killed) throws Exception {
    ImageLayout.Layer layer = new ImageLayout.Layer().directory("d");
    for (int i = 0; i < 100; i++) {
      layer.file("d/f" + i, "x".repeat(1000 + (killed ? 1 : 0)));
    }
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (LayoutRegistry registry = new LayoutRegistry()) {
      String image = registry.serve("app", image(layer));
      CountDownLatch within = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      registry.gate(
          (digest, sent) -> {
            if (sent > 60_000) {
              within.countDown();
              LayoutRegistry.await(goOn);
            }
          });
      Process pull = Cli.start(Cli.command("pull", "-q", image));
      within.await();
      List<String> before = List.of(engine.root().resolve("layers").toFile().list());
      List<Future<TestEngine.Result>> runs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        runs.add(threads.submit(() -> engine.run("--rm", image, "sh", "-c", "ls /d | wc -l")));
      }
      Path work = engine.root().resolve("work");
      while (work.toFile().list().length < 4) {
        Thread.sleep(5);
      }
      assertThat(engine.root().resolve("layers").toFile().list()).containsExactlyElementsOf(before);
      if (killed) {
        pull.destroyForcibly().waitFor();
      }
      goOn.countDown();
      for (Future<TestEngine.Result> run : runs) {
        assertThat(run.get().line()).isEqualTo("100");
      }
      assertThat(Cli.end(pull, new byte[0]).code()).isEqualTo(killed ? 137 : 0);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void emptyConfigurationRunsWhatTheUserNames() throws Exception {
    String image = busybox().end();
    assertThat(engine.run("--rm", image, "sh", "-c", "id -u; pwd; echo $PATH").lines())
        .containsExactly("0", "/", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    assertThatThrownBy(() -> engine.run("--rm", image)).hasMessageContaining("no command");
  }

  @Test
  void imageWithoutLayersHasAnEmptyRoot() throws Exception {
    String image = ImageLayout.in(Files.createDirectory(directory.resolve("image"))).end();
    Path busybox = Path.of("/bin/busybox");
    assertThatThrownBy(() -> engine.run("--rm", image, "/bin/sh"))
        .hasMessageContaining("cannot execute");
    assertThat(
            engine
                .run("--rm", "-v", busybox + ":/busybox:ro", image, "/busybox", "ls", "/")
                .lines())
        .containsExactly("busybox", "dev", "etc", "proc", "sys");
  }

  @Test
  void oddEnvironmentOfTheImageIsRefused() throws Exception {
    String image = busybox().config(Json.object().putStrings("Env", List.of("=x"))).end();
    assertThatThrownBy(() -> engine.run("--rm", image, "true")).hasMessageContaining("Env");
  }

  @ParameterizedTest
  @ValueSource(strings = {"relative", "/a/../../b", "/etc/passwd"})
  void workingDirectoryThatIsNoneIsRefused(String path) throws Exception {
    String image = busybox().config(Json.object().put("WorkingDir", path)).end();
    assertThatThrownBy(() -> engine.run("--rm", image, "true")).hasMessageContaining(path);
  }

  @Test
  void RT01_programThatIsTheRuntimesOwnIsNotTheHosts() throws Exception {
    String image = image(new ImageLayout.Layer().symlink("self", "/proc/self/exe"));
    assertThatThrownBy(() -> engine.run("--rm", image, "/self", "run"))
        .isInstanceOf(LaunchException.class);
    assertThat(
            engine
                .run(
                    "--rm",
                    "--init",
                    image,
                    "sh",
                    "-c",
                    "readlink /proc/1/exe; (echo x >/proc/1/exe) 2>/dev/null && echo written")
                .out())
        .doesNotContain("written");
  }
}
