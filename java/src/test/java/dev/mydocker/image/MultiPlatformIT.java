package dev.mydocker.image;

import static dev.mydocker.image.TestIndex.HOST;
import static dev.mydocker.image.TestIndex.OTHER;
import static dev.mydocker.image.TestIndex.THIRD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of several platforms, kept under one name with their index. */
class MultiPlatformIT {
  private static final String NAME = "localhost:5000/team/app:1";

  private Scratch scratch;
  private Path root;
  private Images images;
  private TestIndex index;

  @BeforeEach
  void make() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    images = Images.open(root, Map.of());
    index = new TestIndex(scratch.path().resolve("layout"));
    index.image(HOST, "host").image(OTHER, "other").image(THIRD, "third").attestation("by me");
  }

  @AfterEach
  void clear() throws IOException {
    scratch.close();
  }

  private Image get(Platform platform, PullPolicy policy) throws IOException {
    return images.get(index.ref("t"), platform, policy, PullListener.NONE);
  }

  private String machine(Image image) throws IOException {
    return new String(images.read(image, "/machine", 100).orElseThrow(), StandardCharsets.UTF_8);
  }

  private void assertWhole() throws IOException {
    CheckReport report = images.local().check(false);
    assertThat(report.problems()).isEmpty();
    assertThat(report.notes()).isEmpty();
  }

  private boolean has(Descriptor manifest) throws IOException {
    return Files.exists(root.resolve("images/blobs/sha256/" + manifest.digest().hex()));
  }

  private boolean isUnpacked(Image image) {
    return Files.exists(root.resolve("layers/" + image.diffIds().get(0).hex()));
  }

  @Test
  void eachPlatformThatIsPulledIsKeptBesideTheOthers() throws Exception {
    Descriptor top = index.tag("t");
    Image host = get(HOST, PullPolicy.ALWAYS);
    assertThat(host.digest()).isEqualTo(top.digest());
    assertThat(host.manifestDigest()).isEqualTo(index.manifests().get(0).digest());
    assertThat(has(top)).isTrue();
    assertThat(has(index.manifests().get(1))).isFalse();
    assertWhole();

    Image other = get(OTHER, PullPolicy.ALWAYS);
    assertThat(machine(get(HOST, PullPolicy.NEVER))).isEqualTo("host");
    assertThat(machine(get(OTHER, PullPolicy.NEVER))).isEqualTo("other");
    images.local().prune(false, image -> true);
    assertWhole();

    List<ListedImage> listed = images.local().list();
    assertThat(listed).hasSize(1);
    assertThat(listed.get(0).id()).isEqualTo(host.imageId());
    assertThat(listed.get(0).digest()).isEqualTo(top.digest());
    assertThat(images.list()).extracting(Image::imageId).contains(host.imageId(), other.imageId());
    assertThat(images.local().usage().images()).hasSize(1);
  }

  @Test
  void withoutAPlatformTheHostsIsMeantElseWhatIsThere() throws Exception {
    index.tag("t");
    String name = index.ref("t").name();
    LocalImages local = images.local();
    Image other = get(OTHER, PullPolicy.ALWAYS);
    assertThat(local.details(name).image().imageId()).isEqualTo(other.imageId());
    assertThatThrownBy(() -> get(HOST, PullPolicy.NEVER))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NO_PLATFORM))
        .hasMessage(name + " is not here for " + HOST + ", but for " + OTHER);
    Image host = get(HOST, PullPolicy.ALWAYS);
    assertThat(local.details(name).image().imageId()).isEqualTo(host.imageId());
    assertThat(local.details(name).digest()).isEqualTo(host.digest());
    ImageDetails one = local.details(name, Optional.of(OTHER));
    assertThat(one.image().imageId()).isEqualTo(other.imageId());
    assertThat(one.digest()).isEqualTo(other.manifestDigest());
    assertThatThrownBy(() -> local.details(name, Optional.of(THIRD)))
        .hasMessageContaining("is not here for " + THIRD);
    String id = other.imageId().hex().substring(0, 12);
    assertThat(local.details(id).image().imageId()).isEqualTo(other.imageId());
    assertThat(machine(images.get(ImageRef.parse(id), OTHER, PullPolicy.NEVER, PullListener.NONE)))
        .isEqualTo("other");
  }

  @Test
  void aTagThatMovesLeavesTheOldIndexWithoutAName() throws Exception {
    Descriptor old = index.tag("t");
    get(HOST, PullPolicy.ALWAYS);
    Image other = get(OTHER, PullPolicy.ALWAYS);
    TestIndex next = new TestIndex(index.directory()).image(HOST, "newer").image(OTHER, "newer");
    Descriptor top = next.tag("t");
    get(HOST, PullPolicy.ALWAYS);
    assertThat(images.local().list()).extracting(ListedImage::name).contains("");
    assertThat(images.local().details(other.imageId().hex()).digest())
        .isEqualTo(other.manifestDigest());
    images.local().prune(false, image -> true);
    assertThat(has(old)).isFalse();
    assertThat(has(top)).isTrue();
    assertThat(isUnpacked(other)).isFalse();
    assertWhole();
  }

  @Test
  void aNameTakesAllItsPlatformsAlong() throws Exception {
    index.tag("t");
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    Image host = get(HOST, PullPolicy.NEVER);
    Image other = get(OTHER, PullPolicy.NEVER);
    images.local().tag(index.ref("t").name(), NAME);
    images.local().remove(index.ref("t").name(), false, true);
    assertWhole();
    assertThat(isUnpacked(other)).isTrue();
    Removed removed = images.local().remove(NAME, false, true);
    assertThat(removed.deleted()).contains(host.imageId(), other.imageId());
    try (ImageState state = ImageState.find(root).orElseThrow()) {
      assertThat(state.store().blobs()).isEmpty();
      assertThat(state.layerIds()).isEmpty();
    }
  }

  @Test
  void aContainerOfAnyPlatformHoldsTheName() throws Exception {
    index.tag("t");
    get(HOST, PullPolicy.ALWAYS);
    Image other = get(OTHER, PullPolicy.ALWAYS);
    ImageUsers users =
        () ->
            List.of(
                new ImageUsers.User(
                    "c".repeat(64), other.imageId(), other.diffIds(), false, Optional.empty()));
    LocalImages local = Images.open(root, Map.of(), users).local();
    assertThatThrownBy(() -> local.remove(index.ref("t").name(), false, true))
        .hasMessageContaining("container cccccccccccc is using its referenced image");
    local.prune(true, image -> true);
    assertThat(machine(get(OTHER, PullPolicy.NEVER))).isEqualTo("other");
    assertThat(local.usage().images().get(0).containers()).isEqualTo(1);
  }

  @Test
  void allPlatformsComeAndAreUnpackedWhenTheyAreWanted() throws Exception {
    Descriptor top = index.tag("t");
    Image host = images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    assertThat(host.digest()).isEqualTo(top.digest());
    assertThat(machine(host)).isEqualTo("host");
    for (Descriptor each : index.manifests()) {
      assertThat(has(each)).as("%s", each.platform()).isTrue();
    }
    Image other = images.describe(index.ref("t"), OTHER, PullListener.NONE);
    assertThat(isUnpacked(other)).isFalse();
    images.local().prune(false, image -> true);
    assertWhole();
    assertThat(machine(get(OTHER, PullPolicy.NEVER))).isEqualTo("other");
    images.local().prune(false, image -> true);
    assertThat(isUnpacked(other)).isTrue();
    assertWhole();
  }

  @Test
  void whatIsLostOfAPlatformIsFoundAndForgotten() throws Exception {
    index.tag("t");
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    Descriptor other = index.manifests().get(1);
    Descriptor attestation = index.manifests().get(3);
    try (ImageState state = ImageState.find(root).orElseThrow()) {
      state.store().discard(other.digest());
      Document document = new StoreSource(state.store(), "", attestation).top();
      state.store().discard(Manifest.parseAny(document).layers().get(0).digest());
    }
    assertThat(images.local().list().get(0).damage()).isPresent();
    assertThat(images.local().check(true).remaining()).isEmpty();
    assertThat(machine(get(HOST, PullPolicy.NEVER))).isEqualTo("host");
    assertThatThrownBy(() -> get(OTHER, PullPolicy.NEVER)).hasMessageContaining("is not here for");
    assertThat(has(attestation)).isFalse();
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    assertWhole();
    assertThat(has(other)).isTrue();
  }

  @Test
  void aPullThatFailsLeavesTheNameAsItWas() throws Exception {
    index.tag("t");
    get(HOST, PullPolicy.ALWAYS);
    Descriptor other = index.manifests().get(1);
    byte[] manifest = Files.readAllBytes(index.path(other.digest()));
    Digest layer =
        Manifest.parse(Document.of(MediaType.OCI_MANIFEST, manifest)).layers().get(0).digest();
    byte[] good = Files.readAllBytes(index.path(layer));
    byte[] bad = good.clone();
    bad[bad.length - 1] ^= 1;
    Files.write(index.path(layer), bad);
    assertThatThrownBy(() -> get(OTHER, PullPolicy.ALWAYS)).isInstanceOf(ImageException.class);
    assertThatThrownBy(() -> images.getAllPlatforms(index.ref("t"), PullListener.NONE))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DIGEST_MISMATCH));
    assertThatThrownBy(() -> get(OTHER, PullPolicy.NEVER)).hasMessageContaining("is not here for");
    assertThat(machine(get(HOST, PullPolicy.NEVER))).isEqualTo("host");
    assertThat(images.local().check(false).problems()).isEmpty();
    Files.write(index.path(layer), good);
    assertThat(machine(get(OTHER, PullPolicy.ALWAYS))).isEqualTo("other");
    images.local().prune(false, image -> true);
    assertWhole();
  }

  @Test
  void anOlderStoresNameBecomesOneOfTheIndex() throws Exception {
    index.tag("t");
    Image host = get(HOST, PullPolicy.ALWAYS);
    String name = index.ref("t").name();
    try (ImageState state = ImageState.find(root).orElseThrow()) {
      state
          .store()
          .update(
              all -> {
                all.clear();
                Descriptor plain = index.manifests().get(0);
                return all.add(plain.with(Map.of(Store.REF_NAME, name)));
              });
    }
    images.local().prune(false, image -> true);
    assertThat(get(HOST, PullPolicy.NEVER).digest()).isEqualTo(host.manifestDigest());
    assertThat(get(HOST, PullPolicy.ALWAYS).digest()).isEqualTo(host.digest());
    assertThat(images.local().list()).hasSize(1);
    assertWhole();
  }

  @Test
  void aNewImageIsMadeOfAnyPlatform() throws Exception {
    index.tag("t");
    get(HOST, PullPolicy.ALWAYS);
    Image other = get(OTHER, PullPolicy.ALWAYS);
    Image base = images.local().details(other.imageId().toString()).image();
    ImageMaker.Description description =
        new ImageMaker.Description(
            Optional.of(ImageRef.parseRegistry("made:1")),
            List.of(),
            Instant.EPOCH,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    try (Directory upper = Directory.open(scratch.make("upper"))) {
      Image made = images.maker().addLayer(base, upper, description, PullListener.NONE);
      assertThat(made.config().platform()).isEqualTo(OTHER);
      assertThat(made.diffIds()).startsWith(other.diffIds().get(0)).hasSize(2);
    }
  }

  // ---- archives ---------------------------------------------------------------------------------

  private byte[] saved(Optional<Platform> platform, ArchiveFormat format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    images.archives().save(List.of(NAME), platform, format, out);
    return out.toByteArray();
  }

  private Images loaded(byte[] archive, Platforms which) throws IOException {
    Images other = Images.open(scratch.make("other" + System.nanoTime()), Map.of());
    List<ImageArchives.Loaded> loaded = new ArrayList<>();
    other
        .archives()
        .load(
            new java.io.ByteArrayInputStream(archive), "it", which, PullListener.NONE, loaded::add);
    assertThat(loaded).extracting(ImageArchives.Loaded::names).containsExactly(List.of(NAME));
    CheckReport report = other.local().check(false);
    assertThat(report.problems()).isEmpty();
    assertThat(report.notes()).isEmpty();
    return other;
  }

  @Test
  void aWholeIndexIsSavedAndLoadedUnderTheSameDigest() throws Exception {
    Descriptor top = index.tag("t");
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    images.local().tag(index.ref("t").name(), NAME);
    for (ArchiveFormat format : ArchiveFormat.values()) {
      byte[] archive = saved(Optional.empty(), format);
      assertThat(saved(Optional.empty(), format)).isEqualTo(archive);
      Images other = loaded(archive, new Platforms.All());
      assertThat(other.list()).hasSize(3).allMatch(i -> i.digest().equals(top.digest()));
      other.archives().save(List.of(NAME), Optional.empty(), format, new ByteArrayOutputStream());
      assertThat(loaded(archive, new Platforms.Usual()).list())
          .singleElement()
          .satisfies(i -> assertThat(i.config().platform()).isEqualTo(HOST))
          .satisfies(i -> assertThat(i.digest()).isEqualTo(top.digest()));
      assertThat(loaded(archive, new Platforms.One(OTHER)).list())
          .singleElement()
          .satisfies(i -> assertThat(i.config().platform()).isEqualTo(OTHER));
    }
    byte[] one = saved(Optional.of(OTHER), ArchiveFormat.OCI_ARCHIVE);
    assertThat(loaded(one, new Platforms.Usual()).list())
        .singleElement()
        .satisfies(i -> assertThat(i.digest()).isEqualTo(index.manifests().get(1).digest()));
  }

  @Test
  void whatIsHereOfAnIndexIsSaved() throws Exception {
    Descriptor top = index.tag("t");
    get(OTHER, PullPolicy.ALWAYS);
    images.local().tag(index.ref("t").name(), NAME);
    assertThat(
            loaded(saved(Optional.empty(), ArchiveFormat.OCI_ARCHIVE), new Platforms.Usual())
                .list())
        .singleElement()
        .satisfies(i -> assertThat(i.digest()).isEqualTo(index.manifests().get(1).digest()));
    get(THIRD, PullPolicy.ALWAYS);
    byte[] two = saved(Optional.empty(), ArchiveFormat.OCI_ARCHIVE);
    assertThat(loaded(two, new Platforms.All()).list())
        .hasSize(2)
        .allMatch(i -> i.digest().equals(top.digest()));
    assertThat(loaded(two, new Platforms.Usual()).list())
        .singleElement()
        .satisfies(i -> assertThat(i.config().platform()).isEqualTo(OTHER));
  }

  // ---- hostile indexes --------------------------------------------------------------------------

  private void assertRefused(String why) throws IOException {
    index.tag("t");
    assertThatThrownBy(() -> images.getAllPlatforms(index.ref("t"), PullListener.NONE))
        .isInstanceOf(ImageException.class)
        .satisfies(e -> Refusal.check((IOException) e))
        .hasMessageContaining(why);
    assertThat(images.local().list()).isEmpty();
  }

  @Test
  void anIndexInAnIndexIsPassedOverAndNeverFollowed() throws Exception {
    Descriptor inner = index.tag("t");
    index.list(inner);
    assertRefused("which is no manifest: one of its platforms can be had by --platform");
    assertThat(machine(get(HOST, PullPolicy.ALWAYS))).isEqualTo("host");
    assertWhole();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anIndexThatSaysToBeAManifestIsNoImage(boolean chosen) throws Exception {
    Descriptor inner = index.tag("t");
    Platform platform = new Platform("linux", chosen ? "mips" : "unknown", "");
    index.list(
        new Descriptor(
            MediaType.OCI_MANIFEST, inner.digest(), inner.size(), Optional.of(platform), Map.of()));
    assertRefused("it calls itself");
    assertThatThrownBy(() -> get(platform, PullPolicy.ALWAYS))
        .satisfies(e -> Refusal.check((IOException) e));
    assertThat(machine(get(HOST, PullPolicy.ALWAYS))).isEqualTo("host");
  }

  @Test
  void anIndexOfTenThousandManifestsIsRefused() throws Exception {
    Descriptor one = index.manifests().get(0);
    for (int i = 0; i < 10_000; i++) {
      index.list(
          new Descriptor(
              one.mediaType(),
              Digest.of(new byte[] {(byte) i, (byte) (i >> 8)}),
              1,
              one.platform(),
              Map.of()));
    }
    assertRefused("lists more than 1000 manifests (MYDOCKER_LIMIT_MANIFESTS)");
    assertThatThrownBy(() -> get(HOST, PullPolicy.ALWAYS)).hasMessageContaining("more than 1000");
  }

  @Test
  void ofTwoImagesForOnePlatformTheFirstIsMeantAndBothAreCarried() throws Exception {
    index.image(HOST, "again").list(index.manifests().get(0));
    index.tag("t");
    assertThat(machine(get(HOST, PullPolicy.ALWAYS))).isEqualTo("host");
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    assertThat(machine(get(HOST, PullPolicy.NEVER))).isEqualTo("host");
    assertThat(has(index.manifests().get(4))).isTrue();
    assertWhole();
  }

  @Test
  void anImageForAnotherPlatformThanItsIndexSaysIsRefused() throws Exception {
    Platform lie = new Platform("linux", "mips64", "");
    index.image(lie, HOST, "lie");
    assertRefused("is for " + HOST + ", not for " + lie);
    assertThatThrownBy(() -> get(lie, PullPolicy.ALWAYS))
        .hasMessageContaining("is for " + HOST + ", not for " + lie);
    assertThat(machine(get(HOST, PullPolicy.ALWAYS))).isEqualTo("host");
  }
}
