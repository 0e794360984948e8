package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigChangeTest {
  private static final String BASE =
      "{\"Env\":[\"PATH=/bin\",\"E=\"],\"Cmd\":[\"old\"],\"WorkingDir\":\"/w\","
          + "\"ExposedPorts\":{\"1/tcp\":{}},\"Labels\":{\"a\":\"1\"},\"Healthcheck\":{\"Test\":[]}}";

  private static Json.Obj apply(String base, String... lines) throws Exception {
    List<ConfigChange> changes = new ArrayList<>();
    for (String line : lines) {
      changes.add(ConfigChange.parse(line));
    }
    return ConfigChange.apply(
        changes,
        Optional.of(Json.parseObject(base.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CMD [\"a\", \"b c\"]|Cmd|[\"a\",\"b c\"]",
        "cmd a  b|Cmd|[\"/bin/sh\",\"-c\",\"a  b\"]",
        "CMD [\"a\", 1]|Cmd|[\"/bin/sh\",\"-c\",\"[\\\"a\\\", 1]\"]",
        "CMD [a]|Cmd|[\"/bin/sh\",\"-c\",\"[a]\"]",
        "ENTRYPOINT [\"e\"]|Entrypoint|[\"e\"]",
        "ENV B=2|Env|[\"PATH=/bin\",\"E=\",\"B=2\"]",
        "ENV PATH=$PATH:/opt C=${E:-x}${PATH:+y}|Env|[\"PATH=/bin:/opt\",\"E=\",\"C=xy\"]",
        "ENV A=\"b c\" D=e\\ f G='$PATH' H=\\$x|Env|"
            + "[\"PATH=/bin\",\"E=\",\"A=b c\",\"D=e f\",\"G=$PATH\",\"H=$x\"]",
        "ENV E one  two|Env|[\"PATH=/bin\",\"E=one  two\"]",
        "ENV A=\"x\\ny\\\"z\"|Env|[\"PATH=/bin\",\"E=\",\"A=x\\\\ny\\\"z\"]",
        "LABEL a=2 \"c d\"=\"e f\"|Labels|{\"a\":\"2\",\"c d\":\"e f\"}",
        "EXPOSE 80 81-82/udp|ExposedPorts|"
            + "{\"1/tcp\":{},\"80/tcp\":{},\"81/udp\":{},\"82/udp\":{}}",
        "VOLUME /a /b|Volumes|{\"/a\":{},\"/b\":{}}",
        "VOLUME [\"/a b\"]|Volumes|{\"/a b\":{}}",
        "USER 1:2|User|\"1:2\"",
        "WORKDIR x/../y|WorkingDir|\"/w/y\"",
        "WORKDIR /x/./y/|WorkingDir|\"/x/y\"",
        "WORKDIR ../../..|WorkingDir|\"/\"",
        "HEALTHCHECK NONE|Healthcheck|{\"Test\":[\"NONE\"]}",
        "HEALTHCHECK cmd a  b|Healthcheck|{\"Test\":[\"CMD-SHELL\",\"a  b\"]}",
        "HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD [\"a\", \"b\"]|Healthcheck|"
            + "{\"Test\":[\"CMD\",\"a\",\"b\"],\"Interval\":90000000000,"
            + "\"Timeout\":1500000000,\"Retries\":3}",
        "HEALTHCHECK --start-period=0 --start-interval=1ms CMD a|Healthcheck|"
            + "{\"Test\":[\"CMD-SHELL\",\"a\"],\"StartPeriod\":0,\"StartInterval\":1000000}",
        "ONBUILD run make  all|OnBuild|[\"run make  all\"]",
        "STOPSIGNAL SIGRTMIN+3|StopSignal|\"SIGRTMIN+3\"",
      })
  void instructionsSetWhatDockersDo(String line, String member, String expected) throws Exception {
    assertThat(apply(BASE, line).get(member).orElseThrow().toText()).isEqualTo(expected);
  }

  @Test
  void whatIsNotNamedStays() throws Exception {
    assertThat(apply(BASE, "USER x").get("Healthcheck")).isPresent();
    assertThat(apply(BASE, "USER x").strings("Cmd")).containsExactly("old");
  }

  @Test
  void anEntryPointTakesTheCommandAwayUnlessItIsNew() throws Exception {
    assertThat(apply(BASE, "ENTRYPOINT e").get("Cmd")).isEmpty();
    assertThat(apply(BASE, "CMD [\"c\"]", "ENTRYPOINT e").strings("Cmd")).containsExactly("c");
    assertThat(apply(BASE, "ENTRYPOINT e", "CMD [\"c\"]").strings("Cmd")).containsExactly("c");
  }

  @Test
  void laterInstructionsSeeEarlierOnes() throws Exception {
    Json.Obj config = apply("{}", "ENV P=80 D=/srv", "EXPOSE $P", "WORKDIR ${D}/x", "WORKDIR y");
    assertThat(config.get("ExposedPorts").orElseThrow().toText()).isEqualTo("{\"80/tcp\":{}}");
    assertThat(config.string("WorkingDir")).contains("/srv/x/y");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "CMD",
        "RUN x",
        "FROM x",
        "ENV A",
        "ENV =x",
        "ENV A=1 B",
        "ENV A=\"x",
        "ENV A=${B",
        "ENV A=${}",
        "ENV A=${B?x}",
        "LABEL a",
        "EXPOSE x",
        "EXPOSE 0",
        "EXPOSE 65536",
        "EXPOSE 9-8",
        "EXPOSE 80/x",
        "EXPOSE 99999999999",
        "STOPSIGNAL a b",
        "HEALTHCHECK NONE x",
        "HEALTHCHECK CMD",
        "HEALTHCHECK curl x",
        "HEALTHCHECK --interval=1s NONE",
        "HEALTHCHECK --interval=1 CMD a",
        "HEALTHCHECK --interval=1x CMD a",
        "HEALTHCHECK --interval=.s CMD a",
        "HEALTHCHECK --interval=-1s CMD a",
        "HEALTHCHECK --interval=1us CMD a",
        "HEALTHCHECK --interval=9999999999999999h CMD a",
        "HEALTHCHECK --interval=1s --interval=1s CMD a",
        "HEALTHCHECK --retries=x CMD a",
        "HEALTHCHECK --retry=1 CMD a",
        "ONBUILD FROM x",
        "ONBUILD onbuild RUN x",
      })
  void whatMeansNothingIsRefusedInOneLine(String line) {
    assertThatThrownBy(() -> apply("{}", line))
        .isInstanceOf(ImageException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  @Timeout(10)
  void IMG15_longInstructionsAreReadInLinearTime() throws Exception {
    String nested = "${A:-".repeat(20_000) + "}".repeat(20_000);
    assertThatThrownBy(() -> apply("{}", "ENV X=" + nested)).isInstanceOf(ImageException.class);
    assertThat(apply("{}", "ENV X=" + "a\\ ".repeat(300_000)).strings("Env").get(0))
        .hasSize(600_002);
  }
}
