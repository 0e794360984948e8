package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {
  private static final Json.Obj ROW =
      Json.object()
          .put("ID", "3f1c")
          .put("Names", "calm_otter")
          .put("Size", 12)
          .put("Client", Json.object().put("Version", "1.2").build())
          .build();

  private static String render(String template) throws UsageException {
    return Format.parse(template)
        .render(List.of(ROW), Map.of("ID", "CONTAINER ID", "Names", "NAMES"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{.ID}};3f1c",
        "{{ .ID }};3f1c",
        "id={{.ID}}, {{.Names}}!;id=3f1c, calm_otter!",
        "{{.Size}};12",
        "{{.Client.Version}};1.2",
        "{{upper .Names}};CALM_OTTER",
        "{{lower .ID}};3f1c",
        "{{json .Names}};\"calm_otter\"",
        "{{json .Client}};{\"Version\":\"1.2\"}",
        "plain;plain",
        "{{json"
            + " .}};{\"ID\":\"3f1c\",\"Names\":\"calm_otter\",\"Size\":12,\"Client\":{\"Version\":\"1.2\"}}",
        "json;{\"ID\":\"3f1c\",\"Names\":\"calm_otter\",\"Size\":12,\"Client\":{\"Version\":\"1.2\"}}",
      })
  void templateIsRendered(String template, String expected) throws UsageException {
    assertThat(render(template)).isEqualTo(expected + "\n");
  }

  @Test
  void escapesAreTabsAndLines() throws UsageException {
    assertThat(render("{{.ID}}\\t{{.Names}}\\n.")).isEqualTo("3f1c\tcalm_otter\n.\n");
  }

  @Test
  void tableHasHeadingsAndAlignedColumns() throws UsageException {
    assertThat(render("table {{.ID}}\\t{{.Names}}\\t{{.Size}}"))
        .isEqualTo("CONTAINER ID   NAMES        SIZE\n3f1c           calm_otter   12\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{.Nope}};there is no field .Nope; there are ID, Names, Size, Client",
        "{{.ID.More}};there is no field .More",
        "{{.ID;\"{{\" without \"}}\"",
        "{{range .}};use {{.Field}}",
        "{{ID}};use {{.Field}}",
        "{{.ID | printf}};use {{.Field}}",
      })
  void whatIsNotOfferedIsSaid(String template, String message) {
    // The delimiter may stand in a message as well: only its beginning is compared.
    assertThatThrownBy(() -> render(template)).hasMessageContaining(message);
  }

  @Test
  void RT25_escapeSequencesDoNotReachTheTerminal() throws UsageException {
    Json.Obj evil = Json.object().put("ID", "\u001b[2J\r\nx\u009b\u202e").build();
    assertThat(Format.parse("{{.ID}}").render(List.of(evil), Map.of()))
        .isEqualTo("\\x1b[2J\\x0d\\nx\\x9b\\u202e\n");
  }
}
