package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.image.ImageDetails;
import dev.mydocker.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryCommandTest {
  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");
  private static final Digest ID = new Digest("sha256", "0123456789abcdef".repeat(4));

  private static ImageDetails details(String history, long... sizes) throws Exception {
    byte[] config =
        ("{\"os\":\"linux\",\"architecture\":\"amd64\",\"author\":\"me\",\"config\":{\"Cmd\":[\"sh\"]},"
             + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"history\":"
                + history
                + "}")
            .getBytes(StandardCharsets.UTF_8);
    Image image =
        new Image("docker.io/library/a:1", ID, ID, ID, ImageConfig.parse(config), List.of(ID), 7);
    return new ImageDetails(
        image,
        List.of("docker.io/library/a:1", "docker.io/library/b@" + ID),
        List.of("a@" + ID),
        ID,
        "type",
        99,
        Json.parseObject(config),
        java.util.Arrays.stream(sizes).boxed().toList(),
        List.of(Path.of("/low"), Path.of("/high")));
  }

  private static String listed(ImageDetails details, String... arguments) throws Exception {
    Flags.Parsed parsed = new HistoryCommand().flags().parse(List.of(arguments), true);
    return HistoryCommand.listing(parsed, details, NOW);
  }

  private static final String HISTORY =
      "[{\"created\":\"2026-03-01T12:00:00Z\",\"created_by\":\"ADD\\trootfs\"},"
          + "{\"created\":\"2026-03-15T11:00:00Z\",\"created_by\":\"CMD a very long command that"
          + " has to be cut somewhere\",\"empty_layer\":true,\"comment\":\"why\"}]";

  @Test
  void stepsAreShownTheLastFirst() throws Exception {
    assertThat(listed(details(HISTORY, 1_500_000)))
        .isEqualTo(
            """
            IMAGE          CREATED             CREATED BY                                      SIZE      COMMENT
            0123456789ab   About an hour ago   CMD a very long command that has to be cut s…   0B        why
            <missing>      2 weeks ago         ADD rootfs                                      1.5MB    \s
            """);
  }

  @Test
  void nothingIsCutForPrograms() throws Exception {
    assertThat(listed(details(HISTORY, 1_500_000), "--no-trunc", "--human=false"))
        .contains(ID + "   2026-03-15T11:00:00Z   CMD a very long command that has to be cut some")
        .contains("   1500000   ");
    assertThat(listed(details(HISTORY, 1), "-q")).isEqualTo("0123456789ab\n<missing>\n");
    assertThat(listed(details(HISTORY, 1), "--format", "{{.Comment}}|{{.Size}}"))
        .isEqualTo("why|0B\n|1B\n");
  }

  @Test
  void layersWithoutHistoryAreStepsToo() throws Exception {
    assertThat(listed(details("[]", 5, 6), "--format", "{{.ID}} {{.Size}}"))
        .isEqualTo("0123456789ab 6B\n<missing> 5B\n");
  }

  @Test
  void inspectHasDockersShape() throws Exception {
    Json.Obj document = ImageDocument.of(details("[]", 5));
    String expected =
        "{'Id':'#','RepoTags':['a:1'],'RepoDigests':['a@#'],'Parent':'','Comment':'',"
            + "'Created':'','DockerVersion':'','Author':'me','Config':{'Cmd':['sh']},"
            + "'Architecture':'amd64','Os':'linux','Size':7,"
            + "'GraphDriver':{'Name':'overlay2','Data':{'LowerDir':'/high:/low'}},"
            + "'RootFS':{'Type':'layers','Layers':['#']},"
            + "'Descriptor':{'mediaType':'type','digest':'#','size':99}}";
    assertThat(document.toText())
        .isEqualTo(expected.replace('\'', '"').replace("#", ID.toString()));
  }
}
