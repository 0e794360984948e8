package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageArchives.Loaded;
import dev.mydocker.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageArchivesIT {
  private Scratch scratch;
  private Path root;
  private Images images;
  private Path file;
  private final List<Loaded> loaded = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    images = Images.open(root, Map.of());
    file = scratch.path().resolve("archive.tar");
  }

  @AfterEach
  void close() throws IOException {
    try (Scratch s = scratch) {
      for (String state : new String[] {"root", "other"}) {
        if (Files.exists(s.path().resolve(state).resolve("work"))) {
          assertThat(s.path().resolve(state).resolve("work").toFile().list()).isEmpty();
          assertThat(s.path().resolve(state).resolve("locks").toFile().list()).isEmpty();
        }
      }
    }
  }

  private static String configJson(byte[]... layers) {
    return configJson(Platform.host().architecture(), layers);
  }

  private static String configJson(String architecture, byte[]... layers) {
    List<String> diffIds = new ArrayList<>();
    for (byte[] layer : layers) {
      diffIds.add("\"" + Digest.of(layer) + "\"");
    }
    return "{\"architecture\":\""
        + architecture
        + "\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
        + String.join(",", diffIds)
        + "]}}";
  }

  /** An image of manifest.json. */
  private static String member(String config, String layer, String... tags) {
    return Json.object()
        .put("Config", config)
        .putStrings("RepoTags", List.of(tags))
        .putStrings("Layers", List.of(layer))
        .build()
        .toText();
  }

  private void load(byte[] archive) throws IOException {
    images
        .archives()
        .load(
            new ByteArrayInputStream(archive),
            "standard input",
            new Platforms.Usual(),
            PullListener.NONE,
            loaded::add);
  }

  private void load(Path path) throws IOException {
    images.archives().load(path, new Platforms.Usual(), PullListener.NONE, loaded::add);
  }

  private byte[] save(ArchiveFormat format, String... names) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    images.archives().save(List.of(names), Optional.empty(), format, out);
    return out.toByteArray();
  }

  private List<String> names() {
    return loaded.stream().flatMap(l -> l.names().stream()).toList();
  }

  private List<String> kept() throws IOException {
    return images.local().list().stream().map(ListedImage::name).toList();
  }

  private String read(String path) throws IOException {
    Image image = images.list().get(0);
    return new String(images.read(image, path, 1000).orElseThrow(), StandardCharsets.UTF_8);
  }

  private void assertRefused(byte[] archive, String... words) throws IOException {
    assertThatThrownBy(() -> load(archive))
        .isInstanceOf(ImageException.class)
        .hasMessageContainingAll(words)
        .hasMessageNotContaining("\n");
    assertThat(loaded).isEmpty();
    assertThat(images.list()).isEmpty();
  }

  private String run(String... command) throws Exception {
    Path out = scratch.path().resolve("output");
    Process p =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    int status = p.waitFor();
    String text = Files.readString(out, StandardCharsets.ISO_8859_1);
    assertThat(status).as(String.join(" ", command) + ": " + text).isZero();
    return text;
  }

  /** Two images of three names in the store. */
  private void fill() throws IOException {
    byte[] one = new RawTar().file("a", "one").end();
    byte[] two = GzipInputTest.gzip(new RawTar().file("a", "two").end());
    byte[] plainTwo = new RawTar().file("a", "two").end();
    load(
        new RawTar()
            .file("one.tar", Overlay.text(one))
            .file("two.tar", Overlay.text(two))
            .file("1.json", configJson(one))
            .file("2.json", configJson(plainTwo))
            .file(
                "manifest.json",
                "["
                    + member("1.json", "one.tar", "one:a", "localhost:5000/x/one:b")
                    + ","
                    + member("2.json", "two.tar", "two")
                    + "]")
            .end());
    assertThat(names()).containsExactly("one:a", "localhost:5000/x/one:b", "two:latest");
    loaded.clear();
  }

  // ---- saving and loading -----------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void whatIsSavedLoadsAsTheSameImages(ArchiveFormat format) throws Exception {
    fill();
    List<Image> before = images.list();
    byte[] archive = save(format, "one:a", "localhost:5000/x/one:b", "two");
    assertThat(save(format, "one:a", "localhost:5000/x/one:b", "two")).isEqualTo(archive);
    images = Images.open(scratch.path().resolve("other"), Map.of());
    load(archive);
    assertThat(names()).containsExactly("one:a", "localhost:5000/x/one:b", "two:latest");
    assertThat(images.list()).isEqualTo(before);
    assertThat(save(format, "one:a", "localhost:5000/x/one:b", "two")).isEqualTo(archive);
    loaded.clear();
    load(GzipInputTest.gzip(archive));
    assertThat(names()).hasSize(3);
    Files.write(file, archive);
    load(file);
    assertThat(names()).hasSize(6);
    assertThat(images.list()).isEqualTo(before);
  }

  @Test
  void aLayoutDirectoryIsWrittenWholeAndLoads() throws Exception {
    fill();
    List<Image> before = images.list();
    Path directory = scratch.path().resolve("layout");
    images.archives().saveDirectory(List.of("one:a", "two"), Optional.empty(), directory);
    assertThat(run("umoci", "ls", "--layout", directory.toString()))
        .isEqualTo("docker.io/library/one:a\ndocker.io/library/two:latest\n");
    assertThatThrownBy(
            () -> images.archives().saveDirectory(List.of("two"), Optional.empty(), directory))
        .hasMessageContaining("no empty directory");
    assertThatThrownBy(
            () ->
                images
                    .archives()
                    .saveDirectory(List.of("two"), Optional.empty(), directory.resolve("a/b")))
        .hasMessageContaining("its directory is not there");
    images = Images.open(scratch.path().resolve("other"), Map.of());
    load(directory);
    assertThat(names()).containsExactly("one:a", "two:latest");
    assertThat(images.list()).isSubsetOf(before).hasSize(2);
  }

  @Test
  void damageIsFoundWhileSavingAndLeavesNoDirectory() throws Exception {
    fill();
    Digest layer = Digest.of(new RawTar().file("a", "one").end());
    Files.writeString(
        root.resolve("images/blobs/sha256/" + layer.hex()), "X", StandardOpenOption.WRITE);
    Path directory = scratch.path().resolve("layout");
    assertThatThrownBy(() -> save(ArchiveFormat.OCI_ARCHIVE, "one:a"))
        .hasMessageContaining(layer.toString());
    assertThatThrownBy(
            () -> images.archives().saveDirectory(List.of("one:a"), Optional.empty(), directory))
        .hasMessageContaining(layer.toString());
    assertThat(scratch.path().toFile().list()).containsOnly("root");
  }

  @Test
  void imagesAreFoundByRepositoryAndId() throws Exception {
    fill();
    Image two = images.list().get(1);
    for (String id :
        new String[] {two.imageId().toString(), two.imageId().hex(), two.imageId().shortHex()}) {
      String archive = Overlay.text(save(ArchiveFormat.DOCKER_ARCHIVE, id));
      assertThat(archive).contains("\"RepoTags\":[]").doesNotContain("two");
    }
    String all = Overlay.text(save(ArchiveFormat.DOCKER_ARCHIVE, "localhost:5000/x/one"));
    assertThat(all).contains("\"RepoTags\":[\"localhost:5000/x/one:b\"]");
    for (String missing :
        new String[] {"three", "two:x", "sha256:" + "0".repeat(64), "0000", "U!"}) {
      assertThatThrownBy(() -> save(ArchiveFormat.OCI_ARCHIVE, missing))
          .hasMessageContaining(missing)
          .hasMessageContaining("mydocker images");
    }
    assertThatThrownBy(
            () ->
                images
                    .archives()
                    .save(
                        List.of("two"),
                        Optional.of(Platform.parse("linux/s390x")),
                        ArchiveFormat.OCI_ARCHIVE,
                        new ByteArrayOutputStream()))
        .hasMessageContaining("s390x");
  }

  @Test
  void skopeoAndTarReadWhatIsSaved() throws Exception {
    fill();
    Image one = images.list().get(0);
    Files.write(file, save(ArchiveFormat.DOCKER_ARCHIVE, "one:a", "two"));
    assertThat(run("tar", "tf", file.toString())).doesNotContain("tar:").contains("oci-layout\n");
    assertThat(run("tar", "tvf", file.toString()).lines())
        .allMatch(line -> line.contains(" 0/0 ") && line.contains(" 1970-01-01 "));
    for (String source : new String[] {"docker-archive:%s:one:a", "oci-archive:%s:a"}) {
      String config = run("skopeo", "inspect", "--raw", "--config", String.format(source, file));
      assertThat(Digest.of(Overlay.bytes(config))).as(source).isEqualTo(one.imageId());
    }
    Files.write(file, save(ArchiveFormat.OCI_ARCHIVE, "two"));
    assertThat(run("skopeo", "inspect", "oci-archive:" + file))
        .contains(images.list().get(1).manifestDigest().toString());
  }

  @Test
  void podmanLoadsWhatIsSavedAndItsArchivesLoadHere() throws Exception {
    fill();
    Files.write(file, save(ArchiveFormat.DOCKER_ARCHIVE, "one:a", "two"));
    String own = scratch.path() + "/podman";
    String[] podman = {"podman", "--root", own, "--runroot", own + "-run", "--storage-driver=vfs"};
    assertThat(run(and(podman, "load", "-q", "-i", file.toString())))
        .contains("docker.io/library/one:a")
        .contains("docker.io/library/two:latest");
    for (String format : new String[] {"docker-archive", "oci-archive"}) {
      Files.deleteIfExists(file);
      run(and(podman, "save", "-q", "--format", format, "-o", file.toString(), "two:latest"));
      Images other = Images.open(scratch.path().resolve("other"), Map.of());
      loaded.clear();
      other.archives().load(file, new Platforms.Usual(), PullListener.NONE, loaded::add);
      assertThat(names()).containsExactly("two:latest");
      assertThat(loaded.get(0).image().imageId()).isEqualTo(images.list().get(1).imageId());
    }
  }

  private static String[] and(String[] command, String... more) {
    String[] out = Arrays.copyOf(command, command.length + more.length);
    System.arraycopy(more, 0, out, command.length, more.length);
    return out;
  }

  // ---- names ------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"latest", "busybox", "Feature+x/y", "evil:../x", ""})
  void aLayoutsNameThatIsNoReferenceGivesNoName(String name) throws Exception {
    new TestImage(scratch.path().resolve("layout"))
        .layer(new RawTar().file("a", "x").end())
        .tag(name);
    load(scratch.path().resolve("layout"));
    assertThat(loaded).hasSize(1);
    assertThat(names()).isEmpty();
    assertThat(kept()).containsExactly("");
    load(scratch.path().resolve("layout"));
    assertThat(kept()).as("loaded twice").containsExactly("");
    assertThat(loaded.get(0).image().imageId()).isEqualTo(images.local().list().get(0).id());
  }

  @Test
  void aLoadedImageTakesItsNameFromAnother() throws Exception {
    fill();
    byte[] layer = new RawTar().file("a", "newer").end();
    load(
        new RawTar()
            .file("l", Overlay.text(layer))
            .file("c", configJson(layer))
            .file("manifest.json", "[" + member("c", "l", "two:latest") + "]")
            .end());
    assertThat(kept())
        .as("the one that lost its name stays without any")
        .containsExactlyInAnyOrder(
            "docker.io/library/one:a",
            "docker.io/library/two:latest",
            "localhost:5000/x/one:b",
            "");
    assertThat(images.list().get(1).diffIds()).containsExactly(Digest.of(layer));
  }

  // ---- hostile and old archives -----------------------------------------------------------------

  private static byte[] one(String layerPath, String... tags) {
    byte[] layer = new RawTar().file("a", "x").end();
    return archive(layer, layerPath, tags).end();
  }

  private static RawTar archive(byte[] layer, String layerPath, String... tags) {
    return new RawTar()
        .file("l.tar", Overlay.text(layer))
        .symlink("out", "/etc/passwd")
        .file("c.json", configJson(layer))
        .file("manifest.json", "[" + member("c.json", layerPath, tags) + "]");
  }

  @Test
  void IMG13_linkedLayersOfOldArchivesLoad() throws Exception {
    byte[] layer = new RawTar().file("a", "old form").end();
    load(
        new RawTar()
            .file(
                "manifest.json",
                "["
                    + member("c.json", "def/layer.tar", "old:1")
                    + ","
                    + member("d.json", "ghi/layer.tar", "old:2")
                    + "]")
            .directory("abc")
            .file("abc/layer.tar", Overlay.text(layer))
            .symlink("def/layer.tar", "../abc/layer.tar")
            .hardlink("ghi/layer.tar", "abc/layer.tar")
            .file("c.json", configJson(layer))
            .file("d.json", configJson(layer) + " ")
            .file("repositories", "{}")
            .end());
    assertThat(names()).containsExactly("old:1", "old:2");
    assertThat(read("/a")).isEqualTo("old form");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../l.tar", "/l.tar", "missing", "out", "./../l.tar", ""})
  void CP20_onlyMembersOfTheArchiveAreRead(String path) throws Exception {
    assertRefused(one(path, "a:1"), "standard input");
  }

  @Test
  void CP20_blobsOutsideOfALayoutAreNotRead() throws Exception {
    RawTar tar =
        new RawTar()
            .file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")
            .file(
                "index.json",
                "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\""
                    + MediaType.OCI_MANIFEST
                    + "\",\"digest\":\"sha256:../../x\",\"size\":1}]}");
    assertRefused(tar.end(), "is not a digest");
  }

  @Test
  void IMG13_aBadTagRefusesTheWholeImage() throws Exception {
    assertRefused(one("l.tar", "good:1", "evil:../x"), "evil:../x");
    assertRefused(one("l.tar", "good:1", "a@sha256:" + "0".repeat(64)), "no tag");
  }

  @Test
  void IMG13_aHundredThousandTagsAreRefused() throws Exception {
    String[] tags = new String[100_000];
    Arrays.setAll(tags, i -> "many:" + i);
    assertRefused(one("l.tar", tags), "manifest.json", "too large");
    assertRefused(one("l.tar", Arrays.copyOf(tags, 1001)), "more than 1000 names");
  }

  @Test
  void IMG13_duplicatedJoinedAndCutArchivesAreRefused() throws Exception {
    byte[] layer = new RawTar().file("a", "x").end();
    byte[] good = one("l.tar", "a:1");
    byte[] twice = archive(layer, "l.tar", "a:1").file("./l.tar", Overlay.text(layer)).end();
    assertRefused(twice, "twice");
    byte[] joined = Arrays.copyOf(good, 2 * good.length);
    System.arraycopy(good, 0, joined, good.length, good.length);
    assertRefused(joined, "something follows its end");
    for (int cut : new int[] {0, 100, 512, 700, 1500, 3000}) {
      assertThatThrownBy(() -> load(Arrays.copyOf(good, cut))).isInstanceOf(ImageException.class);
      byte[] zip = GzipInputTest.gzip(good);
      assertThatThrownBy(() -> load(Arrays.copyOf(zip, Math.min(cut, zip.length - 9))))
          .isInstanceOf(IOException.class);
    }
    assertThat(images.list()).isEmpty();
    load(Arrays.copyOf(good, good.length + 10240));
    assertThat(names()).containsExactly("a:1");
  }

  @Test
  void IMG13_eachImageIsKeptWholeOrNotAtAll() throws Exception {
    byte[] good = new RawTar().file("a", "good").end();
    byte[] bad = new RawTar().file("../a", "bad").end();
    byte[] archive =
        new RawTar()
            .file("good", Overlay.text(good))
            .file("bad", Overlay.text(bad))
            .file("1", configJson(good))
            .file("2", configJson(bad))
            .file(
                "manifest.json",
                "[" + member("1", "good", "a:1") + "," + member("2", "bad", "b:1", "b:2") + "]")
            .end();
    assertThatThrownBy(() -> load(archive)).hasMessageContaining("\"b:1\" of standard input");
    assertThat(names()).containsExactly("a:1");
    assertThat(kept()).containsExactly("docker.io/library/a:1");
    assertThat(images.layers().toFile().list()).containsExactly(Digest.of(good).hex());
  }

  @Test
  void IMG01_aLayerThatIsNotWhatTheConfigurationSaysIsRefused() throws Exception {
    byte[] layer = new RawTar().file("a", "x").end();
    byte[] other = new RawTar().file("a", "y").end();
    RawTar tar =
        new RawTar()
            .file("l", Overlay.text(other))
            .file("c", configJson(layer))
            .file("manifest.json", "[" + member("c", "l", "a:1") + "]");
    assertRefused(tar.end(), "has digest");
  }

  @Test
  void whatHoldsNoImageSaysSo() throws Exception {
    assertRefused(new RawTar().file("bin/sh", "").end(), "mydocker import");
    assertRefused(new RawTar().file("repositories", "{}").end(), "docker gave up");
    assertRefused("no tar at all".repeat(100).getBytes(StandardCharsets.UTF_8), "standard input");
    assertThatThrownBy(() -> load(scratch.path().resolve("missing")))
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> load(scratch.make("empty"))).hasMessageContaining("holds no image");
  }

  @Test
  void anotherPlatformsImageLoadsUnlessOneIsAskedFor() throws Exception {
    byte[] layer = new RawTar().file("a", "x").end();
    byte[] archive =
        new RawTar()
            .file("l", Overlay.text(layer))
            .file("c", configJson("s390x", layer))
            .file("manifest.json", "[" + member("c", "l", "a:1") + "]")
            .end();
    load(archive);
    assertThat(names()).containsExactly("a:1");
    assertThatThrownBy(
            () ->
                images
                    .archives()
                    .load(
                        new ByteArrayInputStream(archive),
                        "x",
                        new Platforms.One(Platform.host()),
                        PullListener.NONE,
                        loaded::add))
        .hasMessageContaining("s390x");
  }

  @Test
  void TAR43_anArchiveThatGrowsTooMuchIsRefused() throws Exception {
    images = Images.open(root, Map.of(), new UnpackLimits(1 << 20, 400, 1000));
    assertRefused(GzipInputTest.gzip(new byte[2 << 20]), "larger than 1048576 bytes");
  }

  @Test
  void anInputThatFailsLeavesNothing() throws Exception {
    byte[] good = one("l.tar", "a:1");
    InputStream failing =
        new InputStream() {
          private int at;

          @Override
          public int read() throws IOException {
            if (at == good.length / 2) {
              throw new IOException("the pipe broke");
            }
            return good[at++] & 0xff;
          }
        };
    assertThatThrownBy(
            () ->
                images
                    .archives()
                    .load(failing, "x", new Platforms.Usual(), PullListener.NONE, loaded::add))
        .hasMessageContaining("the pipe broke");
    assertThat(images.list()).isEmpty();
  }

  @Test
  void aFullDiskIsOneLineAndLeavesNothing() throws Exception {
    Path small = scratch.make("small");
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString());
    try {
      images = Images.open(small.resolve("root"), Map.of());
      byte[] archive = new RawTar().file("a", "\1".repeat(3 << 20)).end();
      assertThatThrownBy(() -> load(archive))
          .hasMessageContaining("ENOSPC")
          .hasMessageContaining("make room in")
          .hasMessageNotContaining("\n");
      assertThat(small.resolve("root/work").toFile().list()).isEmpty();
    } finally {
      run("umount", small.toString());
    }
  }
}
