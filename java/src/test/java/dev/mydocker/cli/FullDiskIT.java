package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.LayoutRegistry;
import dev.mydocker.testing.TestEngine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk that is full at any moment of what brings an image: the state is on a small tmpfs, a
 * little larger each time.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class FullDiskIT {
  private static final int LAYERS = 3;
  private static final int LAYER_KIB = 96;

  @TempDir Path directory;

  private LayoutRegistry registry;
  private String layout;
  private String image;

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void open() throws Exception {
    // The library comes from another place than the full disk.
    TestEngine.shared();
    registry = new LayoutRegistry();
    ImageLayout made = ImageLayout.in(directory.resolve("layout"));
    for (int i = 0; i < LAYERS; i++) {
      ImageLayout.Layer layer = new ImageLayout.Layer().directory("d" + i);
      for (int j = 0; j < 4; j++) {
        byte[] content = new byte[LAYER_KIB * 256];
        new Random(i * 10 + j).nextBytes(content);
        layer.file("d" + i + "/f" + j, 0644, content);
      }
      made.layer(layer);
    }
    layout = made.end();
    image = registry.serve("app", layout);
    Files.createDirectory(disk());
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(disk().toString());
  }

  private Path disk() {
    return directory.resolve("disk");
  }

  private Path root() {
    return disk().resolve("root");
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(String.join(" ", command) + ": " + said).isZero();
  }

  private Result mydocker(byte[] input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> line = new ArrayList<>();
    line.addAll(List.of("--root", root().toString()));
    line.addAll(List.of("--run-root", directory.resolve("run").toString()));
    line.addAll(List.of(arguments));
    Console console = new Console(new ByteArrayInputStream(input), out, err);
    int code = new Main(console).run(line.toArray(String[]::new));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private Result mydocker(String... arguments) {
    return mydocker(new byte[0], arguments);
  }

  private static List<String> names(Path in) {
    String[] names = in.toFile().list();
    return names == null ? List.of() : List.of(names);
  }

  /** One line that says what failed, on what, why, and what to do. */
  private void requireOneLine(String command, Result result, String size) {
    assertThat(result.code()).as(size + result).isEqualTo(1);
    assertThat(result.err())
        .as(size)
        .startsWith("mydocker: " + command + ": ")
        .contains("ENOSPC (no space left on device)")
        .contains(root().toString())
        .doesNotContain("write :")
        .doesNotContain("unexpected")
        .hasLineCount(1);
    if (Files.exists(root().resolve("locks"))) {
      assertThat(result.err()).as(size).endsWith(": make room in " + root() + "\n");
    }
  }

  private void requireNothingHalf(String size) {
    Result check = mydocker("system", "check");
    assertThat(check.code()).as(size + check).isZero();
    assertThat(check.out()).as(size).contains("0 problems").doesNotContain("unused: work");
    assertThat(names(root().resolve("work"))).as(size).isEmpty();
    assertThat(names(root().resolve("locks"))).as(size).isEmpty();
    assertThat(names(root().resolve("images"))).as(size).doesNotContain("index.json.new");
    assertThat(mydocker("images", "-q").out()).as(size).isEmpty();
  }

  /**
   * Brings the image onto disks that grow from one try to the next, until one is large enough.
   *
   * @param option of tmpfs: its size in KiB, or its number of inodes
   * @param first its first value, which it grows by for ten times; then by {@code step}
   * @return in how many different ways it failed
   */
  private Set<String> onEveryDisk(String option, int first, int step, byte[] input, String... line)
      throws Exception {
    Set<String> ways = new HashSet<>();
    boolean fits = false;
    for (int size = first; !fits; size += size < 10 * first ? first : step) {
      String options = option + "=" + size + (option.equals("size") ? "k" : "");
      run("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk().toString());
      try {
        Result result = mydocker(input, line);
        fits = result.code() == 0;
        if (!fits) {
          requireOneLine(line[0], result, options);
          requireNothingHalf(options);
          ways.add(result.err().replaceAll("[0-9a-f]{12,}|d[0-9]/f[0-9]", "N"));
          run("mount", "-o", "remount,size=64m,nr_inodes=10000", disk().toString());
          requireCompleted(options, input, line);
        }
      } finally {
        run("umount", disk().toString());
      }
    }
    return ways;
  }

  private void requireCompleted(String size, byte[] input, String... line) throws Exception {
    List<String> kept = names(root().resolve("images/blobs/sha256"));
    registry.layers().clear();
    Result again = mydocker(input, line);
    assertThat(again.code()).as(size + again).isZero();
    assertThat(registry.layers()).as(size).doesNotHaveDuplicates();
    for (String hex : kept) {
      assertThat(registry.layers()).as(size).doesNotContain("sha256:" + hex);
    }
    Result check = mydocker("system", "check");
    assertThat(check.out()).as(size).contains(LAYERS + " unpacked layers: 0 problems");
    assertThat(check.out()).as(size).doesNotContain("unused");
  }

  @Test
  void aPullOntoAFullDiskSaysSoAndCompletesWhenThereIsRoom() throws Exception {
    Set<String> ways = onEveryDisk("size", 4, 24, new byte[0], "pull", "-q", image);
    assertThat(ways).anyMatch(way -> way.contains("write pin: "));
    assertThat(ways).anyMatch(way -> way.contains(": write N: "));
  }

  /** Its layer has next to nothing to unpack, so what finds no room is the blob alone. */
  @Test
  void aBlobThatDoesNotFitIsNamed() throws Exception {
    byte[] content = new byte[512 * 1024];
    new Random(99).nextBytes(content);
    ImageLayout made = ImageLayout.in(directory.resolve("blob"));
    made.layer(new ImageLayout.Layer().directory("d").trailing(content));
    String blob = registry.serve("blob", made.end());
    run("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk().toString());
    try {
      Result result = mydocker("pull", "-q", blob);
      requireOneLine("pull", result, "300k");
      assertThat(result.err()).contains("write blob-");
      requireNothingHalf("300k");
    } finally {
      run("umount", disk().toString());
    }
  }

  @Test
  void TAR45_aPullWithoutInodesSaysSoAndCompletesWhenThereAreSome() throws Exception {
    Set<String> ways = onEveryDisk("nr_inodes", 2, 3, new byte[0], "pull", "-q", image);
    assertThat(ways).hasSizeGreaterThan(5);
  }

  @Test
  void aLoadAndAnImportOntoAFullDiskSaySo() throws Exception {
    Path archive = directory.resolve("a.tar");
    run("skopeo", "copy", "-q", "--insecure-policy", layout, "oci-archive:" + archive + ":app:1");
    byte[] bytes = Files.readAllBytes(archive);
    assertThat(onEveryDisk("size", 4, 60, bytes, "load", "-q")).hasSizeGreaterThan(1);
    assertThat(onEveryDisk("size", 8, 60, new byte[0], "load", "-q", "-i", archive.toString()))
        .hasSizeGreaterThan(1);
  }

  /** The first thing that a process writes there is the native library. */
  @Test
  void aFullDiskFromTheStartIsNamed() throws Exception {
    for (String size : new String[] {"4k", "64k", "200k"}) {
      run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk().toString());
      try {
        Cli.Result result =
            Cli.under("MYDOCKER_ROOT=" + root() + " exec \"$@\"", "pull", "-q", image);
        assertThat(result.code()).as(result.err()).isEqualTo(1);
        assertThat(result.err())
            .contains("ENOSPC (no space left on device)")
            .contains(root().toString())
            .hasLineCount(1);
        assertThat(names(root().resolve("native"))).as(size).noneMatch(n -> n.endsWith(".tmp"));
      } finally {
        run("umount", disk().toString());
      }
    }
  }

  @Test
  void aFileThatIsSavedOntoAFullDiskIsNamed() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk().toString());
    Path small = Files.createDirectory(directory.resolve("small"));
    try {
      run("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", small.toString());
      try {
        assertThat(mydocker("pull", "-q", image).code()).isZero();
        for (String[] format : new String[][] {{}, {"--format", "oci-dir"}}) {
          Path file = small.resolve("image");
          List<String> line = new ArrayList<>(List.of("save", "-o", file.toString()));
          line.addAll(List.of(format));
          line.add(image);
          Result result = mydocker(line.toArray(String[]::new));
          assertThat(result.code()).as(result.err()).isEqualTo(1);
          assertThat(result.err())
              .contains("cannot write " + small)
              .contains("ENOSPC (no space left on device)")
              .hasLineCount(1);
          assertThat(names(small)).isEmpty();
        }
      } finally {
        run("umount", small.toString());
      }
    } finally {
      run("umount", disk().toString());
    }
  }
}
