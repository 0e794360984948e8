package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.spec.DeviceChoice;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NameChoice;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortChoice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VolumesTest {
  private static final String ID = "0123456789abcdef".repeat(4);

  @TempDir Path directory;

  private Roots roots;
  private ContainerStore containers;
  private Volumes volumes;

  @BeforeEach
  void open() {
    roots = new Roots(directory, directory.resolve("run"));
    containers = new ContainerStore(roots);
    volumes = new Volumes(roots, containers, new EventLog(roots.events(), containers));
  }

  private Volume create(String name) throws IOException, OptionException {
    return volumes.create(Optional.of(name), Map.of(), Map.of());
  }

  private Volume anonymous() throws IOException, OptionException {
    return volumes.create(Optional.empty(), Map.of(), Map.of());
  }

  private static MountOption.Volume mount(String name, boolean anonymous) {
    return new MountOption.Volume(
        name, "/d", false, "", true, anonymous, MountOption.Origin.VOLUME_FLAG);
  }

  /** A container that has these volumes. */
  private ContainerRecord container(MountOption.Volume... mounts) throws IOException {
    Json.Obj settings =
        new ContainerSettings(
                false,
                false,
                new NetworkMode.None(),
                PortChoice.NONE,
                NameChoice.NONE,
                Map.of(),
                1,
                RestartPolicy.NONE,
                LogOptions.DEFAULT,
                Optional.empty(),
                DeviceChoice.NONE,
                List.of(mounts),
                List.of())
            .toJson();
    ContainerRecord record =
        new ContainerRecord(
            ID,
            "calm_fox",
            "image",
            "sha256:0",
            List.of(),
            List.of("true"),
            1,
            ContainerSettings.parse(settings),
            Optional.empty(),
            0,
            false);
    containers.make(ID);
    containers.write(record);
    return record;
  }

  private static String content(Volume volume, String file) throws IOException {
    return Files.readString(volume.content().resolve(file));
  }

  private List<String> names() throws IOException {
    return volumes.list().stream().map(Volume::name).toList();
  }

  @Test
  void aVolumeIsADirectoryAndARecord() throws Exception {
    Volume made = volumes.create(Optional.of("data"), Map.of("a", "b", "empty", ""), Map.of());
    assertThat(made.content()).isEqualTo(directory.resolve("volumes/data/_data"));
    assertThat(made.content()).isEmptyDirectory();
    assertThat(Files.getPosixFilePermissions(made.content())).hasSize(7);
    Volume found = volumes.find("data");
    assertThat(found.labels()).isEqualTo(Map.of("a", "b", "empty", ""));
    assertThat(found.created().toEpochMilli()).isEqualTo(made.created().toEpochMilli());
    assertThat(found.damage()).isEmpty();
    assertThat(found.anonymous()).isFalse();
    assertThat(Files.list(directory.resolve("volumes/data")).map(Path::getFileName))
        .extracting(Path::toString)
        .containsExactlyInAnyOrder("_data", "volume.json");
  }

  @Test
  void makingOneThatIsThereChangesNothing() throws Exception {
    Volume made = create("data");
    Files.writeString(made.content().resolve("f"), "kept");
    assertThat(volumes.create(Optional.of("data"), Map.of("a", "b"), Map.of()).labels()).isEmpty();
    assertThat(content(made, "f")).isEqualTo("kept");
    assertThat(names()).containsExactly("data");
  }

  @Test
  void oneWithoutANameHasSixtyFourDigitsAndDockersLabel() throws Exception {
    Volume made = anonymous();
    assertThat(ContainerId.is(made.name())).isTrue();
    assertThat(volumes.find(made.name()).anonymous()).isTrue();
    assertThat(made.labels()).containsOnlyKeys("com.docker.volume.anonymous");
  }

  @Test
  void aDirectoryOfTheHostStaysWhenItsVolumeGoes() throws Exception {
    Path host = Files.createDirectory(directory.resolve("host"));
    Files.writeString(host.resolve("f"), "kept");
    Map<String, String> options = Map.of("type", "none", "o", "bind", "device", host.toString());
    Volume made = volumes.create(Optional.of("data"), Map.of(), options);
    assertThat(made.content()).isEqualTo(host);
    assertThat(volumes.find("data").options()).isEqualTo(options);
    assertThatThrownBy(
            () -> volumes.create(Optional.of("data"), Map.of(), Map.of("o", "bind", "device", "/")))
        .isInstanceOf(VolumeException.class)
        .hasMessageContaining("other options");
    volumes.remove("data");
    assertThat(content(made, "f")).isEqualTo("kept");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "type=tmpfs device=tmpfs",
        "type=nfs o=addr=x device=:/",
        "o=bind",
        "o=bind device=srv",
        "device=/srv",
        "o=bind,ro device=/srv",
        "size=1m"
      })
  void whatIsNoDirectoryOfTheHostIsRefused(String options) {
    Map<String, String> given = new HashMap<>();
    for (String option : options.split(" ")) {
      given.put(
          option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
    }
    assertThatThrownBy(() -> volumes.create(Optional.of("data"), Map.of(), given))
        .isInstanceOf(OptionException.class);
    assertThat(directory.resolve("volumes")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"name\":\"other\"}", "{\"name\":7}", "\0\0\0"})
  void aDamagedRecordIsListedAndRemovedAndHidesNothing(String record) throws Exception {
    create("aa");
    create("bb");
    create("cc");
    Files.writeString(directory.resolve("volumes/bb/volume.json"), record);
    assertThat(names()).containsExactly("aa", "bb", "cc");
    assertThat(volumes.find("bb").damage()).isPresent();
    assertThatThrownBy(() -> create("bb"))
        .isInstanceOf(VolumeException.class)
        .hasMessageContaining("volume bb is damaged");
    assertThatThrownBy(() -> volumes.claim(List.of(mount("bb", false))))
        .isInstanceOf(VolumeException.class);
    volumes.prune(false, volume -> true);
    assertThat(names()).containsExactly("aa", "bb", "cc");
    volumes.remove("bb");
    assertThat(names()).containsExactly("aa", "cc");
  }

  @Test
  void whatIsNotThereCannotBeRemoved() throws Exception {
    for (String name : List.of("data", "..", "a/b", "", "_data")) {
      assertThatThrownBy(() -> volumes.remove(name))
          .isInstanceOf(VolumeException.class)
          .hasMessageStartingWith("no such volume");
    }
  }

  @Test
  void oneThatAContainerHasStays() throws Exception {
    create("data");
    container(mount("data", false));
    assertThat(volumes.users()).isEqualTo(Map.of("data", List.of(ID)));
    assertThatThrownBy(() -> volumes.remove("data"))
        .isInstanceOf(VolumeException.class)
        .hasMessage("remove data: volume is in use - [" + ID + "]");
    assertThat(volumes.prune(true, volume -> true).names()).isEmpty();
    containers.delete(ID);
    volumes.remove("data");
    assertThat(names()).isEmpty();
  }

  @Test
  void whileAContainerIsDamagedNothingIsRemovedThatItMayHave() throws Exception {
    create("data");
    container(mount("data", false));
    Files.writeString(containers.directory(ID).resolve("record.json"), "{");
    assertThatThrownBy(() -> volumes.remove("data"))
        .isInstanceOf(VolumeException.class)
        .hasMessageContaining("cannot tell whether volume data is in use")
        .hasMessageContaining("container 0123456789ab is damaged");
    assertThat(volumes.prune(true, volume -> true).names()).isEmpty();
    assertThat(names()).containsExactly("data");
  }

  @Test
  void pruningTakesThoseWithoutANameUnlessAllAreMeant() throws Exception {
    Volume first = anonymous();
    create("data");
    Files.writeString(first.content().resolve("f"), "12345");
    Volumes.Pruned pruned = volumes.prune(false, volume -> true);
    assertThat(pruned).isEqualTo(new Volumes.Pruned(List.of(first.name()), 5, List.of()));
    assertThat(volumes.prune(true, volume -> false).names()).isEmpty();
    assertThat(volumes.prune(true, volume -> true).names()).containsExactly("data");
    assertThat(directory.resolve("volumes")).isEmptyDirectory();
  }

  @Test
  void aContainerThatGoesTakesItsOwnVolumesWithoutANameAlong() throws Exception {
    Volume own = anonymous();
    create("data");
    ContainerRecord record = container(mount(own.name(), true), mount("data", false));
    volumes.removeAnonymous(record);
    assertThat(names()).containsExactly("data");
  }

  /** A volume's directory as a kill leaves it in the middle of its making or removal. */
  private Path unfinished(String name) throws IOException {
    Path content = Files.createDirectories(directory.resolve("volumes/" + name + "/_data"));
    Files.writeString(content.resolveSibling("unfinished"), "");
    return content;
  }

  @Test
  void REL01_whatAKillHasLeftIsNoVolumeAndBlocksNothing() throws Exception {
    Files.writeString(unfinished("data").resolve("f"), "half");
    unfinished("other");
    Files.createDirectories(directory.resolve("volumes/empty"));
    assertThat(names()).isEmpty();
    assertThatThrownBy(() -> volumes.find("data")).isInstanceOf(VolumeException.class);
    assertThatThrownBy(() -> volumes.remove("other")).isInstanceOf(VolumeException.class);
    assertThat(directory.resolve("volumes/other")).doesNotExist();
    assertThat(create("data").content()).isEmptyDirectory();
    unfinished("other");
    volumes.sweep();
    assertThat(Files.list(directory.resolve("volumes")).map(p -> p.getFileName().toString()))
        .containsExactly("data");
    assertThat(names()).containsExactly("data");
  }

  @Test
  void REL01_aVolumeIsThereUntilItsRecordIsRemoved() throws Exception {
    Volume volume = create("data");
    Files.writeString(volume.content().resolve("f"), "kept");
    unfinished("data");
    volumes.sweep();
    create("data");
    try (VolumeClaim claim = volumes.claim(List.of(mount("data", false)))) {
      claim.record();
    }
    assertThat(content(volumes.find("data"), "f")).isEqualTo("kept");
  }

  @Test
  void REL01_theVolumesOfAContainerWhoseMakerWasKilledAreCompleted() throws Exception {
    container(mount("data", false));
    Files.writeString(unfinished("data").resolve("f"), "copied");
    volumes.sweep();
    volumes.complete(containers.find(ID).orElseThrow());
    assertThat(content(volumes.find("data"), "f")).isEqualTo("copied");
    assertThat(directory.resolve("volumes/data/unfinished")).doesNotExist();
  }

  @Test
  void aVolumeWhoseRecordWasLostKeepsItsContent() throws Exception {
    Path content = Files.createDirectories(directory.resolve("volumes/data/_data"));
    Files.writeString(content.resolve("f"), "precious");
    volumes.sweep();
    assertThat(volumes.find("data").damage()).contains("is missing");
    assertThatThrownBy(() -> create("data")).isInstanceOf(VolumeException.class);
    assertThatThrownBy(() -> volumes.claim(List.of(mount("data", false))))
        .isInstanceOf(VolumeException.class)
        .hasMessageContaining("its record is missing: save what is in " + content);
    assertThat(content.resolve("f")).hasContent("precious");
    volumes.remove("data");
    assertThat(directory.resolve("volumes")).isEmptyDirectory();
  }

  @Test
  void whatAClaimHasMadeGoesUnlessItIsRecorded() throws Exception {
    create("data");
    try (VolumeClaim claim = volumes.claim(List.of(mount("data", false), mount("new", false)))) {
      assertThat(claim.places()).containsOnlyKeys("data", "new");
      assertThat(names()).containsExactly("data");
    }
    assertThat(names()).containsExactly("data");
    assertThat(directory.resolve("volumes/new")).doesNotExist();
    try (VolumeClaim claim = volumes.claim(List.of(mount("new", true)))) {
      claim.record();
    }
    assertThat(volumes.find("new").anonymous()).isTrue();
  }

  private VolumeHold hold(Volume volume) throws IOException {
    return VolumeHold.find(directory.resolve("volumes"), volume.name()).orElseThrow();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aFillingKeepsOwnersModesLinksAndAttributes() throws Exception {
    Path image = Files.createDirectory(directory.resolve("image"));
    Files.writeString(image.resolve("f"), "content");
    Files.createLink(image.resolve("same"), image.resolve("f"));
    Files.createSymbolicLink(image.resolve("l"), Path.of("/etc/shadow"));
    Volume volume = create("data");
    try (Directory from = Directory.open(image);
        VolumeHold hold = hold(volume)) {
      from.chown(bytes("f"), 7, 8);
      from.chmod(bytes("f"), 04751);
      from.setXattr(bytes("f"), bytes("user.a"), bytes("b"));
      from.setXattr(bytes("user.top"), bytes("t"));
      from.chown(9, 10);
      from.chmod(02770);
      hold.fill(volume, from);
    }
    try (Directory content = Directory.open(volume.content())) {
      assertThat(content.stat().mode() & 07777).isEqualTo(02770);
      assertThat(content.stat().uid()).isEqualTo(9);
      assertThat(content.getXattr(bytes("user.top"))).contains(bytes("t"));
      assertThat(content.stat(bytes("f")).mode() & 07777).isEqualTo(04751);
      assertThat(content.stat(bytes("f")).gid()).isEqualTo(8);
      assertThat(content.stat(bytes("f")).nlink()).isEqualTo(2);
      assertThat(content.getXattr(bytes("f"), bytes("user.a"))).contains(bytes("b"));
      assertThat(content.readlink(bytes("l"))).isEqualTo(bytes("/etc/shadow"));
    }
  }

  @Test
  void makersRemoversAndPrunersAtOnceLeaveWholeVolumesOrNone() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Void>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int own = i;
        Callable<Void> storm =
            () -> {
              for (int round = 0; round < 60; round++) {
                storm(own, "v" + round % 3);
              }
              return null;
            };
        all.add(threads.submit(storm));
      }
      for (Future<Void> one : all) {
        one.get();
      }
    } finally {
      threads.shutdown();
    }
    for (Volume volume : volumes.list()) {
      assertThat(volume.damage()).isEmpty();
      assertThat(volume.content()).isDirectory();
    }
    volumes.prune(true, volume -> true);
    assertThat(directory.resolve("volumes")).isEmptyDirectory();
  }

  private void storm(int own, String name) throws Exception {
    switch (own) {
      case 0 -> create(name);
      case 1 -> {
        try (VolumeClaim claim = volumes.claim(List.of(mount(name, false), mount("vx", false)))) {
          assertThat(Path.of(claim.places().get(name))).isDirectory();
          claim.record();
        }
      }
      case 2 -> {
        try {
          volumes.remove(name);
        } catch (VolumeException gone) {
          assertThat(gone.kind()).isEqualTo(VolumeException.Kind.NOT_FOUND);
        }
      }
      default -> volumes.prune(true, volume -> true);
    }
  }
}
