package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.image.RawTar.Field;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every test also checks that what lies beside the state root stayed as it was. */
class ImportIT {
  private Scratch scratch;
  private Path root;
  private Path victim;
  private Images images;

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    victim = scratch.make("victim");
    Files.writeString(victim.resolve("hello"), "victim's");
    images = Images.open(root, Map.of(), new UnpackLimits(1 << 20, 400, 1000));
  }

  @AfterEach
  void close() throws IOException {
    try (Scratch s = scratch) {
      assertThat(Files.readString(victim.resolve("hello"))).isEqualTo("victim's");
      assertThat(victim.toFile().list()).containsExactly("hello");
      assertThat(s.path().toFile().list()).containsOnly("victim", "root");
      assertThat(root.resolve("work").toFile().list()).isEmpty();
      assertThat(root.resolve("locks").toFile().list()).isEmpty();
    }
  }

  private Image importTar(InputStream tar, String... changes) throws IOException {
    ConfigChange[] parsed = new ConfigChange[changes.length];
    for (int i = 0; i < changes.length; i++) {
      parsed[i] = ConfigChange.parse(changes[i]);
    }
    ImageMaker.Description description =
        new ImageMaker.Description(
            Optional.of(ImageRef.parseRegistry("app:1")),
            List.of(parsed),
            Instant.EPOCH,
            Optional.empty(),
            Optional.empty(),
            Optional.of("why"));
    return images
        .maker()
        .importTar(tar, "rootfs.tar", Platform.host(), description, PullListener.NONE);
  }

  private Image importTar(byte[] tar, String... changes) throws IOException {
    return importTar(new ByteArrayInputStream(tar), changes);
  }

  private String read(Image image, String path) throws IOException {
    return new String(images.read(image, path, 1000).orElseThrow(), StandardCharsets.UTF_8);
  }

  @Test
  void aRootFileSystemBecomesAnImage() throws Exception {
    byte[] tar = new RawTar().entry("./", '5', "").file("./etc/x", "content").end();
    Image plain = importTar(tar, "CMD [\"/x\"]", "ENV A=1");
    assertThat(plain.name()).isEqualTo("docker.io/library/app:1");
    assertThat(plain.diffIds()).containsExactly(Digest.of(tar));
    assertThat(plain.config().cmd()).containsExactly("/x");
    assertThat(plain.config().env()).containsExactly("A=1");
    assertThat(plain.config().platform()).isEqualTo(Platform.host());
    assertThat(plain.config().history().get(0).toText()).contains("why");
    assertThat(read(plain, "/etc/x")).isEqualTo("content");
    assertThat(importTar(tar, "CMD [\"/x\"]", "ENV A=1")).isEqualTo(plain);
    assertThat(images.list()).containsExactly(plain);
  }

  @Test
  void skopeosOwnConfigurationHasTheSameId() throws Exception {
    Image image =
        importTar(
            new RawTar().file("a", "").end(),
            "STOPSIGNAL SIGINT",
            "LABEL z=1 a=2",
            "WORKDIR /w",
            "VOLUME /v /a",
            "CMD c",
            "ENTRYPOINT [\"e\"]",
            "ENV A=1 B=2",
            "EXPOSE 90 80",
            "USER 1");
    Path archive = root.resolve("archive.tar");
    Path copy = root.resolve("copy");
    try (OutputStream out = Files.newOutputStream(archive)) {
      images.archives().save(List.of("app:1"), Optional.empty(), ArchiveFormat.DOCKER_ARCHIVE, out);
    }
    Process skopeo =
        new ProcessBuilder(
                "skopeo",
                "copy",
                "--insecure-policy",
                "-q",
                "docker-archive:" + archive + ":app:1",
                "oci:" + copy + ":x")
            .inheritIO()
            .start();
    assertThat(skopeo.waitFor()).isZero();
    ImageRef reference = ImageRef.parse("oci:" + copy + ":x");
    Image copied = images.describe(reference, Platform.host(), PullListener.NONE);
    assertThat(copied.imageId()).isEqualTo(image.imageId());
  }

  @Test
  void gzipIsKeptAsItCame() throws Exception {
    byte[] tar = new RawTar().file("a", "zipped").end();
    Image image = importTar(GzipInputTest.gzip(tar));
    assertThat(image.diffIds()).containsExactly(Digest.of(tar));
    assertThat(read(image, "/a")).isEqualTo("zipped");
    String hex = Digest.of(GzipInputTest.gzip(tar)).hex();
    assertThat(root.resolve("images/blobs/sha256/" + hex)).isRegularFile();
  }

  @Test
  void anotherPlatformsImageIsImportedToo() throws Exception {
    byte[] tar = new RawTar().file("a", "").end();
    ImageMaker.Description nameless =
        new ImageMaker.Description(
            Optional.empty(),
            List.of(),
            Instant.EPOCH,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    Image image =
        images
            .maker()
            .importTar(
                new ByteArrayInputStream(tar),
                "x",
                Platform.parse("linux/arm/v6"),
                nameless,
                PullListener.NONE);
    assertThat(image.config().platform()).hasToString("linux/arm/v6");
    assertThat(image.name()).isEmpty();
    assertThat(images.local().list()).extracting(ListedImage::id).containsExactly(image.imageId());
  }

  static Stream<Arguments> hostile() {
    return Stream.of(
        Arguments.of("TAR01 dot-dot", new RawTar().file("../victim/x", "evil")),
        Arguments.of("TAR03 sibling", new RawTar().hardlink("grab", "../victim/hello")),
        Arguments.of(
            "TAR04 write through a link",
            new RawTar().symlink("l", "../victim").file("l/file", "evil")),
        Arguments.of("TAR08", new RawTar().symlink("e", "..").file("e/a/file", "evil")),
        Arguments.of(
            "TAR09 hard link through a link",
            new RawTar().symlink("l", "../victim").hardlink("a", "l/hello").file("a", "evil")),
        Arguments.of("TAR14 below a file", new RawTar().file("f", "").file("f/x", "evil")),
        Arguments.of("TAR16 whiteout of nothing", new RawTar().file(".wh.", "")),
        Arguments.of(
            "TAR18 opaque through a link",
            new RawTar().symlink("d", "../victim").file("d/.wh..wh..opq", "")),
        Arguments.of("TAR33 unknown type", new RawTar().entry("x", 'Q', "")),
        Arguments.of("TAR37 file like a directory", new RawTar().entry("d/", '0', "data")),
        Arguments.of(
            "TAR41 malformed PAX", new RawTar().entry("p", 'x', "99 path=x\n").file("x", "")),
        Arguments.of("TAR43 larger than allowed", new RawTar().file("a", "\0".repeat(2 << 20))),
        Arguments.of("M1", new RawTar().entry("a", '0', "", Field.UID.binary(1L << 32))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void TAR_hostileTarsAreRefusedAndLeaveNothing(String what, RawTar tar) throws Exception {
    assertThatThrownBy(() -> importTar(tar.end()))
        .as(what)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("rootfs.tar")
        .hasMessageNotContaining("\n");
    assertThat(images.list()).isEmpty();
    assertThat(images.layers().toFile().list()).isEmpty();
  }

  @Test
  void TAR12_TAR17_linksAreReplacedAndNeverFollowed() throws Exception {
    Image image =
        importTar(
            new RawTar()
                .symlink("d", "../victim")
                .entry("d/", '5', "", Field.MODE.octal(0777), Field.UID.octal(1234))
                .symlink("abs", victim.toString())
                .file("abs/hello", "inside")
                .file("abs/.wh.hello", "")
                .end());
    assertThat(read(image, victim + "/hello")).isEqualTo("inside");
  }

  @Test
  void TAR42_trailingZerosCountForTheLayerOnly() throws Exception {
    byte[] tar = Arrays.copyOf(new RawTar().file("a", "x").end(), 900_000);
    Image image = importTar(GzipInputTest.gzip(tar));
    assertThat(image.diffIds()).containsExactly(Digest.of(tar));
  }

  @Test
  void whatIsNoTarOrCutIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "x".repeat(2000)).end();
    for (byte[] bad :
        new byte[][] {
          new byte[0],
          "no tar at all".repeat(100).getBytes(StandardCharsets.UTF_8),
          Arrays.copyOf(tar, 700),
          Arrays.copyOf(GzipInputTest.gzip(tar), 40),
        }) {
      assertThatThrownBy(() -> importTar(bad)).isInstanceOf(ImageException.class);
    }
    assertThat(images.list()).isEmpty();
  }

  @Test
  void anInputThatFailsLeavesNothing() throws Exception {
    InputStream failing =
        new InputStream() {
          private int given;

          @Override
          public int read() throws IOException {
            if (given++ > 5000) {
              throw new IOException("the pipe broke");
            }
            return 0;
          }
        };
    assertThatThrownBy(() -> importTar(failing)).hasMessageContaining("the pipe broke");
    assertThat(images.list()).isEmpty();
  }

  @Test
  void aWrongChangeIsToldBeforeTheTarIsRead() throws Exception {
    ImageState.create(root).close();
    InputStream unread =
        new InputStream() {
          @Override
          public int read() {
            throw new AssertionError("read");
          }
        };
    assertThatThrownBy(() -> importTar(unread, "EXPOSE x"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION));
  }
}
