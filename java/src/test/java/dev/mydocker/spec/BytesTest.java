package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BytesTest {

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "32,32",
    "32b,32",
    "32k,32768",
    "32K,32768",
    "32kb,32768",
    "32KiB,32768",
    "64 KiB,65536",
    "256m,268435456",
    "1.5g,1610612736",
    "0.3k,307",
    "1t,1099511627776",
    "2p,2251799813685248",
    "007,7",
    "9223372036854775807,9223372036854775807"
  })
  void anAmountIsReadInPowersOf1024(String text, long bytes) throws OptionException {
    assertThat(Bytes.parse(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "b", "m", "-1", "+1", "1x", "1mm", "1bb", "1kbb", "1ibb", ".5m", "5.m", "1.2.3m",
        "1e3", "0x10", "1,5m", " 1", "NaN", "1m\0", "٣m", "1 2m"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Bytes.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("invalid size");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"9223372036854775808", "8192p", "99999999999999999999999999999999999999p"})
  void whatNoLongCanHoldIsTooLarge(String text) {
    assertThatThrownBy(() -> Bytes.parse(text)).hasMessageContaining("too large");
  }

  @Test
  void aHostileLengthCostsNothing() {
    String digits = "9".repeat(1_000_000);
    assertThatThrownBy(() -> Bytes.parse(digits)).isInstanceOf(OptionException.class);
    assertThatThrownBy(() -> Bytes.parse("0." + digits)).isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,1", "1023,1023", "1024,1k", "268435456,256m", "1610612736,1536m"})
  void theShortestExactFormIsWritten(long bytes, String text) throws OptionException {
    assertThat(Bytes.format(bytes)).isEqualTo(text);
    assertThat(Bytes.parse(text)).isEqualTo(bytes);
  }
}
