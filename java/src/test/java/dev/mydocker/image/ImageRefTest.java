package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageRefTest {
  private static final String HEX =
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io, library/busybox, latest",
    "busybox:1.36, docker.io, library/busybox, 1.36",
    "docker.io/busybox, docker.io, library/busybox, latest",
    "index.docker.io/busybox, docker.io, library/busybox, latest",
    "user/app, docker.io, user/app, latest",
    "test_com, docker.io, library/test_com, latest",
    "test.com:tag, docker.io, library/test.com, tag",
    "test.com:5000, docker.io, library/test.com, 5000",
    "192.168.1.1:5000, docker.io, library/192.168.1.1, 5000",
    "test:5000/repo, test:5000, repo, latest",
    "localhost/app, localhost, app, latest",
    "localhost:5000/a/b/c:v1, localhost:5000, a/b/c, v1",
    "[2001:db8::1]:5000/repo, [2001:db8::1]:5000, repo, latest",
    "[2001:db8::1]/repo, [2001:db8::1], repo, latest",
    "xn--n3h.example/i, xn--n3h.example, i, latest",
    "lowercase:Uppercase, docker.io, library/lowercase, Uppercase",
    "Docker/docker, Docker, docker, latest",
    "doc---r/x, docker.io, doc---r/x, latest",
    "dock__er/x, docker.io, dock__er/x, latest",
    "a, docker.io, library/a, latest",
    "sha256, docker.io, library/sha256, latest",
    "sha256:tag, docker.io, library/sha256, tag",
    "Asdf.com/foo/bar, Asdf.com, foo/bar, latest",
    "host:99999/x, host:99999, x, latest",
    "host.example:0/x:y, host.example:0, x, y",
    "LOCALHOST/x, LOCALHOST, x, latest",
    "[::]/x, [::], x, latest",
    "[:]/x, [:], x, latest",
    "a.b/c, a.b, c, latest",
    "a-b.c-d:1/e, a-b.c-d:1, e, latest",
    "docker.io/library/a, docker.io, library/a, latest",
    "docker.io/u/a, docker.io, u/a, latest",
    "a/b/c/d, docker.io, a/b/c/d, latest",
    "a:_x, docker.io, library/a, _x",
    "a:A.b-c_D, docker.io, library/a, A.b-c_D",
    "foo_bar.com:8080, docker.io, library/foo_bar.com, 8080",
    "foo/foo_bar.com:8080, docker.io, foo/foo_bar.com, 8080",
    "registry.example/a__b/c--d:e, registry.example, a__b/c--d, e",
  })
  void IMG14_aReferenceIsCompletedAsDockerDoes(String text, String domain, String path, String tag)
      throws Exception {
    ImageRef.Registry expected =
        new ImageRef.Registry(domain, path, Optional.of(tag), Optional.empty());
    assertThat(ImageRef.parse(text)).isEqualTo(expected);
    assertThat(ImageRef.parse(expected.name())).isEqualTo(expected);
    assertThat(ImageRef.parse(expected.familiar())).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":t",
        "@sha256:" + HEX,
        "repo@sha256:ffff",
        "repo@md5:" + HEX,
        "Uppercase:tag",
        "test:5000/Uppercase/x",
        "[2001:db8::1]",
        "[fe80::1%eth0]/x",
        "[]/x",
        "[::1/x",
        "::1]/x",
        "[::1]:/x",
        "[::1]x/y",
        "[2001:db8::1]:5000",
        "[g::1]/x",
        "aa/asdf$$^/aa",
        "foo_bar.com:8080/x",
        "foo.com:http/x",
        "a-.example/x",
        "a..b/x",
        ".a.b/x",
        "a./x",
        "docker.io/",
        "docker.io//x",
        "x//",
        "x/.y",
        "x/y.",
        "x@",
        "x@y",
        "x:t@sha256:" + HEX + "0",
        "x@SHA256:" + HEX,
        "x@sha256:FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "x@sha512:" + HEX,
        "x:\t",
        "x\0",
        " x",
        "x ",
        "x:t/y",
        "A",
        "https://example.com/x",
        "-docker",
        "docker-/x",
        "_x/_x",
        "dock..er",
        "dock_.er",
        "dock-.er",
        "a///b",
        "x/",
        "docker.io/" + HEX + ":",
        "a:",
        "a:.x",
        "a:-x",
        "a b",
        "a\nb",
        "host:/x",
        "-h.example/x",
        "a:b:c",
        "repo@sha256:" + HEX + "@sha256:" + HEX,
        "a___b",
        "/x",
        "ä"
      })
  void IMG14_whatDockerRefusesIsRefused(String text) {
    assertThatThrownBy(() -> ImageRef.parse(text))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ImageException.Kind.BAD_REFERENCE);
              assertThat(e.getMessage()).doesNotContain("\n");
            });
  }

  @Test
  void IMG14_sixtyFourDigitsAreAnIdAndNoName() throws Exception {
    ImageRef.Id id = new ImageRef.Id(new Digest("sha256", HEX));
    assertThat(ImageRef.parse(HEX)).isEqualTo(id);
    assertThat(ImageRef.parse("sha256:" + HEX)).isEqualTo(id);
    assertThat(ImageRef.parse(id.name())).isEqualTo(id);
    assertThatThrownBy(() -> ImageRef.parseRegistry(HEX)).hasMessageContaining("an id, not a name");
    assertThat(ImageRef.parse("host.example/" + HEX).familiar()).isEqualTo("host.example/" + HEX);
    assertThat(ImageRef.parse(HEX.substring(1))).isInstanceOf(ImageRef.Registry.class);
  }

  @ParameterizedTest
  @CsvSource({
    "busybox, busybox:latest",
    "docker.io/u/a:1, u/a:1",
    "host.example/a, host.example/a:latest",
    "oci:/a, oci:/a",
  })
  void theTagIsAlwaysShownInLists(String text, String shown) throws Exception {
    assertThat(ImageRef.parse(text).tagged()).isEqualTo(shown);
  }

  /** Without the part that Docker adds, each of these would be another image, or a file. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker.io/library/hello",
        "docker.io/library/sha256:" + HEX,
        "docker.io/library/" + HEX,
        "docker.io/library/oci:x",
        "docker.io/library/docker-archive:x",
        "docker.io/library/a/b",
        "docker.io/localhost/x",
        "docker.io/a.b/c"
      })
  void IMG16_theShortNameMeansTheSameImage(String text) throws Exception {
    ImageRef reference = ImageRef.parseRegistry(text);
    assertThat(ImageRef.parse(reference.familiar())).isEqualTo(reference);
    assertThat(ImageRef.parse(reference.tagged())).isEqualTo(reference);
  }

  @Test
  void IMG14_lengthsAreLimited() throws Exception {
    ImageRef.parse("host.example/" + "a".repeat(255));
    ImageRef.parse("a:" + "t".repeat(128));
    assertThatThrownBy(() -> ImageRef.parse("host.example/" + "a".repeat(256)))
        .hasMessageContaining("longer than 255");
    assertThatThrownBy(() -> ImageRef.parse("a:" + "t".repeat(129)))
        .hasMessageContaining("at most 128");
  }

  @Test
  void IMG15_aHugeReferenceIsRefusedAtOnce() {
    assertThatThrownBy(() -> ImageRef.parse("a".repeat(1 << 20)))
        .hasMessageContaining("longer than");
    assertThatThrownBy(() -> ImageRef.parse("a" + "-a".repeat(5000) + "!"))
        .hasMessageContaining("longer than");
  }

  @Test
  void tagAndDigestMayStandTogether() throws Exception {
    ImageRef.Registry ref = ImageRef.parseRegistry("host:5000/r:tag@sha256:" + HEX);
    assertThat(ref.tag()).contains("tag");
    assertThat(ref.digest()).contains(new Digest("sha256", HEX));
    assertThat(ref.name()).isEqualTo("host:5000/r:tag@sha256:" + HEX);
    assertThat(ImageRef.parseRegistry("r@sha256:" + HEX).tag()).isEmpty();
  }

  @Test
  void transportsNameLocalFiles() throws Exception {
    assertThat(ImageRef.parse("oci:/a/b"))
        .isEqualTo(new ImageRef.OciLayout(Path.of("/a/b"), Optional.empty()));
    assertThat(ImageRef.parse("oci:/a/b:x:1"))
        .isEqualTo(new ImageRef.OciLayout(Path.of("/a/b"), Optional.of("x:1")));
    assertThat(ImageRef.parse("oci-archive:/a/b.tar:v1"))
        .isEqualTo(new ImageRef.OciArchive(Path.of("/a/b.tar"), Optional.of("v1")));
    assertThat(ImageRef.parse("docker-archive:/a.tar:busybox"))
        .isEqualTo(
            new ImageRef.DockerArchive(
                Path.of("/a.tar"), Optional.of(ImageRef.parseRegistry("busybox"))));
    assertThat(ImageRef.parse("hello")).isEqualTo(new ImageRef.BuiltIn());
    assertThatThrownBy(() -> ImageRef.parse("oci:")).hasMessageContaining("names no file");
    // No locale has half of a surrogate pair; the C locale has nothing beyond ASCII.
    assertThatThrownBy(() -> ImageRef.parse("oci:/\ud800"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("set LC_ALL=C.UTF-8");
  }
}
