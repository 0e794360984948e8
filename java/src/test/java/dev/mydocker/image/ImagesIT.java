package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.image.RawTar.Field;
import dev.mydocker.kernel.Directory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagesIT {
  private Scratch scratch;
  private Path root;
  private Images images;
  private TestImage image;

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    images = Images.open(root, Map.of());
    image = new TestImage(scratch.path().resolve("layout"));
  }

  @AfterEach
  void close() throws IOException {
    scratch.close();
  }

  private Image get(ImageRef ref, PullPolicy policy) throws IOException {
    return images.get(ref, Platform.host(), policy, PullListener.NONE);
  }

  private Image get() throws IOException {
    return get(image.ref("t"), PullPolicy.MISSING);
  }

  private String read(Image i, String path) throws IOException {
    return images
        .read(i, path, 1000)
        .map(b -> new String(b, StandardCharsets.UTF_8))
        .orElse("(none)");
  }

  private void assertNothingKept() throws IOException {
    assertThat(images.list()).isEmpty();
    if (Files.exists(root)) {
      assertThat(root.resolve("work").toFile().list()).isEmpty();
      assertThat(root.resolve("locks").toFile().list()).isEmpty();
      assertThat(images.layers().toFile().list()).isEmpty();
    }
  }

  private void assertFails(Kind kind) throws IOException {
    assertThatThrownBy(this::get)
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind);
              assertThat(e.getMessage()).doesNotContain("\n");
            });
    assertNothingKept();
  }

  /** Runs a program, which must succeed, and gives its output. */
  private String run(String... command) throws Exception {
    Path out = scratch.path().resolve("output");
    Process p =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    int status = p.waitFor();
    String text = Files.readString(out, StandardCharsets.ISO_8859_1);
    assertThat(status).as(String.join(" ", command) + ": " + text).isZero();
    return text;
  }

  // ---- getting ----------------------------------------------------------------------------------

  @Test
  void theBuiltInImageIsKeptAndSkopeoReadsIt() throws Exception {
    Image hello = get(new ImageRef.BuiltIn(), PullPolicy.MISSING);
    assertThat(hello.config().entrypoint()).containsExactly("/hello");
    assertThat(images.layers().resolve(hello.diffIds().get(0).hex()).resolve("hello"))
        .isExecutable();
    assertThat(run("skopeo", "inspect", "oci:" + root + "/images:hello"))
        .contains(hello.manifestDigest().toString());
    assertThat(images.list()).containsExactly(hello);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:5000/app:1", "docker.io/library/busybox:latest"})
  void skopeoReadsRegistryNames(String name) throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Image got = get();
    try (ImageState state = ImageState.create(root)) {
      state.store().put(name, state.store().find(got.name()).orElseThrow());
    }
    assertThat(run("skopeo", "inspect", "oci:" + root + "/images:" + name))
        .contains(got.manifestDigest().toString());
    Image again = get(ImageRef.parse(name), PullPolicy.NEVER);
    assertThat(again.name()).isEqualTo(name);
    assertThat(again.diffIds()).isEqualTo(got.diffIds());
  }

  @Test
  void eventsComeInOrderAndNoneWhenAllIsThere() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    List<String> events = new ArrayList<>();
    PullListener listener =
        new PullListener() {
          @Override
          public synchronized void layer(String id, long total) {
            events.add("layer");
          }

          @Override
          public synchronized void alreadyExists(String id) {
            events.add("exists");
          }

          @Override
          public synchronized void verified(String id) {
            events.add("verified");
          }

          @Override
          public synchronized void done(String id) {
            events.add("done");
          }
        };
    images.get(image.ref("t"), Platform.host(), PullPolicy.MISSING, listener);
    assertThat(events).startsWith("layer").endsWith("done").contains("verified").hasSize(3);
    events.clear();
    images.get(image.ref("t"), Platform.host(), PullPolicy.MISSING, listener);
    assertThat(events).isEmpty();
    images.get(image.ref("t"), Platform.host(), PullPolicy.ALWAYS, listener);
    assertThat(events).containsExactly("layer", "exists");
  }

  @Test
  void neverFetchesNothing() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    assertThatThrownBy(() -> get(image.ref("t"), PullPolicy.NEVER))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
    assertThat(root).doesNotExist();
    get();
    assertThat(get(image.ref("t"), PullPolicy.NEVER).size()).isPositive();
  }

  @Test
  void aChangedLayoutIsNoticed() throws Exception {
    image.layer(new RawTar().file("a", "old").end()).tag("t");
    get();
    image.layer(new RawTar().file("a", "new").end()).tag("t");
    assertThat(read(get(), "/a")).isEqualTo("new");
    assertThat(images.list()).hasSize(1);
    assertThat(images.local().list()).extracting(ListedImage::name).contains("").hasSize(2);
  }

  @Test
  void describeWritesNothing() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Image described = images.describe(image.ref("t"), Platform.host(), PullListener.NONE);
    assertThat(root).doesNotExist();
    assertThat(described).isEqualTo(get());
  }

  @Test
  void anotherPlatformIsRefused() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    assertThatThrownBy(
            () ->
                images.get(
                    image.ref("t"),
                    Platform.parse("linux/s390x"),
                    PullPolicy.MISSING,
                    PullListener.NONE))
        .hasMessageContaining("not for linux/s390x");
  }

  @Test
  void lostLayersAreMadeAgainFromTheStore() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Image got = get();
    try (Directory layers = Directory.open(images.layers())) {
      layers.removeTree(Overlay.bytes(got.diffIds().get(0).hex()));
    }
    assertThat(read(get(image.ref("t"), PullPolicy.NEVER), "/a")).isEqualTo("x");
  }

  @Test
  void IMG17_aDamagedBlobIsFetchedAgain() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Image got = get();
    Path blob = root.resolve("images/blobs/sha256/" + image.layerDigest(0).hex());
    byte[] bytes = Files.readAllBytes(blob);
    bytes[20] ^= 1;
    Files.write(blob, bytes);
    try (Directory layers = Directory.open(images.layers())) {
      layers.removeTree(Overlay.bytes(got.diffIds().get(0).hex()));
    }
    assertThatThrownBy(() -> get(image.ref("t"), PullPolicy.NEVER))
        .isInstanceOf(ImageException.class);
    assertThat(read(get(), "/a")).isEqualTo("x");
  }

  // ---- what is wrong ----------------------------------------------------------------------------

  @Test
  void IMG01_aFlippedByteIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "x".repeat(10_000)).end();
    image.layer(tar, MediaType.OCI_LAYER, Digest.of(tar)).tag("t");
    Path blob = image.path(image.layerDigest(0));
    for (int at : new int[] {3, 700, tar.length - 1}) {
      byte[] bytes = tar.clone();
      bytes[at] ^= 1;
      Files.write(blob, bytes);
      assertFails(Kind.DIGEST_MISMATCH);
    }
  }

  @Test
  void IMG01_anotherCompressionOfTheSameIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "x").end();
    image.layer(tar).tag("t");
    byte[] blob = Files.readAllBytes(image.path(image.layerDigest(0)));
    blob[9] ^= 1;
    Files.write(image.path(image.layerDigest(0)), blob);
    assertFails(Kind.DIGEST_MISMATCH);
  }

  @Test
  void IMG02_blobsOfAnotherSizeAreRefused() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Path path = image.path(image.layerDigest(0));
    byte[] blob = Files.readAllBytes(path);
    Files.write(path, java.util.Arrays.copyOf(blob, blob.length + 1));
    assertFails(Kind.DIGEST_MISMATCH);
    Files.write(path, java.util.Arrays.copyOf(blob, blob.length - 1));
    assertFails(Kind.TRUNCATED);
    Files.delete(path);
    assertFails(Kind.NOT_FOUND);
  }

  @Test
  void IMG03_anotherDiffIdIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "x").end();
    image
        .layer(GzipInputTest.gzip(tar), MediaType.OCI_LAYER + "+gzip", Digest.of(new byte[1]))
        .tag("t");
    assertFails(Kind.DIGEST_MISMATCH);
  }

  @Test
  void IMG03_anotherNumberOfLayersIsRefused() throws Exception {
    image.layer(new RawTar().file("a", "x").end());
    String config =
        "{\"architecture\":\""
            + Platform.host().architecture()
            + "\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
    image.tag("t", config.getBytes(StandardCharsets.UTF_8));
    assertFails(Kind.NOT_AN_IMAGE);
  }

  @Test
  void IMG07_oversizedDocumentsAreRefused() throws Exception {
    image.layer(new RawTar().file("a", "x").end());
    image.tag("t", new byte[Document.MAX_SIZE + 1]);
    assertFails(Kind.TOO_LARGE);
    image.tag("t", new byte[DocumentLimits.DEFAULT.bytes() + 1]);
    assertFails(Kind.TOO_LARGE);
  }

  @ParameterizedTest
  @CsvSource({"DOCUMENT_BYTES, 99", "DOCUMENT_DEPTH, 2", "LAYERS, 1", "LAYER_PATH, 5"})
  void IMG07_aLimitThatIsSetIsHeldAndNamed(String limit, String value) throws Exception {
    String name = "MYDOCKER_LIMIT_" + limit;
    image.layer(new RawTar().file("a", "x").end()).layer(new RawTar().file("longer", "x").end());
    image.tag("t");
    images = Images.open(root, Map.of(name, value));
    assertThatThrownBy(this::get).hasMessageContaining("(" + name + ")");
    assertThat(images.list()).isEmpty();
    images = Images.open(root, Map.of());
    assertThat(read(get(), "/longer")).isEqualTo("x");
  }

  @Test
  void TAR47_theContentDecidesAboutCompression() throws Exception {
    byte[] tar = new RawTar().file("a", "x").end();
    image
        .layer(tar, MediaType.OCI_LAYER + "+gzip", Digest.of(tar))
        .layer(
            GzipInputTest.gzip(new RawTar().file("b", "y").end()),
            MediaType.OCI_LAYER,
            Digest.of(new RawTar().file("b", "y").end()))
        .tag("t");
    Image got = get();
    assertThat(read(got, "/a") + read(got, "/b")).isEqualTo("xy");
  }

  @Test
  void TAR42_paddingCountsForTheDigestOnly() throws Exception {
    byte[] tar = java.util.Arrays.copyOf(new RawTar().file("a", "x").end(), 40 << 20);
    image.layer(tar).tag("t");
    assertThat(read(get(), "/a")).isEqualTo("x");
  }

  @Test
  void TAR43_whatGrowsBeyondTheLimitIsRefused() throws Exception {
    image.layer(new RawTar().file("a", "\0".repeat(3 << 20)).end()).tag("t");
    images = Images.open(root, Map.of(), new UnpackLimits(2 << 20, 400, 1000));
    assertFails(Kind.TOO_LARGE);
  }

  @Test
  void aLayerThatIsNoTarIsRefused() throws Exception {
    byte[] noTar = "no tar at all".repeat(100).getBytes(StandardCharsets.UTF_8);
    image.layer(noTar).tag("t");
    assertFails(Kind.NOT_AN_IMAGE);
  }

  @Test
  void oneBadLayerOfManyLeavesNothingHalf() throws Exception {
    for (int i = 0; i < 8; i++) {
      image.layer(new RawTar().file("f" + i, "x".repeat(1000 * i)).end());
    }
    image.layer(new RawTar().file("../x", "").end()).tag("t");
    assertThatThrownBy(this::get).hasMessageContaining("..");
    assertThat(images.list()).isEmpty();
    assertThat(root.resolve("work").toFile().list()).isEmpty();
    assertThat(root.resolve("locks").toFile().list()).isEmpty();
  }

  @Test
  void leftOversOfTheDeadAreSwept() throws Exception {
    ImageState.create(root).close();
    Files.createDirectories(root.resolve("work/dead/layer-x/etc"));
    Files.writeString(root.resolve("work/dead/blob-y"), "half");
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    get();
    assertThat(root.resolve("work").toFile().list()).isEmpty();
  }

  @Test
  void aFullDiskIsOneLineAndLeavesNothing() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", scratch.make("small").toString());
    try {
      images = Images.open(scratch.path().resolve("small/root"), Map.of());
      image.layer(new RawTar().file("a", "\0".repeat(8 << 20)).end()).tag("t");
      assertThatThrownBy(this::get)
          .hasMessageContaining("ENOSPC")
          .hasMessageContaining("make room in")
          .hasMessageNotContaining("\n");
      Path small = scratch.path().resolve("small/root");
      assertThat(small.resolve("work").toFile().list()).isEmpty();
      assertThat(small.resolve("layers").toFile().list()).isEmpty();
    } finally {
      run("umount", scratch.path().resolve("small").toString());
    }
  }

  @Test
  void aFullDiskIsSaidWhereALayerComesBack() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", scratch.make("small").toString());
    try {
      Path small = scratch.path().resolve("small/root");
      images = Images.open(small, Map.of());
      image.layer(new RawTar().file("a", "\0".repeat(2 << 20)).end()).tag("t");
      Image unpacked = get();
      Digest layer = unpacked.diffIds().get(0);
      try (ImageState state = ImageState.create(small)) {
        state.layers().removeTree(Overlay.bytes(layer.hex()));
      }
      Files.write(scratch.path().resolve("small/other"), new byte[3 << 20]);
      List<String> needed = List.of(layer.toString());
      assertThatThrownBy(() -> images.restore(unpacked.imageId(), needed, Optional.empty()))
          .hasMessageContaining("ENOSPC")
          .hasMessageEndingWith(": make room in " + small)
          .hasMessageNotContaining("\n");
      assertThat(small.resolve("work").toFile().list()).isEmpty();
      assertThat(small.resolve("layers").toFile().list()).isEmpty();
    } finally {
      run("umount", scratch.path().resolve("small").toString());
    }
  }

  @Test
  void threadsThatFetchTheSameWaitForEachOther() throws Exception {
    for (int i = 0; i < 5; i++) {
      image.layer(new RawTar().file("f" + i, "x".repeat(200_000)).end());
    }
    image.tag("t");
    ExecutorService pool = Executors.newFixedThreadPool(6);
    try {
      List<Callable<Image>> tasks = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        tasks.add(
            () ->
                Images.open(root, Map.of())
                    .get(image.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE));
      }
      Image first = tasks.get(0).call();
      for (Future<Image> future : pool.invokeAll(tasks)) {
        assertThat(future.get()).isEqualTo(first);
      }
    } finally {
      pool.shutdown();
    }
    assertThat(images.layers().toFile().list()).hasSize(5);
    assertThat(root.resolve("locks").toFile().list()).isEmpty();
  }

  // ---- archives ---------------------------------------------------------------------------------

  private String memberJson(String layer) {
    return "[{\"Config\":\"config.json\",\"RepoTags\":[\"app:1\",\"evil:../x\"],\"Layers\":[\""
        + layer
        + "\"]}]";
  }

  private String configJson(byte[] tar) {
    return "{\"architecture\":\""
        + Platform.host().architecture()
        + "\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
        + Digest.of(tar)
        + "\"]}}";
  }

  private Image archive(RawTar tar, String suffix) throws IOException {
    Path file = scratch.path().resolve("archive.tar");
    Files.write(file, tar.end());
    return get(ImageRef.parse("docker-archive:" + file + suffix), PullPolicy.MISSING);
  }

  @Test
  void IMG13_dockerArchivesInTheOldForm() throws Exception {
    byte[] layer = new RawTar().file("a", "old form").end();
    RawTar tar =
        new RawTar()
            .file("abc/layer.tar", Overlay.text(layer))
            .symlink("def/layer.tar", "../abc/layer.tar")
            .file("config.json", configJson(layer))
            .file("manifest.json", memberJson("def/layer.tar"));
    assertThat(read(archive(tar, ""), "/a")).isEqualTo("old form");
    assertThat(read(archive(tar, ":app:1"), "/a")).isEqualTo("old form");
    assertThatThrownBy(() -> archive(tar, ":other")).hasMessageContaining("app:1");
  }

  @Test
  void IMG13_dockerArchivesWithGzipLayers() throws Exception {
    byte[] layer = new RawTar().file("a", "zipped").end();
    String path = "blobs/sha256/" + Digest.of(GzipInputTest.gzip(layer)).hex();
    RawTar tar =
        new RawTar()
            .file("manifest.json", memberJson(path))
            .file(path, Overlay.text(GzipInputTest.gzip(layer)))
            .file("config.json", configJson(layer));
    assertThat(read(archive(tar, ""), "/a")).isEqualTo("zipped");
  }

  @Test
  void IMG13_ambiguousTruncatedAndStrayingArchivesAreRefused() throws Exception {
    byte[] layer = new RawTar().file("a", "x").end();
    String text = Overlay.text(layer);
    RawTar twice =
        new RawTar()
            .file("l.tar", text)
            .file("config.json", configJson(layer))
            .file("./l.tar", text)
            .file("manifest.json", memberJson("l.tar"));
    assertThatThrownBy(() -> archive(twice, "")).hasMessageContaining("twice");
    for (String path : new String[] {"../l.tar", "/l.tar", "missing", "out"}) {
      RawTar tar =
          new RawTar()
              .file("l.tar", text)
              .symlink("out", "/etc/passwd")
              .file("config.json", configJson(layer))
              .file("manifest.json", memberJson(path));
      assertThatThrownBy(() -> archive(tar, "")).as(path).isInstanceOf(ImageException.class);
    }
    Path file = scratch.path().resolve("cut.tar");
    Files.write(file, java.util.Arrays.copyOf(twice.end(), 1700));
    assertThatThrownBy(() -> get(ImageRef.parse("oci-archive:" + file), PullPolicy.MISSING))
        .isInstanceOf(ImageException.class);
    Files.write(file, GzipInputTest.gzip(twice.end()));
    assertThatThrownBy(() -> get(ImageRef.parse("oci-archive:" + file), PullPolicy.MISSING))
        .hasMessageContaining("gunzip");
    assertNothingKept();
  }

  @Test
  void skopeosArchivesAreRead() throws Exception {
    image.layer(new RawTar().file("a", "x").end()).tag("t");
    Path docker = scratch.path().resolve("d.tar");
    Path oci = scratch.path().resolve("o.tar");
    String from = "oci:" + scratch.path().resolve("layout") + ":t";
    run("skopeo", "copy", "--insecure-policy", "-q", from, "docker-archive:" + docker + ":a/b:c");
    run("skopeo", "copy", "--insecure-policy", "-q", from, "oci-archive:" + oci + ":name");
    for (String ref : new String[] {"docker-archive:" + docker + ":a/b:c", "oci-archive:" + oci}) {
      assertThat(read(get(ImageRef.parse(ref), PullPolicy.MISSING), "/a")).isEqualTo("x");
    }
  }

  // ---- layers together --------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void TAR07_whatLiesBelowALowerLayersLinkLandsWhereItLeads(boolean listed) throws Exception {
    RawTar first = new RawTar().directory("var").symlink("var/run", "/run");
    if (listed) {
      first.entry("run/", '5', "", Field.MODE.octal(0710), Field.UID.octal(3)).file("run/old", "o");
    }
    image
        .layer(first.end())
        .layer(new RawTar().file("var/run/a/b/f", "landed").end())
        .layer(new RawTar().file("var/run/a/g", "too").file("var/run/.wh.old", "").end())
        .tag("t");
    Image got = get();
    assertThat(read(got, "/run/a/b/f")).isEqualTo("landed");
    assertThat(read(got, "/var/run/a/g")).isEqualTo("too");
    assertThat(read(got, "/run/old")).isEqualTo("(none)");
    String merged = mounted(got, "readlink var/run; cat run/a/b/f run/a/g; stat -c ' %a %u' run");
    assertThat(merged).isEqualTo("/run\nlandedtoo" + (listed ? " 710 3" : " 755 0") + "\n");
  }

  @Test
  void whatATarDoesNotListIsAsTheLayersBelowHaveIt() throws Exception {
    image
        .layer(
            new RawTar()
                .entry("./", '5', "", Field.MODE.octal(0555))
                .entry("tmp/", '5', "", Field.MODE.octal(01777), Field.GID.octal(5))
                .end())
        .layer(new RawTar().file("tmp/x", "").end())
        .tag("t");
    assertThat(mounted(get(), "stat -c '%a %g %Y' . tmp"))
        .isEqualTo("555 0 1000000000\n1777 5 1000000000\n");
  }

  @Test
  void TAR19_anOpaqueRootHidesEverythingBelow() throws Exception {
    image
        .layer(new RawTar().file("a", "").file("d/old", "").file("e/x", "").end())
        .layer(new RawTar().file(".wh..wh..opq", "").file("d/new", "").end())
        .tag("t");
    assertThat(mounted(get(), "find . -mindepth 1 | sort")).isEqualTo("./d\n./d/new\n");
  }

  @Test
  void readSeesLayersAsTheOverlayDoes() throws Exception {
    image
        .layer(
            new RawTar()
                .file("etc/passwd", "low")
                .file("etc/gone", "g")
                .file("opt/x/y", "y")
                .symlink("abs", "/etc/passwd")
                .symlink("up", "../../../etc/passwd")
                .symlink("etc/alt", "../links/one")
                .symlink("links/one", "two")
                .symlink("links/two", "/abs")
                .symlink("loop", "loop")
                .entry("fifo", '6', "")
                .end())
        .layer(
            new RawTar()
                .file("etc/.wh.gone", "")
                .file("opt/.wh..wh..opq", "")
                .file("etc/passwd", "high")
                .end())
        .tag("t");
    Image got = get();
    for (String path : new String[] {"/etc/passwd", "/abs", "/up", "/etc/alt", "//etc/../abs"}) {
      assertThat(read(got, path)).as(path).isEqualTo("high");
    }
    for (String path : new String[] {"/etc/gone", "/opt/x/y", "/nothing", "/etc/passwd/x"}) {
      assertThat(read(got, path)).as(path).isEqualTo("(none)");
    }
    assertThatThrownBy(() -> read(got, "/loop")).hasMessageContaining("too many links");
    assertThatThrownBy(() -> read(got, "/fifo")).hasMessageContaining("no regular file");
    assertThatThrownBy(() -> read(got, "/etc")).hasMessageContaining("no regular file");
    assertThatThrownBy(() -> images.read(got, "/abs", 3)).hasMessageContaining("longer than 3");
  }

  @Test
  void umociUnpacksTheSameTree() throws Exception {
    String capability = "\1\0\0\2\u0080\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    RawTar base = new RawTar().entry("./", '5', "", Field.MODE.octal(0751));
    for (String d : new String[] {"bin", "etc", "opq", "opq/in", "gone", "dev", "home", "swap"}) {
      base.directory(d);
    }
    base.entry("bin/su", '0', "su", Field.MODE.octal(04755))
        .pax("SCHILY.xattr.security.capability", capability, "mtime", "1234567890.123456789")
        .entry("bin/cap", '0', "cap", Field.MODE.octal(0755))
        .hardlink("bin/cap2", "bin/cap")
        .pax("SCHILY.xattr.user.note", "\0\377x")
        .entry("etc/conf", '0', "conf", Field.UID.octal(12), Field.GID.octal(34))
        .symlink("etc/link", "/nowhere/\u00ff")
        .entry("dev/null", '3', "", Field.MAJOR.octal(1), Field.MINOR.octal(3))
        .entry("dev/loop", '4', "", Field.MODE.octal(0660), Field.MAJOR.octal(7))
        .entry("dev/fifo", '6', "", Field.MODE.octal(0600), Field.UID.octal(9))
        .file("opq/in/old", "o")
        .file("gone/x", "x")
        .file("swap/a", "a")
        .file("home/caf\u00e9", "1")
        .file("home/\u00ff", "2")
        .file("home/a\nb", "3")
        .file("home/-rf *", "4");
    RawTar second =
        new RawTar()
            .entry("./", '5', "", Field.MODE.octal(0751))
            .directory("opq")
            .file("opq/.wh..wh..opq", "")
            .file("opq/new", "n")
            .file(".wh.gone", "")
            .directory("home")
            .file("home/.wh.\u00ff", "")
            .entry("swap", '0', "now a file", Field.MODE.octal(0640));
    RawTar third =
        new RawTar()
            .entry("./", '5', "", Field.MODE.octal(0750))
            .directory("gone")
            .file("gone/back", "b")
            .entry("etc/", '5', "", Field.MODE.octal(01777), Field.MTIME.octal(5))
            .entry("etc/conf", '0', "newer", Field.MODE.octal(02711), Field.GID.octal(3));
    image.layer(base.end()).layer(second.end()).layer(third.end()).tag("t");
    assertSameAsUmoci(get(), scratch.path().resolve("layout") + ":t");
  }

  @Test
  void umociUnpacksTheSameBusybox() throws Exception {
    Path archive = Path.of("images/out/busybox.oci.tar").toAbsolutePath();
    assertThat(archive).as("made by images/build.sh busybox").exists();
    Path layout = scratch.path().resolve("busybox");
    run(
        "skopeo",
        "copy",
        "--insecure-policy",
        "-q",
        "oci-archive:" + archive,
        "oci:" + layout + ":b");
    Image got = get(ImageRef.parse("oci-archive:" + archive), PullPolicy.MISSING);
    assertSameAsUmoci(got, layout + ":b");
  }

  private void assertSameAsUmoci(Image got, String layout) throws Exception {
    Path bundle = scratch.path().resolve("bundle");
    run("umoci", "unpack", "--image", layout, bundle.toString());
    String archive =
        "tar -c --format=pax --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*'"
            + " --numeric-owner --sort=name . >"
            + scratch.path();
    mounted(got, archive + "/ours.tar");
    run("sh", "-c", "cd " + bundle + "/rootfs && " + archive + "/umoci.tar");
    String list = "tar -tvvf %s --xattrs --numeric-owner --full-time --quoting-style=escape";
    String ours = run("sh", "-c", String.format(list, scratch.path() + "/ours.tar"));
    String umoci = run("sh", "-c", String.format(list, scratch.path() + "/umoci.tar"));
    assertThat(ours).isEqualTo(umoci).contains("./");
    run("cmp", scratch.path() + "/ours.tar", scratch.path() + "/umoci.tar");
  }

  /** Runs a shell script in the image's merged tree, in a mount namespace of its own. */
  private String mounted(Image got, String script) throws Exception {
    List<String> lower = new ArrayList<>();
    for (Digest d : got.diffIds()) {
      lower.add(0, images.layers().resolve(d.hex()).toString());
    }
    if (lower.size() == 1) {
      lower.add(Files.createDirectories(scratch.path().resolve("empty")).toString());
    }
    Path at = Files.createDirectories(scratch.path().resolve("merged"));
    return run(
        "unshare",
        "-m",
        "sh",
        "-ec",
        "mount -t overlay -o lowerdir="
            + String.join(":", lower)
            + " overlay "
            + at
            + "; cd "
            + at
            + "; "
            + script);
  }
}
