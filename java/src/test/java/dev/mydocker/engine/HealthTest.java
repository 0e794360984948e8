package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HealthTest {
  private static final int RETRIES = 2;

  private static Health.Check check(int exitCode) {
    Instant start = Instant.parse("2026-03-01T12:00:00.5Z");
    return new Health.Check(start, start.plusNanos(1), exitCode, "said\n\u0000\"" + exitCode);
  }

  /** The checks: + succeeds, - fails, f fails in the start period. */
  private static Health after(String checks) {
    Health health = Health.STARTING;
    for (char c : checks.toCharArray()) {
      health = health.after(check(c == '+' ? 0 : 1), RETRIES, c == 'f');
    }
    return health;
  }

  @ParameterizedTest
  @CsvSource({
    "'',STARTING,0",
    "+,HEALTHY,0",
    "-,STARTING,1",
    "--,UNHEALTHY,2",
    "---,UNHEALTHY,3",
    "-+,HEALTHY,0",
    "+-,HEALTHY,1",
    "+--,UNHEALTHY,2",
    "+-+-,HEALTHY,1",
    "--+,HEALTHY,0",
    "ffff,STARTING,0",
    "ff-,STARTING,1",
    "ff--,UNHEALTHY,2",
    "f+,HEALTHY,0",
    "f+f,HEALTHY,1",
    "f+ff,UNHEALTHY,2",
  })
  void followsItsChecks(String checks, HealthStatus status, int streak) {
    assertThat(after(checks).status()).isEqualTo(status);
    assertThat(after(checks).failingStreak()).isEqualTo(streak);
  }

  @Test
  void everyFailureButZeroIsOne() {
    for (int code : new int[] {1, 2, 126, 137, -1}) {
      assertThat(Health.STARTING.after(check(code), 1, false).status())
          .isEqualTo(HealthStatus.UNHEALTHY);
    }
  }

  @Test
  void lastFiveChecksAreKept() {
    List<Integer> codes = new ArrayList<>();
    Health health = Health.STARTING;
    for (int code = 1; code <= 7; code++) {
      health = health.after(check(code), 3, false);
    }
    health.log().forEach(check -> codes.add(check.exitCode()));
    assertThat(codes).containsExactly(3, 4, 5, 6, 7);
  }

  @Test
  void isReadAsItWasWritten() throws Exception {
    for (String checks : List.of("", "+", "f-", "+--+-----")) {
      Health health = after(checks);
      assertThat(Health.parse(health.toJson().toBytes())).isEqualTo(health);
    }
  }

  @Test
  void isWrittenAsDockerDoes() {
    assertThat(after("+").toJson().toText())
        .isEqualTo(
            "{\"Status\":\"healthy\",\"FailingStreak\":0,\"Log\":[{"
                + "\"Start\":\"2026-03-01T12:00:00.500Z\","
                + "\"End\":\"2026-03-01T12:00:00.500000001Z\","
                + "\"ExitCode\":0,\"Output\":\"said\\n\\u0000\\\"0\"}]}");
  }

  @Test
  void whatDoesNotRunIsNotWell() {
    assertThat(after("-+").stopped().status()).isEqualTo(HealthStatus.UNHEALTHY);
    assertThat(after("-+").stopped().log()).isEqualTo(after("-+").log());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"Status\":\"fine\"}",
        "{\"Status\":\"healthy\",\"Log\":[1]}",
        "{\"Status\":\"healthy\",\"Log\":[{\"Start\":\"yesterday\"}]}"
      })
  void damagedFileIsNoHealth(String text) {
    assertThatThrownBy(() -> Health.parse(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(JsonException.class);
  }
}
