package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MomentTest {
  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "24h,2026-03-14T12:00:00Z",
    "1h30m10s,2026-03-15T10:29:50Z",
    "0s,2026-03-15T12:00:00Z",
    "1700000000,2023-11-14T22:13:20Z",
    "1700000000.5,2023-11-14T22:13:20.5Z",
    "1700000000.000000001,2023-11-14T22:13:20.000000001Z",
    "2026-03-01T12:00:00Z,2026-03-01T12:00:00Z",
    "2026-03-01T12:00:00.5+02:00,2026-03-01T10:00:00.5Z",
    "2026-03-01t12:00:00-01:00,2026-03-01T13:00:00Z",
  })
  void aTimeIsReadAsDockerDoes(String text, Instant expected) throws UsageException {
    assertThat(Moment.parse(text, NOW)).isEqualTo(expected);
  }

  @Test
  void aDateIsThatDayHere() throws UsageException {
    Instant day = LocalDate.of(2026, 3, 1).atStartOfDay(ZoneId.systemDefault()).toInstant();
    assertThat(Moment.parse("2026-03-01", NOW)).isEqualTo(day);
    assertThat(Moment.parse("2026-03-01T00:00:00", NOW)).isEqualTo(day);
    assertThat(Moment.parse("2026-03-01T00", NOW)).isEqualTo(day);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "5x",
        "h",
        "1h5",
        "2026-13-01",
        "99999999999999999999",
        "1.",
        ".5",
        "1.1234567890"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Moment.parse(text, NOW)).isInstanceOf(UsageException.class);
  }
}
