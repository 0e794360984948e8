package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImagesCommandTest {
  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");
  private static final Digest ID = new Digest("sha256", "0123456789abcdef".repeat(4));
  private static final Digest MANIFEST = new Digest("sha256", "fedcba9876543210".repeat(4));

  private static final List<Image> IMAGES =
      images(
          "docker.io/library/old:1",
          "2020-01-01T00:00:00Z",
          "localhost:5000/team/app:v2",
          "2026-03-15T09:00:00+00:00",
          "docker.io/library/busybox:latest",
          "2026-03-01T12:00:00Z",
          "oci:/srv/image",
          "0001-01-01T00:00:00Z",
          "docker.io/library/pinned@" + MANIFEST,
          "nonsense");

  private static List<Image> images(String... namesAndDates) {
    List<Image> out = new java.util.ArrayList<>();
    for (int i = 0; i < namesAndDates.length; i += 2) {
      String config =
          "{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":\""
              + namesAndDates[i + 1]
              + "\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
      try {
        ImageConfig parsed = ImageConfig.parse(config.getBytes(StandardCharsets.UTF_8));
        out.add(new Image(namesAndDates[i], MANIFEST, ID, parsed, List.of(), 4_268_000));
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
    }
    return out;
  }

  private static String listed(String... arguments) throws Exception {
    ImagesCommand command = new ImagesCommand();
    Flags.Parsed parsed = command.flags().parse(List.of(arguments), true);
    return ImagesCommand.listing(parsed, IMAGES, NOW);
  }

  @Test
  void columnsAreDockersAndTheNewestComesFirst() throws Exception {
    assertThat(listed())
        .isEqualTo(
            """
            REPOSITORY                TAG       IMAGE ID       CREATED       SIZE
            localhost:5000/team/app   v2        0123456789ab   3 hours ago   4.27MB
            busybox                   latest    0123456789ab   2 weeks ago   4.27MB
            old                       1         0123456789ab   6 years ago   4.27MB
            oci:/srv/image            <none>    0123456789ab   N/A           4.27MB
            pinned                    <none>    0123456789ab   N/A           4.27MB
            """);
  }

  @ParameterizedTest
  @CsvSource({"busybox,1", "busybox:latest,1", "busybox:1,0", "localhost:5000/team/app,1", "box,0"})
  void repositoryNarrowsTheList(String wanted, int count) throws Exception {
    assertThat(listed("-q", wanted).lines()).hasSize(count);
  }

  @Test
  void idsAndDigestsAreShownAsAsked() throws Exception {
    assertThat(listed("-q", "old")).isEqualTo("0123456789ab\n");
    assertThat(listed("-q", "--no-trunc", "old")).isEqualTo(ID + "\n");
    assertThat(listed("--digests", "old")).contains("DIGEST").contains(MANIFEST.toString());
    assertThat(listed()).doesNotContain("DIGEST");
  }

  @Test
  void templatesAreFilled() throws Exception {
    assertThat(listed("--format", "{{.Repository}}:{{.Tag}} {{.CreatedAt}}", "old"))
        .isEqualTo("old:1 2020-01-01 00:00:00 +0000 UTC\n");
    assertThat(listed("-q", "--format", "table {{.ID}}\\t{{.Size}}", "old"))
        .isEqualTo("IMAGE ID       SIZE\n0123456789ab   4.27MB\n");
    Json.Obj row =
        Json.parseObject(listed("--format", "json", "old").getBytes(StandardCharsets.UTF_8));
    assertThat(row.string("Repository")).contains("old");
  }
}
