package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.Event;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventsCommandTest {
  private static final Instant TIME = Instant.parse("2026-11-24T14:12:58.00000012Z");
  private static final Event START =
      event("container", "start", "abc", "image", "busybox", "name", "web", "tier", "front");

  private static Event event(String type, String action, String id, String... attributes) {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < attributes.length; i += 2) {
      map.put(attributes[i], attributes[i + 1]);
    }
    return new Event(TIME, type, action, id, new TreeMap<>(map));
  }

  @Test
  void lineIsDockers() {
    assertThat(EventsCommand.text(START, ZoneId.of("UTC")))
        .isEqualTo(
            "2026-11-24T14:12:58.000000120Z container start abc"
                + " (image=busybox, name=web, tier=front)");
    assertThat(EventsCommand.text(event("volume", "create", "v"), ZoneId.of("+02:00")))
        .isEqualTo("2026-11-24T16:12:58.000000120+02:00 volume create v");
    assertThat(EventsCommand.text(event("image", "tag", "i", "n", "\u001b[2J\n"), ZoneId.of("UTC")))
        .doesNotContain("\u001b", "\n");
  }

  @Test
  void documentIsDockers() {
    assertThat(START.toJson().toText())
        .isEqualTo(
            "{\"status\":\"start\",\"id\":\"abc\",\"from\":\"busybox\",\"Type\":\"container\","
                + "\"Action\":\"start\",\"Actor\":{\"ID\":\"abc\",\"Attributes\":{\"image\":"
                + "\"busybox\",\"name\":\"web\",\"tier\":\"front\"}},\"scope\":\"local\","
                + "\"time\":1795529578,\"timeNano\":1795529578000000120}");
    assertThat(event("volume", "create", "v").toJson().toText())
        .startsWith("{\"Type\":\"volume\",\"Action\":\"create\",\"Actor\":{\"ID\":\"v\",");
  }

  @Test
  void templatesNameTheFieldsOfGo() throws Exception {
    Format format = Format.parse("{{.Status}} {{.Actor.Attributes.name}} {{.Actor.Attributes.no}}");
    assertThat(format.line(START.fields(), START.toJson())).isEqualTo("start web <no value>");
    assertThat(Format.parse("json").line(START.fields(), START.toJson()))
        .isEqualTo(START.toJson().toText());
    assertThatThrownBy(() -> Format.parse("{{.status}}").line(START.fields(), START.toJson()))
        .hasMessageContaining("no field .status");
  }

  @ParameterizedTest
  @CsvSource({
    "type=container, true",
    "type=image, false",
    "type=image type=container, true",
    "event=start, true",
    "event=sta, false",
    "event=die event=start, true",
    "type=container event=die, false",
    "container=web, true",
    "container=we, false",
    "container=ab, true",
    "container=, false",
    "image=busybox, true",
    "image=busybox:latest, true",
    "image=busybox:1, false",
    "label=tier, true",
    "label=tier=front, true",
    "label=tier label=other, false",
    "volume=abc, false",
    "scope=local, true",
    "scope=swarm, false",
  })
  void filtersChoose(String filters, boolean chosen) throws Exception {
    assertThat(EventFilter.parse(List.of(filters.split(" "))).matches(START)).isEqualTo(chosen);
  }

  @Test
  void filtersKnowExecsAndImages() throws Exception {
    Event exec = event("container", "exec_create: sh -c ls", "abc");
    assertThat(EventFilter.parse(List.of("event=exec_create")).matches(exec)).isTrue();
    Event pull = event("image", "pull", "localhost:5000/app:1", "name", "localhost:5000/app");
    for (String image : List.of("localhost:5000/app", "localhost:5000/app:1")) {
      assertThat(EventFilter.parse(List.of("image=" + image)).matches(pull)).isTrue();
    }
    assertThat(EventFilter.parse(List.of("image=localhost")).matches(pull)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"bogus=1", "type"})
  void unknownFiltersAreRefused(String filter) {
    assertThatThrownBy(() -> EventFilter.parse(List.of(filter)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("invalid filter");
  }
}
