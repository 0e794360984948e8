package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.image.ListedImage;
import dev.mydocker.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImagesCommandTest {
  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");
  private static final Digest ID = new Digest("sha256", "0123456789abcdef".repeat(4));
  private static final Digest MANIFEST = new Digest("sha256", "fedcba9876543210".repeat(4));

  private static final List<ListedImage> IMAGES =
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
          "nonsense",
          "",
          "2026-03-02T12:00:00Z",
          "oci-archive:/srv/a.tar:b:c",
          "2026-02-02T12:00:00Z");

  private static List<ListedImage> images(String... namesAndDates) {
    List<ListedImage> out = new ArrayList<>();
    for (int i = 0; i < namesAndDates.length; i += 2) {
      String config =
          "{\"os\":\"linux\",\"architecture\":\"amd64\",\"created\":\""
              + namesAndDates[i + 1]
              + "\",\"config\":{\"Labels\":{\"name\":\""
              + namesAndDates[i]
              + "\",\"year\":\""
              + namesAndDates[i + 1].substring(0, 4)
              + "\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
      try {
        ImageConfig parsed = ImageConfig.parse(config.getBytes(StandardCharsets.UTF_8));
        Image image =
            new Image(namesAndDates[i], MANIFEST, MANIFEST, ID, parsed, List.of(), 4_268_000);
        out.add(new ListedImage(namesAndDates[i], MANIFEST, ID, List.of(image), Optional.empty()));
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
    }
    return out;
  }

  private static String listed(String... arguments) throws Exception {
    ImagesCommand command = new ImagesCommand();
    Flags.Parsed parsed = command.flags().parse(List.of(arguments), true);
    ImageFilter filter =
        ImageFilter.parse(
            parsed.all("--filter"), ImageFilter.OF_LISTS, NOW, ImagesCommandTest::created);
    return ImagesCommand.listing(parsed, filter, IMAGES, NOW);
  }

  private static Instant created(String name) {
    return IMAGES.stream()
        .filter(i -> i.name().equals(name))
        .map(i -> ImageColumns.created(i.image().orElseThrow()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void columnsAreDockersAndTheNewestComesFirst() throws Exception {
    assertThat(listed())
        .isEqualTo(
            """
            REPOSITORY                TAG       IMAGE ID       CREATED       SIZE
            localhost:5000/team/app   v2        0123456789ab   3 hours ago   4.27MB
            <none>                    <none>    0123456789ab   13 days ago   4.27MB
            busybox                   latest    0123456789ab   2 weeks ago   4.27MB
            oci-archive:/srv/a.tar    b:c       0123456789ab   5 weeks ago   4.27MB
            old                       1         0123456789ab   6 years ago   4.27MB
            oci:/srv/image            <none>    0123456789ab   N/A           4.27MB
            pinned                    <none>    0123456789ab   N/A           4.27MB
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "busybox,1",
    "busybox:latest,1",
    "busybox:1,0",
    "localhost:5000/team/app,1",
    "box,0",
    "b*,1",
    "*/*/app,1",
    "[op]*:?,1",
    "busybox:lat*,1"
  })
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

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "dangling=true;<none>",
        "dangling=false;app busybox a.tar old image pinned",
        "reference=*;busybox old pinned",
        "reference=busybox reference=old;busybox old",
        "label=year=2026;app <none> busybox a.tar",
        "label=year label=name=oci:/srv/image;image",
        "label=nothing;",
        "before=docker.io/library/busybox:latest;a.tar old image pinned",
        "since=docker.io/library/busybox:latest;app <none>",
        "since=docker.io/library/old:1 before=docker.io/library/busybox:latest;a.tar",
        "until=2025-01-01T00:00:00Z;old image pinned",
        "until=72h;<none> busybox a.tar old image pinned",
      })
  void filtersNarrowTheList(String filters, String names) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("--format", "{{.Repository}}"));
    for (String filter : filters.split(" ")) {
      arguments.add("--filter");
      arguments.add(filter);
    }
    List<String> listed =
        listed(arguments.toArray(new String[0]))
            .lines()
            .map(line -> line.substring(line.lastIndexOf('/') + 1))
            .toList();
    assertThat(listed).isEqualTo(names == null ? List.of() : List.of(names.split(" ")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dangling", "dangling=maybe", "colour=red", "until=soon", "reference=["})
  void aFilterThatMeansNothingIsRefused(String filter) {
    assertThatThrownBy(() -> listed("--filter", filter)).isInstanceOf(UsageException.class);
  }

  @Test
  void aDamagedImageIsARowOfItsOwn() throws Exception {
    ListedImage damaged =
        new ListedImage(
            "docker.io/library/bad:1", MANIFEST, MANIFEST, List.of(), Optional.of("gone"));
    Flags.Parsed parsed = new ImagesCommand().flags().parse(List.of(), true);
    ImageFilter filter = ImageFilter.parse(List.of(), ImageFilter.OF_LISTS, NOW, name -> NOW);
    assertThat(ImagesCommand.listing(parsed, filter, List.of(damaged), NOW))
        .endsWith("bad          1         fedcba987654   N/A       damaged\n");
  }
}
