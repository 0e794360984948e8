package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoDurationTest {
  private static final Duration MILLISECOND = Duration.ofMillis(1);

  @ParameterizedTest
  @CsvSource({
    "0,PT0S,0s",
    "0s,PT0S,0s",
    "1ms,PT0.001S,1ms",
    "500ms,PT0.5S,500ms",
    "1500us,PT0.0015S,1.5ms",
    "1500µs,PT0.0015S,1.5ms",
    "1000000ns,PT0.001S,1ms",
    "30s,PT30S,30s",
    "1.5s,PT1.5S,1.5s",
    ".5s,PT0.5S,500ms",
    "90s,PT1M30S,1m30s",
    "1m30s,PT1M30S,1m30s",
    "100s,PT1M40S,1m40s",
    "10s,PT10S,10s",
    "1h,PT1H,1h0m0s",
    "1h0.5s,PT1H0.5S,1h0m0.5s",
    "26h3m,PT26H3M,26h3m0s",
  })
  void isReadAndWrittenAsByGo(String text, Duration duration, String again) {
    assertThat(GoDuration.parse(text, MILLISECOND)).contains(duration);
    assertThat(GoDuration.text(duration)).isEqualTo(again);
  }

  @ParameterizedTest
  @CsvSource({"PT0.000000001S,1ns", "PT0.0000015S,1.5µs"})
  void shortOnesAreWritten(Duration duration, String text) {
    assertThat(GoDuration.text(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "30",
        "s",
        ".s",
        "1.2.3s",
        "-1s",
        "+1s",
        "1 s",
        "1d",
        "1S",
        "1s2",
        "999us",
        "1ns",
        "9999999h",
        "1e3s",
        "x"
      })
  void whatIsNoneIsRefused(String text) {
    assertThat(GoDuration.parse(text, MILLISECOND)).isEmpty();
  }
}
