package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanTest {

  @ParameterizedTest
  @CsvSource({
    "0,3,0B",
    "999,3,999B",
    "1000,3,1kB",
    "4270000,3,4.27MB",
    "4274999,3,4.27MB",
    "77800000,3,77.8MB",
    "188000000,3,188MB",
    "1450000000,3,1.45GB",
    "3408021,4,3.408MB",
    "12000000,4,12MB",
    "9223372036854775807,3,9.22EB"
  })
  void sizeIsDecimalWithSignificantDigits(long bytes, int digits, String text) {
    assertThat(Human.size(bytes, digits)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"268435456,256 MiB", "1536,1.5 KiB", "6291456,6 MiB", "100,100 B"})
  void limitIsBinary(long bytes, String text) {
    assertThat(Human.binarySize(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0.4S,Less than a second",
    "PT1S,1 second",
    "PT59S,59 seconds",
    "PT60S,About a minute",
    "PT119S,About a minute",
    "PT2M,2 minutes",
    "PT59M,59 minutes",
    "PT1H,About an hour",
    "PT2H,2 hours",
    "PT47H,47 hours",
    "PT48H,2 days",
    "P13D,13 days",
    "P14D,2 weeks",
    "P60D,2 months",
    "P800D,2 years"
  })
  void durationIsInOneUnit(Duration duration, String text) {
    assertThat(Human.duration(duration)).isEqualTo(text);
  }
}
