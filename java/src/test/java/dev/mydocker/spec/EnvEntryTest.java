package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvEntryTest {
  private static final Map<String, String> CALLERS = Map.of("SET", "here");

  private static EnvEntry parse(String text) throws OptionException {
    return EnvEntry.parse(text, name -> Optional.ofNullable(CALLERS.get(name)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "A=b|A|b",
        "A=|A|''",
        "A==|A|=",
        "A=b=c|A|b=c",
        "a.b-c=d|a.b-c|d",
        "SET|SET|here",
        "SET=other|SET|other",
        "UNSET|UNSET|"
      })
  void aNameAloneTakesTheCallersValue(String text, String name, String value)
      throws OptionException {
    assertThat(parse(text)).isEqualTo(new EnvEntry(name, Optional.ofNullable(value)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "=", "=b", "A\0", "A=\0", "\0=b"})
  void RT41_aNulOrAnEmptyNameIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(OptionException.class);
  }
}
