package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Layers as a container sees them together. */
@ExtendWith(NothingLeft.class)
class OverlayIT {
  private final TestEngine engine = TestEngine.shared();

  @TempDir Path directory;

  @Test
  void moreLayersThanOnePageOfMountOptionsCanName() throws Exception {
    ImageLayout image = ImageLayout.in(directory).busybox();
    for (int i = 1; i <= 130; i++) {
      image.layer(
          new ImageLayout.Layer().file("layers/" + i, "x").file("top", Integer.toString(i)));
    }
    assertThat(
            engine
                .run(
                    "--rm",
                    image.end(),
                    "sh",
                    "-c",
                    "ls /layers | wc -l; cat /top; echo; echo w >/top; cat /top; ls -A"
                        + " /proc/1/cwd/")
                .lines())
        .startsWith("130", "130", "w");
  }

  @Test
  void justAsManyAsOnePageCanName() throws Exception {
    for (int count : new int[] {55, 56, 57, 58, 59, 60, 61, 62, 63}) {
      ImageLayout image = ImageLayout.in(directory.resolve("n" + count)).busybox();
      for (int i = 1; i < count; i++) {
        image.layer(new ImageLayout.Layer().file("layers/" + i, "x"));
      }
      assertThat(engine.run("--rm", image.end(), "sh", "-c", "ls /layers | wc -l").line())
          .isEqualTo(Integer.toString(count - 1));
    }
  }

  @Test
  void whiteoutHidesWhatIsBelow() throws Exception {
    String image =
        ImageLayout.in(directory)
            .busybox()
            .layer(
                new ImageLayout.Layer()
                    .file("d/a", "1")
                    .file("d/b", "1")
                    .file("e/x/y", "1")
                    .file("again", "old"))
            .layer(
                new ImageLayout.Layer()
                    .whiteout("d", "a")
                    .whiteout("e", "x")
                    .whiteout(".", "again"))
            .layer(new ImageLayout.Layer().file("again", "new"))
            .end();
    assertThat(engine.run("--rm", image, "sh", "-c", "ls -A /d /e; cat /again").out())
        .isEqualTo("/d:\nb\n\n/e:\nnew");
  }

  @Test
  void opaqueDirectoryHidesAllThatIsBelowAndNothingOfItsOwn() throws Exception {
    String image =
        ImageLayout.in(directory)
            .busybox()
            .layer(new ImageLayout.Layer().file("d/old", "1").file("d/sub/old", "1"))
            .layer(new ImageLayout.Layer().opaque("d").file("d/new", "1").file("d/sub/new", "1"))
            .end();
    assertThat(engine.run("--rm", image, "find", "/d").lines())
        .containsExactlyInAnyOrder("/d", "/d/new", "/d/sub", "/d/sub/new");
  }

  @Test
  void fileReplacesDirectoryAndBack() throws Exception {
    String image =
        ImageLayout.in(directory)
            .busybox()
            .layer(new ImageLayout.Layer().file("d/old", "1").file("f", "1"))
            .layer(new ImageLayout.Layer().file("d", "file").file("f/inside", "in"))
            .end();
    assertThat(engine.run("--rm", image, "sh", "-c", "cat /d /f/inside").out()).isEqualTo("filein");
  }

  @Test
  void rootHasTheModeOfTheUppermostLayersRoot() throws Exception {
    String image =
        ImageLayout.in(directory)
            .busybox()
            .layer(new ImageLayout.Layer().directory(".").file("x", "1"))
            .end();
    assertThat(engine.run("--rm", image, "stat", "-c", "%a %u", "/").line()).isEqualTo("755 0");
  }

  @Test
  void aRemovedFileOfTheImageStaysRemovedAndCanBeMadeAgain() throws Exception {
    assertThat(
            engine
                .sh(
                    "",
                    "rm /etc/passwd; ls /etc/passwd 2>/dev/null; echo n >/etc/passwd;"
                        + " cat /etc/passwd; rm -r /usr && mkdir /usr && ls -A /usr | wc -l")
                .lines())
        .containsExactly("n", "0");
  }
}
