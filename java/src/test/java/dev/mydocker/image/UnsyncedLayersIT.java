package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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

class UnsyncedLayersIT {
  private final List<ImageUsers.User> users = new ArrayList<>();
  private Scratch scratch;
  private Path root;
  private Images images;
  private TestImage layout;

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    root = scratch.path().resolve("root");
    images = Images.open(root, Map.of(), () -> users);
    layout =
        new TestImage(scratch.path().resolve("layout"))
            .layer(new RawTar().file("low", "lower").end())
            .layer(new RawTar().file("up", "upper").end())
            .tag("t");
  }

  @AfterEach
  void close() throws IOException {
    scratch.close();
  }

  private Image get() throws IOException {
    return images.get(layout.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
  }

  private Path marker(Image image, int layer) {
    return root.resolve("unsynced").resolve(image.diffIds().get(layer).hex());
  }

  private Path file(Image image, int layer, String name) {
    return images.layers().resolve(image.diffIds().get(layer).hex()).resolve(name);
  }

  /** What is there after a power cut: a file without its bytes, and another boot. */
  private void cutPower(Image image, int layer, String name, String boot) throws IOException {
    Files.write(file(image, layer, name), new byte[0]);
    Files.writeString(marker(image, layer), boot);
  }

  private String[] markers() {
    return root.resolve("unsynced").toFile().list();
  }

  @Test
  void aNewLayerIsOfThisBootUntilItIsOld() throws Exception {
    Image image = get();
    String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    assertThat(marker(image, 0)).hasContent(boot);
    assertThat(marker(image, 1)).hasContent(boot);
    get();
    assertThat(markers()).hasSize(2);
    Files.setLastModifiedTime(marker(image, 0), FileTime.from(Instant.now().minusSeconds(600)));
    get();
    assertThat(markers()).containsExactly(image.diffIds().get(1).hex());
    assertThat(file(image, 0, "low")).hasContent("lower");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1c4d1b9e-0000-4000-8000-000000000000",
        "longer than the id of any boot is, which has thirty-six characters and no spaces"
      })
  void whatTheMachineHadNotWrittenIsUnpackedAgain(String boot) throws Exception {
    Image image = get();
    cutPower(image, 1, "up", boot);
    images.get(layout.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE);
    assertThat(file(image, 1, "up")).hasContent("upper");
    assertThat(file(image, 0, "low")).hasContent("lower");
    assertThat(markers()).hasSize(2);
    assertThat(root.resolve("work")).isEmptyDirectory();
    assertThat(images.local().check(false).problems()).isEmpty();
  }

  @Test
  void theStoreSaysWhatIsLostAndRepairsIt() throws Exception {
    Image image = get();
    cutPower(image, 0, "low", "another");
    assertThat(images.local().check(false).problems())
        .singleElement()
        .asString()
        .endsWith("layer " + image.diffIds().get(0) + " is not unpacked");
    assertThat(images.local().check(true).remaining()).isEmpty();
    assertThat(file(image, 0, "low")).hasContent("lower");
  }

  @Test
  void theStoreSaysWhichLayersOfOtherOwnersAreLostAndRepairsThem() throws Exception {
    Owners owners =
        new Owners(
            List.of(new Owners.Range(0, 100_000, 65_536)),
            List.of(new Owners.Range(0, 100_000, 65_536)));
    Image image;
    try (HeldImage held =
        images.hold(layout.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE)) {
      held.unpackFor(owners);
      image = held.image();
    }
    String container = "c0ffee".repeat(10);
    users.add(
        new ImageUsers.User(
            container, image.imageId(), image.diffIds(), false, Optional.of(owners)));
    assertThat(images.local().check(false).problems()).isEmpty();
    String hex = image.diffIds().get(0).hex();
    Path file = Images.layers(images.layers(), owners).resolve(hex).resolve("low");
    Files.write(file, new byte[0]);
    Files.writeString(root.resolve("unsynced-" + owners.directoryName()).resolve(hex), "another");
    for (int i = 0; i < 2; i++) {
      assertThat(images.local().check(false).problems())
          .containsExactly(
              "container "
                  + container.substring(0, 12)
                  + ": layer "
                  + image.diffIds().get(0)
                  + " with its owners is missing");
    }
    assertThat(images.local().check(true).remaining()).isEmpty();
    assertThat(file).hasContent("lower");
  }

  @Test
  void aContainersLayersComeBack() throws Exception {
    Image image = get();
    List<String> needed = image.diffIds().stream().map(Digest::toString).toList();
    cutPower(image, 0, "low", "another");
    images.restore(image.imageId(), needed, Optional.empty());
    assertThat(file(image, 0, "low")).hasContent("lower");
    images.restore(image.imageId(), needed, Optional.empty());
  }

  @Test
  void layersWhoseBlobsGoAreOnTheDisk() throws Exception {
    Image image = get();
    users.add(
        new ImageUsers.User(
            "c0ffee".repeat(10), image.imageId(), image.diffIds(), false, Optional.empty()));
    images.local().remove(image.name(), true, true);
    assertThat(markers()).isEmpty();
    assertThat(file(image, 1, "up")).hasContent("upper");
    String lost = image.diffIds().get(0).toString();
    try (ImageState state = ImageState.create(root)) {
      state.layers().removeTree(Overlay.bytes(image.diffIds().get(0).hex()));
    }
    assertThatThrownBy(() -> images.restore(image.imageId(), List.of(lost), Optional.empty()))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
        .hasMessage(
            "layer "
                + lost
                + " is lost, and so is image "
                + image.imageId()
                + ": pull that image again");
  }

  @Test
  void whatAFailedFetchExpectedIsForgotten() throws Exception {
    TestImage broken =
        new TestImage(scratch.path().resolve("broken"))
            .layer(new RawTar().file("../out", "x").end())
            .tag("t");
    assertThatThrownBy(
            () ->
                images.get(broken.ref("t"), Platform.host(), PullPolicy.MISSING, PullListener.NONE))
        .isInstanceOf(ImageException.class);
    get();
    assertThat(markers()).hasSize(2);
  }
}
