package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UserSpecTest {

  @ParameterizedTest
  @CsvSource({
    "0,0,",
    "1,1,",
    "007,7,",
    "2147483647,2147483647,",
    "1000:100,1000,100",
    ":0,0,0",
    "1000:,1000,",
    "'',0,"
  })
  void RT39_digitsAreANumberAndNeverAName(String text, int user, Integer group)
      throws OptionException {
    UserSpec spec = UserSpec.parse(text);
    assertThat(spec.user().id()).hasValue(user);
    assertThat(spec.group().map(g -> g.id().getAsInt()).orElse(null)).isEqualTo(group);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967296",
        "4294967295",
        "4294967294",
        "2147483648",
        "18446744073709551616",
        "-1",
        "+0",
        "-0",
        "0:-1",
        "1000:4294967296",
        "99999999999999999999999999999999"
      })
  void RT39_numbersOutOfRangeOrWithASignAreRefused(String text) {
    assertThatThrownBy(() -> UserSpec.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("must be in range 0-2147483647");
  }

  @ParameterizedTest
  @ValueSource(strings = {" 0", "0 ", "0\n", "a b", "a\tb", "a:b:c", "\0", "a\0", "root\u007f"})
  void RT39_whatCanBeNoNameIsRefused(String text) {
    assertThatThrownBy(() -> UserSpec.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("invalid user or group");
  }

  @ParameterizedTest
  @CsvSource({"web,web,", "web:www,web,www", "0x0,0x0,", "1a,1a,", "www-data,www-data,", "-,-,"})
  void everythingElseIsAName(String text, String user, String group) throws OptionException {
    UserSpec spec = UserSpec.parse(text);
    assertThat(spec.user().id()).isEmpty();
    assertThat(spec.user().text()).isEqualTo(user);
    assertThat(spec.group().map(UserSpec.Principal::text).orElse(null)).isEqualTo(group);
    assertThat(spec).hasToString(text);
  }
}
