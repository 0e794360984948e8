package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Content comes from where the image comes from, whatever else its descriptors say. */
class DescriptorExtrasIT {
  private static final byte[] TAR = new RawTar().file("a", "the blob's").end();

  private Scratch scratch;
  private Images images;
  private TestImage image;

  @BeforeEach
  void open() throws IOException {
    scratch = new Scratch();
    images = Images.open(scratch.path().resolve("root"), Map.of());
    image = new TestImage(scratch.path().resolve("layout")).layer(TAR);
  }

  @AfterEach
  void close() throws IOException {
    scratch.close();
  }

  private Image get(ImageRef reference) throws IOException {
    return images.get(reference, Platform.host(), PullPolicy.ALWAYS, PullListener.NONE);
  }

  private void assertComes(ImageRef reference) throws IOException {
    assertThat(images.read(get(reference), "/a", 100))
        .hasValueSatisfying(content -> assertThat(content).asString().isEqualTo("the blob's"));
  }

  private void assertNotFound(ImageRef reference) {
    assertThatThrownBy(() -> get(reference))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void IMG10_noUrlOfALayerIsAsked() throws Exception {
    byte[] blob = Files.readAllBytes(image.path(image.layerDigest(0)));
    try (RegistryStub elsewhere = new RegistryStub((r, out) -> RegistryStub.reply(out, 200, blob));
        RegistryStub registry = new RegistryStub(image::serve)) {
      Path file = Files.write(scratch.path().resolve("blob"), blob);
      List<String> urls = List.of("http://" + elsewhere.authority() + "/blob", file.toUri() + "");
      image.describe("urls", Json.strings(urls));
      image.describe("mediaType", new Json.Str(MediaType.OCI_LAYER_NONDISTRIBUTABLE + "+gzip"));
      image.tag("t");
      ImageRef pulled = ImageRef.parse(registry.authority() + "/team/app:t");

      Files.delete(image.path(image.layerDigest(0)));
      assertNotFound(pulled);
      assertNotFound(image.ref("t"));
      Files.write(image.path(image.layerDigest(0)), blob);
      assertComes(pulled);
      assertComes(image.ref("t"));
      assertThat(elsewhere.connections()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "other content", "not base64", "2 MiB"})
  void IMG11_embeddedDataIsNotTakenForTheBlob(String what) throws Exception {
    String data =
        switch (what) {
          case "other content" -> base64("other content".getBytes(StandardCharsets.UTF_8));
          case "not base64" -> "\u0000=?";
          case "2 MiB" -> base64(new byte[2 << 20]);
          default -> what;
        };
    image.describe("data", new Json.Str(data)).tag("t");
    assertComes(image.ref("t"));
  }

  @Test
  void IMG11_embeddedDataDoesNotReplaceTheBlob() throws Exception {
    Path blob = image.path(image.layerDigest(0));
    image.describe("data", new Json.Str(base64(Files.readAllBytes(blob)))).tag("t");
    Files.delete(blob);
    assertNotFound(image.ref("t"));
  }

  private static String base64(byte[] content) {
    return Base64.getEncoder().encodeToString(content);
  }
}
