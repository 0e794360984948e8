package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, removal and upkeep of what is in the store. */
class LocalImagesIT {
  private static final byte[] BASE = new RawTar().file("base", "b".repeat(5000)).end();

  private final List<ImageUsers.User> users = new ArrayList<>();
  private Scratch scratch;
  private Path root;
  private Images images;
  private LocalImages local;

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    images = Images.open(root, Map.of(), () -> List.copyOf(users));
    local = images.local();
  }

  @AfterEach
  void close() throws IOException {
    scratch.close();
  }

  /** A layout of one image: the layer that all share, and one of its own. */
  private TestImage layout(String name) throws IOException {
    return new TestImage(scratch.path().resolve(name))
        .layer(BASE)
        .layer(new RawTar().file(name, name.repeat(300)).end())
        .tag("t");
  }

  private static Image get(Images from, TestImage image) throws IOException {
    return from.get(image.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
  }

  /** Brings an image in and gives it that name alone. */
  private Image bring(String name) throws IOException {
    Image image = get(images, layout(name));
    local.tag(image.name(), name);
    local.remove(image.name(), false, true);
    return image;
  }

  private List<String> names() throws IOException {
    return local.list().stream().map(ListedImage::name).toList();
  }

  private Set<String> layers() {
    return Set.of(images.layers().toFile().list());
  }

  private int blobs() {
    return root.resolve("images/blobs/sha256").toFile().list().length;
  }

  private void assertClean() throws IOException {
    CheckReport report = local.check(false);
    assertThat(report.problems()).isEmpty();
    assertThat(report.notes()).isEmpty();
    assertThat(root.resolve("work").toFile().list()).isEmpty();
    assertThat(root.resolve("locks").toFile().list()).isEmpty();
  }

  private static Kind kindOf(Callable<?> call) {
    try {
      call.call();
    } catch (ImageException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
      return e.kind();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("it did not fail");
  }

  private static String hex(int index, Image image) {
    return image.diffIds().get(index).hex();
  }

  // ---- names ------------------------------------------------------------------------------------

  @Test
  void theLastNameTakesWhatNobodyElseHas() throws Exception {
    Image a = bring("a");
    Image b = bring("b");
    assertThat(layers()).hasSize(3);
    assertThat(blobs()).isEqualTo(7);
    local.tag("a", "other");
    Removed first = local.remove("a", false, true);
    assertThat(first.untagged()).containsExactly("a:latest", "a@" + a.manifestDigest());
    assertThat(first.deleted()).isEmpty();
    assertThat(layers()).hasSize(3);
    Removed last = local.remove("other:latest", false, true);
    assertThat(last.untagged()).startsWith("other:latest");
    assertThat(last.deleted()).containsExactly(a.imageId(), a.diffIds().get(1));
    assertThat(layers()).containsExactlyInAnyOrder(hex(0, b), hex(1, b));
    assertThat(blobs()).isEqualTo(4);
    assertClean();
    local.remove("b", false, true);
    assertThat(layers()).isEmpty();
    assertThat(blobs()).isZero();
    assertClean();
  }

  @Test
  void anImageThatLosesItsNameStaysUntilItIsPruned() throws Exception {
    Image old = bring("a");
    bring("b");
    local.tag("b", "a");
    assertThat(names()).containsExactlyInAnyOrder("", full("a"), full("b"));
    assertThat(local.list().stream().filter(i -> i.name().isEmpty()).map(ListedImage::id))
        .containsExactly(old.imageId());
    assertThat(images.list()).hasSize(2);
    assertThat(get(old.imageId().toString()).diffIds()).isEqualTo(old.diffIds());
    assertThat(get(old.imageId().shortHex()).diffIds()).isEqualTo(old.diffIds());
    assertThat(names()).hasSize(3);
    assertClean();
    Removed pruned = local.prune(false, image -> true);
    assertThat(pruned.deleted()).containsExactly(old.imageId(), old.diffIds().get(1));
    assertThat(pruned.bytes()).isGreaterThan(300);
    assertThat(names()).containsExactlyInAnyOrder(full("a"), full("b"));
    assertClean();
  }

  private static String full(String name) {
    return "docker.io/library/" + name + ":latest";
  }

  private Image get(String text) throws IOException {
    return images.get(ImageRef.parse(text), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
  }

  @Test
  void aNameGivenBackIsNoLongerMissed() throws Exception {
    Image a = bring("a");
    bring("b");
    local.tag("b", "a");
    local.tag(a.imageId().shortHex(), "again");
    assertThat(names()).doesNotContain("").contains(full("again"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256:x", "hello", "oci:/a", "a@sha256:" + IMG16_HEX, "UP", "a:b:c"})
  void IMG16_namesThatMeanSomethingElseAreNotGiven(String target) throws Exception {
    bring("a");
    assertThat(
            kindOf(
                () -> {
                  local.tag("a", target);
                  return null;
                }))
        .isEqualTo(Kind.BAD_REFERENCE);
  }

  private static final String IMG16_HEX =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

  @Test
  void IMG16_anAmbiguousIdIsRefusedAndALongerOneIsNot() throws Exception {
    List<Image> all = new ArrayList<>();
    Set<Character> firsts = new HashSet<>();
    String shared = "";
    for (int i = 0; shared.isEmpty(); i++) {
      Image image = bring("i" + i);
      all.add(image);
      char first = image.imageId().hex().charAt(0);
      shared = firsts.add(first) ? "" : String.valueOf(first);
    }
    String prefix = shared;
    assertThat(kindOf(() -> local.details(prefix))).isEqualTo(Kind.BAD_REFERENCE);
    assertThat(kindOf(() -> local.remove(prefix, true, true))).isEqualTo(Kind.BAD_REFERENCE);
    assertThat(kindOf(() -> local.remove("sha256:" + prefix, true, true)))
        .isEqualTo(Kind.BAD_REFERENCE);
    int open = Path.of("/proc/self/fd").toFile().list().length;
    for (int i = 0; i < 20; i++) {
      assertThat(kindOf(() -> get(prefix))).isEqualTo(Kind.BAD_REFERENCE);
    }
    assertThat(Path.of("/proc/self/fd").toFile().list()).hasSizeLessThan(open + 20);
    assertThat(names()).hasSize(all.size());
    Image last = all.get(all.size() - 1);
    assertThat(local.details(last.imageId().shortHex()).image()).isEqualTo(last(last));
    assertThat(local.details("sha256:" + last.imageId().shortHex()).image().imageId())
        .isEqualTo(last.imageId());
  }

  private Image last(Image image) throws IOException {
    return local.details(image.imageId().toString()).image();
  }

  @Test
  void IMG16_aNameWinsOverAnIdThatBeginsSo() throws Exception {
    Image a = bring("a");
    Image b = bring("b");
    String prefix = a.imageId().shortHex();
    local.tag("b", prefix);
    assertThat(local.details(prefix).image().imageId()).isEqualTo(b.imageId());
    assertThat(local.remove(prefix, false, true).untagged()).startsWith(prefix + ":latest");
    assertThat(local.details(prefix).image().imageId()).isEqualTo(a.imageId());
  }

  @Test
  void aDigestMeansTheImageOfThatRepositoryAlone() throws Exception {
    Image a = bring("a");
    local.tag("a", "host.example/b:1");
    String digest = "@" + a.manifestDigest();
    assertThat(get("a" + digest).diffIds()).isEqualTo(a.diffIds());
    assertThat(local.details("host.example/b" + digest).repositoryDigests())
        .containsExactlyInAnyOrder("a" + digest, "host.example/b" + digest);
    assertThat(kindOf(() -> local.details("c" + digest))).isEqualTo(Kind.NOT_FOUND);
    assertThat(local.remove("a" + digest, false, true).untagged())
        .containsExactly("a:latest", "a" + digest);
  }

  @Test
  void anIdWithSeveralNamesNeedsForce() throws Exception {
    Image a = bring("a");
    local.tag("a", "b:1");
    String id = a.imageId().shortHex();
    assertThatThrownBy(() -> local.remove(id, false, true))
        .hasMessage(
            "conflict: unable to delete "
                + id
                + " (must be forced) - image is referenced in multiple repositories");
    assertThat(local.remove(id, true, true).untagged()).contains("a:latest", "b:1");
    assertThat(names()).isEmpty();
    assertClean();
  }

  @Test
  void whatIsNotHereIsSaid() throws Exception {
    assertThat(kindOf(() -> local.remove("a", true, true))).isEqualTo(Kind.NOT_FOUND);
    assertThat(root).doesNotExist();
    bring("a");
    assertThatThrownBy(() -> local.remove("b", false, true)).hasMessage("no such image: b:latest");
    assertThat(kindOf(() -> local.details("ffff"))).isEqualTo(Kind.NOT_FOUND);
    assertThat(kindOf(() -> get("sha256:" + IMG16_HEX))).isEqualTo(Kind.NOT_FOUND);
  }

  // ---- containers -------------------------------------------------------------------------------

  private ImageUsers.User user(Image image, boolean running) {
    return new ImageUsers.User(
        "c0ffee".repeat(11), image.imageId(), image.diffIds(), running, Optional.empty());
  }

  @Test
  void aStoppedContainersImageGoesByForceButNotItsLayers() throws Exception {
    Image a = bring("a");
    users.add(user(a, false));
    String id = a.imageId().shortHex();
    assertThatThrownBy(() -> local.remove("a", false, true))
        .hasMessage(
            "conflict: unable to remove repository reference \"a\" (must force) - container"
                + " c0ffeec0ffee is using its referenced image "
                + id);
    assertThatThrownBy(() -> local.remove(id, false, true))
        .hasMessageContaining("(must be forced) - image is being used by stopped container c0ff");
    local.prune(true, image -> true);
    assertThat(names()).containsExactly(full("a"));
    assertThat(local.remove(id, true, true).deleted()).containsExactly(a.imageId());
    assertThat(layers()).containsExactlyInAnyOrder(hex(0, a), hex(1, a));
    assertThat(blobs()).isZero();
    assertClean();
    users.clear();
    local.prune(false, image -> true);
    assertThat(layers()).isEmpty();
  }

  @Test
  void aRunningContainersImageDoesNotGoByForce() throws Exception {
    Image a = bring("a");
    users.add(user(a, true));
    assertThatThrownBy(() -> local.remove(a.imageId().shortHex(), true, true))
        .hasMessageContaining("(cannot be forced) - image is being used by running container");
    assertThat(local.remove("a", true, true).deleted()).isEmpty();
    assertThat(names()).containsExactly("");
    local.prune(true, image -> true);
    assertThat(layers()).hasSize(2);
    assertClean();
  }

  @Test
  void nothingGoesWhenTheContainersCannotBeRead() throws Exception {
    bring("a");
    LocalImages blind =
        Images.open(
                root,
                Map.of(),
                () -> {
                  throw new IOException("cannot tell");
                })
            .local();
    assertThatThrownBy(() -> blind.remove("a", true, true)).hasMessage("cannot tell");
    assertThat(names()).containsExactly(full("a"));
  }

  @Test
  void aHeldImageOutlivesItsName() throws Exception {
    Image a = bring("a");
    try (HeldImage held =
        images.hold(ImageRef.parse("a"), Platform.host(), PullPolicy.NEVER, PullListener.NONE)) {
      assertThat(local.remove("a", false, true).deleted()).containsExactly(a.imageId());
      assertThat(layers()).containsExactlyInAnyOrder(hex(0, a), hex(1, a));
      assertThat(images.read(held.image(), "/base", 10_000)).isPresent();
    }
    local.prune(false, image -> true);
    assertThat(layers()).isEmpty();
    assertClean();
  }

  @Test
  void pruningLeavesWhatTheFilterDoesNotName() throws Exception {
    bring("a");
    bring("b");
    local.prune(true, image -> image.name().equals(full("b")));
    assertThat(names()).containsExactly(full("a"));
  }

  @Test
  void sharedBytesCountOnce() throws Exception {
    Image a = bring("a");
    bring("b");
    users.add(user(a, false));
    DiskUsage usage = local.usage();
    long unique = usage.images().stream().mapToLong(DiskUsage.Use::unique).sum();
    long shared = usage.images().get(0).shared();
    assertThat(shared).isGreaterThan(5000).isEqualTo(usage.images().get(1).shared());
    assertThat(usage.bytes()).isEqualTo(unique + shared);
    assertThat(usage.reclaimable()).isEqualTo(usage.images().get(1).unique());
    assertThat(usage.images()).extracting(DiskUsage.Use::containers).containsExactly(1, 0);
  }

  // ---- damage -----------------------------------------------------------------------------------

  private enum Part {
    MANIFEST,
    CONFIG,
    LAYER_BLOB,
    LAYER,
    INDEX,
    INDEX_COPY
  }

  private enum Harm {
    DELETE,
    TRUNCATE,
    FLIP
  }

  private void harm(Part part, Harm harm, Image image) throws IOException {
    Path blobs = root.resolve("images/blobs/sha256");
    Path path;
    switch (part) {
      case MANIFEST -> path = blobs.resolve(image.manifestDigest().hex());
      case CONFIG -> path = blobs.resolve(image.imageId().hex());
      case LAYER_BLOB -> {
        Json.Obj manifest =
            Json.parseObject(Files.readAllBytes(blobs.resolve(image.manifestDigest().hex())));
        path = blobs.resolve(Descriptor.read(manifest.array("layers").get(1)).digest().hex());
      }
      case LAYER -> {
        try (Directory layers = Directory.open(images.layers())) {
          layers.removeTree(Overlay.bytes(hex(1, image)));
        }
        return;
      }
      case INDEX -> path = root.resolve("images/index.json");
      default -> path = root.resolve("images/index.json.copy");
    }
    byte[] bytes = Files.readAllBytes(path);
    switch (harm) {
      case DELETE -> Files.delete(path);
      case TRUNCATE -> Files.write(path, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      case FLIP -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(path, bytes);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Part.class)
  void IMG17_aDamagedStoreIsToldListedRemovedAndRepaired(Part part) throws Exception {
    for (Harm harm : Harm.values()) {
      Image victim = get(images, layout("victim"));
      Image other = bring("other");
      local.tag(victim.name(), "victim");

      harm(part, harm, victim);
      String what = part + " " + harm;
      CheckReport found = local.check(false);
      assertThat(found.problems()).as(what).isNotEmpty();
      assertThat(found.remaining()).isEqualTo(found.problems());

      List<ListedImage> listed = local.list();
      assertThat(listed)
          .as(what)
          .extracting(ListedImage::name)
          .containsExactlyInAnyOrder(full("other"), full("victim"), victim.name());
      boolean ofImage = part != Part.INDEX && part != Part.INDEX_COPY;
      boolean unseen = part == Part.LAYER_BLOB && harm == Harm.FLIP;
      assertThat(listed.stream().anyMatch(i -> i.damage().isPresent()))
          .as(what)
          .isEqualTo(ofImage && !unseen);
      assertThat(local.damage().isPresent()).isEqualTo(part == Part.INDEX);
      assertThat(listed.stream().filter(i -> i.name().equals(full("other"))))
          .allMatch(i -> i.damage().isEmpty());
      assertThat(get("other").diffIds()).as(what).isEqualTo(other.diffIds());

      if (harm == Harm.TRUNCATE) {
        local.remove("victim", true, true);
        local.remove(victim.name(), true, true);
        local.prune(false, image -> true);
      } else if (harm == Harm.FLIP) {
        CheckReport repaired = local.check(true);
        assertThat(repaired.repairs()).as(what).isNotEmpty();
        boolean needsPull = part == Part.LAYER_BLOB;
        assertThat(repaired.remaining().isEmpty()).as(what).isEqualTo(!needsPull);
      }
      assertThat(get(images, layout("victim")).diffIds()).as(what).isEqualTo(victim.diffIds());
      local.tag(victim.name(), "victim");
      assertThat(local.check(false).problems()).as(what).isEmpty();
      assertThat(names()).contains(full("other"));
      local.remove(victim.imageId().toString(), true, true);
      local.remove("other", true, true);
      assertThat(layers()).as(what).isEmpty();
      assertClean();
    }
  }

  /** The attribute only saves work: without it, or with a wrong one, the digest decides. */
  @Test
  void IMG17_theChecksumOfADocumentIsNotWhatIsTrusted() throws Exception {
    Image a = bring("a");
    String attribute = "mydocker.checksum";
    Path manifest = root.resolve("images/blobs/sha256/" + a.manifestDigest().hex());
    UserDefinedFileAttributeView attributes =
        Files.getFileAttributeView(manifest, UserDefinedFileAttributeView.class);
    assertThat(attributes.list()).containsExactly(attribute);

    attributes.write(attribute, ByteBuffer.wrap("crc32:0".getBytes(StandardCharsets.US_ASCII)));
    assertThat(get("a").imageId()).isEqualTo(a.imageId());
    attributes.delete(attribute);
    assertThat(get("a").imageId()).isEqualTo(a.imageId());
    byte[] bytes = Files.readAllBytes(manifest);
    bytes[bytes.length / 2] ^= 1;
    Files.write(manifest, bytes);
    assertThat(local.check(false).problems()).isNotEmpty();
    assertThat(local.list()).allMatch(image -> image.damage().isPresent());
  }

  @Test
  void IMG17_aFlippedBitAnywhereInTheIndexIsFound() throws Exception {
    bring("a");
    Path index = root.resolve("images/index.json");
    byte[] good = Files.readAllBytes(index);
    for (int at = 0; at < good.length; at += 5) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      Files.write(index, bad);
      assertThat(local.damage()).as("byte " + at).isPresent();
      assertThat(names()).containsExactly(full("a"));
    }
  }

  @Test
  void IMG17_withoutAnyIndexAPullBringsTheNameBack() throws Exception {
    Image a = get(images, layout("a"));
    Files.delete(root.resolve("images/index.json"));
    Files.delete(root.resolve("images/index.json.copy"));
    assertThat(names()).isEmpty();
    assertThat(local.damage()).isPresent();
    assertThat(kindOf(() -> local.remove("a", true, true))).isEqualTo(Kind.NOT_FOUND);
    assertThat(get(images, layout("a")).imageId()).isEqualTo(a.imageId());
    assertClean();
  }

  @Test
  void strangersAndLeftoversAreFoundAndRemoved() throws Exception {
    bring("a");
    Files.writeString(root.resolve("images/blobs/sha256/README"), "x");
    Files.writeString(root.resolve("images/note"), "x");
    Files.createDirectories(images.layers().resolve("backup/etc"));
    Files.createDirectories(images.layers().resolve("f".repeat(64)));
    Files.writeString(root.resolve("locks/" + "e".repeat(64)), "");
    Files.createDirectories(root.resolve("work/dead/half"));
    Files.writeString(root.resolve("work/file"), "");
    CheckReport found = local.check(false);
    assertThat(found.problems()).hasSize(3).allMatch(p -> p.contains("has no place"));
    assertThat(found.notes()).hasSize(4);
    assertThat(local.check(true).remaining()).isEmpty();
    assertThat(names()).containsExactly(full("a"));
    assertClean();
  }

  @Test
  void aContainersMissingLayerIsFound() throws Exception {
    Image a = bring("a");
    users.add(user(a, false));
    local.remove("a", true, true);
    harm(Part.LAYER, Harm.DELETE, a);
    assertThat(local.check(false).problems())
        .containsExactly("container c0ffeec0ffee: layer " + a.diffIds().get(1) + " is missing");
  }

  // ---- together ---------------------------------------------------------------------------------

  @Test
  void gettingTaggingAndRemovingAtOnceFailsInOneWayOnly() throws Exception {
    List<TestImage> layouts = List.of(layout("a"), layout("b"), layout("c"));
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Void>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        done.add(pool.submit(() -> workAtRandom(layouts)));
      }
      for (Future<Void> one : done) {
        one.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(local.check(false).problems()).isEmpty();
    local.prune(true, image -> true);
    assertThat(layers()).isEmpty();
    assertThat(blobs()).isZero();
    assertClean();
  }

  private Void workAtRandom(List<TestImage> layouts) throws IOException {
    Images own = Images.open(root, Map.of(), () -> List.of());
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = 0; i < 40; i++) {
      TestImage layout = layouts.get(random.nextInt(layouts.size()));
      String name = "n" + random.nextInt(4);
      try {
        switch (random.nextInt(6)) {
          case 0 -> own.local().tag(layout.ref("t").name(), name);
          case 1 -> own.local().remove(layout.ref("t").name(), true, true);
          case 2 -> own.local().remove(name, random.nextBoolean(), true);
          case 3 -> own.local().prune(random.nextBoolean(), image -> true);
          case 4 -> readHeld(own, ImageRef.parse(name), PullPolicy.NEVER);
          default -> readHeld(own, layout.ref("t"), PullPolicy.MISSING);
        }
        assertThat(own.local().list()).allMatch(image -> image.damage().isEmpty());
      } catch (ImageException e) {
        assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.NOT_FOUND);
      }
    }
    return null;
  }

  private static void readHeld(Images own, ImageRef reference, PullPolicy policy)
      throws IOException {
    try (HeldImage held = own.hold(reference, Platform.host(), policy, PullListener.NONE)) {
      Thread.yield();
      assertThat(own.read(held.image(), "/base", 10_000)).isPresent();
    }
  }
}
