package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
  private static final String HEX = "a".repeat(64);
  private static final String CONFIG =
      "{\"mediaType\":\""
          + MediaType.OCI_CONFIG
          + "\",\"digest\":\"sha256:"
          + HEX
          + "\",\"size\":7}";
  private static final String LAYER =
      "{\"mediaType\":\""
          + MediaType.OCI_LAYER
          + "+gzip\",\"digest\":\"sha256:"
          + HEX
          + "\",\"size\":9}";

  private static Document document(String type, String text) {
    return Document.of(type, text.getBytes(StandardCharsets.UTF_8));
  }

  private static String manifest(String config, String layers) {
    return "{\"schemaVersion\":2,\"config\":" + config + ",\"layers\":[" + layers + "]}";
  }

  private static String entry(String platform) throws ImageException {
    Platform p = Platform.parse(platform);
    return "{\"mediaType\":\""
        + MediaType.OCI_MANIFEST
        + "\",\"digest\":\"sha256:"
        + HEX
        + "\",\"size\":1,\"platform\":{\"os\":\""
        + p.os()
        + "\",\"architecture\":\""
        + p.architecture()
        + "\",\"variant\":\""
        + p.variant()
        + "\"}}";
  }

  @Test
  void aManifestIsReadWithoutItsMediaType() throws Exception {
    Manifest m = Manifest.parse(document("", manifest(CONFIG, LAYER)));
    assertThat(m.config().size()).isEqualTo(7);
    assertThat(m.layers()).hasSize(1);
    m.checkLayerTypes();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"schemaVersion\":2,\"config\":{},\"layers\":[],\"manifests\":[]}",
        "{\"schemaVersion\":2,\"config\":{},\"manifests\":[]}",
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"layers\":[]}",
        "{\"schemaVersion\":2,\"Layers\":[],\"config\":{}}",
        "{\"schemaVersion\":2,\"layers\":[],\"layers\":[]}",
        "{\"schemaVersion\":2}",
        "{}",
        "[]",
        "",
        "<html>",
        "{\"schemaVersion\":3,\"layers\":[]}"
      })
  void IMG05_aDocumentWithTwoMeaningsIsRefused(String text) {
    assertThatThrownBy(() -> Index.is(document("", text)))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.kind()).isEqualTo(ImageException.Kind.NOT_AN_IMAGE));
  }

  @Test
  void IMG05_whatTheRegistryDeclaresMustAgree() {
    String text =
        "{\"schemaVersion\":2,\"mediaType\":\""
            + MediaType.DOCKER_MANIFEST
            + "\",\"config\":"
            + CONFIG
            + ",\"layers\":[]}";
    assertThatThrownBy(() -> Index.is(document(MediaType.OCI_MANIFEST + "; charset=utf-8", text)))
        .hasMessageContaining("but came as");
    assertThatThrownBy(() -> Index.is(document(MediaType.OCI_INDEX, manifest(CONFIG, LAYER))))
        .hasMessageContaining("does not agree");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"schemaVersion\":2e100123456789}",
        "{\"schemaVersion\":2\u009b\u0085}",
        "{\"schema\\nVersion\":2,\"schema\\nVersion\":2}",
        "{\"schemaVersion\":2,\"x\":\"\\ud800\"}",
        "{\"schemaVersion\":2,\"\\udc00\\ud800\":1}"
      })
  void JVM09_whateverIsWrongIsSaidOnOneLine(String text) {
    assertThatThrownBy(() -> Index.is(document("", text)))
        .isInstanceOf(ImageException.class)
        .satisfies(e -> assertThat(e.getMessage().chars()).noneMatch(Character::isISOControl));
  }

  @Test
  void schemaOneIsNamed() {
    assertThatThrownBy(
            () -> Index.is(document("", "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}")))
        .hasMessageContaining("schema 1");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE})
  void IMG02_aNegativeSizeIsRefused(long size) {
    assertThatThrownBy(
            () -> Manifest.parse(document("", manifest(CONFIG.replace(":7", ":" + size), LAYER))))
        .hasMessageContaining("negative");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sha256:../../../../x",
        "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "sha256+b64:aaaa",
        "sha256",
        ":",
        ""
      })
  void IMG04_onlyADigestIsADigest(String text) {
    assertThatThrownBy(() -> Digest.parse(text)).hasMessageContaining("is not a digest");
    assertThatThrownBy(
            () ->
                Manifest.parse(
                    document("", manifest(CONFIG, LAYER.replace("sha256:" + HEX, text)))))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void IMG09_unknownLayersAndArtifactsAreNamed() throws Exception {
    Manifest.parse(document("", manifest(CONFIG, LAYER.replace("+gzip", "+zstd"))))
        .checkLayerTypes();
    Manifest odd =
        Manifest.parse(document("", manifest(CONFIG, LAYER.replace("+gzip", "+invalid"))));
    assertThatThrownBy(odd::checkLayerTypes).hasMessageContaining("+invalid");
    assertThatThrownBy(
            () ->
                Manifest.parse(
                    document(
                        "",
                        manifest(CONFIG.replace(MediaType.OCI_CONFIG, "application/x"), LAYER))))
        .hasMessageContaining("artifact");
  }

  @Test
  void theBestPlatformIsChosen() throws Exception {
    String text =
        "{\"schemaVersion\":2,\"manifests\":["
            + entry("linux/arm/v5")
            + ","
            + entry("linux/arm/v6")
            + ","
            + entry("linux/amd64")
            + ","
            + entry("unknown/unknown")
            + "]}";
    Document document = document(MediaType.OCI_INDEX, text);
    assertThat(Index.is(document)).isTrue();
    Index index = Index.parse(document);
    assertThat(index.choose(Platform.parse("linux/arm/v7"), "x").platform())
        .contains(Platform.parse("linux/arm/v6"));
    assertThatThrownBy(() -> index.choose(Platform.parse("linux/s390x"), "busybox"))
        .hasMessage(
            "busybox has no image for linux/s390x; it has linux/amd64, linux/arm/v5, linux/arm/v6");
  }

  @Test
  void RT25_platformsOfAnImageAreShownPrintable() throws Exception {
    String odd = entry("linux/odd").replace("odd", "odd\\n\\u001b\\u0085");
    Index index = Index.parse(document("", "{\"schemaVersion\":2,\"manifests\":[" + odd + "]}"));
    assertThatThrownBy(() -> index.choose(Platform.parse("linux/amd64"), "x"))
        .hasMessage("x has no image for linux/amd64; it has linux/odd???");
  }

  @Test
  void aConfigurationIsRead() throws Exception {
    ImageConfig c =
        ImageConfig.parse(
            ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"1:2\",\"Env\":"
                 + "[\"A=b\"],\"Cmd\":[\"sh\"],\"Entrypoint\":null,\"ExposedPorts\":{\"80/tcp\":{}},"
                 + "\"Volumes\":{\"/data\":{}},\"Labels\":{\"k\":\"v\"},\"StopSignal\":\"SIGINT\"},"
                 + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
                    + HEX
                    + "\"]},"
                    + "\"history\":[{\"created_by\":\"x\"}]}")
                .getBytes(StandardCharsets.UTF_8));
    assertThat(c.platform()).hasToString("linux/amd64");
    assertThat(c.user()).isEqualTo("1:2");
    assertThat(c.env()).containsExactly("A=b");
    assertThat(c.cmd()).containsExactly("sh");
    assertThat(c.entrypoint()).isEmpty();
    assertThat(c.exposedPorts()).containsExactly("80/tcp");
    assertThat(c.volumes()).containsExactly("/data");
    assertThat(c.labels()).containsEntry("k", "v");
    assertThat(c.stopSignal()).contains("SIGINT");
    assertThat(c.diffIds()).containsExactly(new Digest("sha256", HEX));
    assertThat(c.history()).hasSize(1);
  }

  @Test
  void IMG03_rootfsOfAnotherTypeIsRefused() {
    assertThatThrownBy(
            () ->
                ImageConfig.parse(
                    ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"x\","
                            + "\"diff_ids\":[]}}")
                        .getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("layers");
  }
}
