package dev.mydocker.image;

import static dev.mydocker.image.TestIndex.HOST;
import static dev.mydocker.image.TestIndex.OTHER;
import static dev.mydocker.image.TestIndex.THIRD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.testing.DockerRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Indexes to a real registry and back; skopeo says what is there. */
class MultiPlatformPushIT {
  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final PushListener listener =
      new PushListener() {
        @Override
        public void mounted(String id, String path) {
          events.add("mounted from " + path);
        }

        @Override
        public void pushed(String id) {
          events.add("pushed");
        }
      };

  private Images images;
  private TestIndex index;
  private DockerRegistry registry;
  private String name;

  @BeforeEach
  void open() throws Exception {
    environment.putAll(BareHome.in(directory));
    images = Images.open(directory.resolve("state"), environment);
    index = new TestIndex(directory.resolve("layout"));
    index.image(HOST, "host").image(OTHER, "other").attestation("by me").attestation("by him");
    registry = DockerRegistry.in(directory.resolve("registry")).start();
    name = registry.authority() + "/team/app:1";
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
  }

  private Pushed push(String reference, Optional<Platform> platform) throws IOException {
    return images.registries().push(ImageRef.parseRegistry(reference), platform, listener);
  }

  private Pushed push() throws IOException {
    return push(name, Optional.empty());
  }

  private void pull(Platform platform) throws IOException {
    images.get(index.ref("t"), platform, PullPolicy.ALWAYS, PullListener.NONE);
    images.local().tag(index.ref("t").name(), name);
  }

  private byte[] skopeo(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("skopeo", "--insecure-policy"));
    command.addAll(List.of(arguments));
    Path errors = directory.resolve("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    byte[] out = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    return out;
  }

  private Digest raw(String reference) throws Exception {
    return Digest.of(skopeo("inspect", "--raw", "--tls-verify=false", "docker://" + reference));
  }

  @Test
  void aWholeIndexIsPushedWithItsAttestationsUnderItsOwnDigest() throws Exception {
    Descriptor top = index.tag("t");
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    images.local().tag(index.ref("t").name(), name);
    Pushed pushed = push();
    assertThat(pushed.digest()).isEqualTo(top.digest());
    assertThat(pushed.insteadOf()).isEmpty();
    assertThat(events).filteredOn("pushed"::equals).hasSize(8);
    assertThat(raw(name)).isEqualTo(top.digest());
    Path copy = directory.resolve("copy");
    skopeo("copy", "-q", "--all", "--src-tls-verify=false", "docker://" + name, "dir:" + copy);
    assertThat(Digest.of(Files.readAllBytes(copy.resolve("manifest.json"))))
        .isEqualTo(top.digest());

    Images other = Images.open(directory.resolve("other"), environment);
    Image back = other.getAllPlatforms(ImageRef.parse(name), PullListener.NONE);
    assertThat(back.digest()).isEqualTo(top.digest());
    assertThat(other.list()).hasSize(2);
    assertThat(other.local().check(false).problems()).isEmpty();
    assertThat(other.local().check(false).notes()).isEmpty();

    // To another repository nothing is sent twice.
    String second = registry.authority() + "/other/app:1";
    events.clear();
    other.local().tag(name, second);
    other.registries().push(ImageRef.parseRegistry(second), Optional.empty(), listener);
    assertThat(events).filteredOn("mounted from team/app"::equals).hasSize(8);
    assertThat(events).doesNotContain("pushed");
    assertThat(raw(second)).isEqualTo(top.digest());
  }

  @Test
  void aPartOfAnIndexIsMountedToo() throws Exception {
    index.tag("t");
    pull(HOST);
    assertThat(push().digest()).isEqualTo(index.manifests().get(0).digest());
    pull(OTHER);
    events.clear();
    String second = registry.authority() + "/other/app:1";
    images.local().tag(name, second);
    push(second, Optional.of(HOST));
    assertThat(events).filteredOn("mounted from team/app"::equals).hasSize(2);
  }

  @Test
  void theOneImageThatIsHereIsPushedInsteadOfItsIndex() throws Exception {
    Descriptor top = index.tag("t");
    pull(OTHER);
    Digest manifest = index.manifests().get(1).digest();
    Pushed pushed = push();
    assertThat(pushed.digest()).isEqualTo(manifest);
    assertThat(pushed.insteadOf()).contains(top.digest());
    assertThat(raw(name)).isEqualTo(manifest);
    Pushed asked = push(name, Optional.of(OTHER));
    assertThat(asked.digest()).isEqualTo(manifest);
    assertThat(asked.insteadOf()).isEmpty();
    assertThatThrownBy(() -> push(name, Optional.of(HOST)))
        .hasMessageContaining("is not here for " + HOST + ", but for " + OTHER);
  }

  @Test
  void severalImagesButNotAllAreNotPushedUnlessOneIsNamed() throws Exception {
    index.image(THIRD, "third").tag("t");
    pull(HOST);
    pull(OTHER);
    assertThatThrownBy(this::push)
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
        .hasMessageContaining("is here, but not " + THIRD + ", nor 2 attestations")
        .hasMessageContaining("pull --all-platforms")
        .hasMessageContaining("--platform");
    assertThat(events).isEmpty();
    assertThat(push(name, Optional.of(HOST)).digest()).isEqualTo(index.manifests().get(0).digest());
    images.getAllPlatforms(index.ref("t"), PullListener.NONE);
    assertThat(push().digest()).isEqualTo(images.local().details(name).digest());
  }
}
