package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeNameTest {

  @ParameterizedTest
  @ValueSource(strings = {"aa", "0a", "A.b_c-d", "a..", "a--", "0123456789abcdef"})
  void aWordOfTwoOrMoreCharactersIsAName(String name) throws OptionException {
    VolumeName.require(name);
    assertThat(VolumeName.is(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        ".",
        "..",
        ".a",
        "-a",
        "_a",
        "a/b",
        "a b",
        "a\0",
        "ä1",
        "a\n",
        "a:b",
        "\u0661\u0662"
      })
  void anythingElseIsNone(String name) {
    assertThat(VolumeName.is(name)).isFalse();
    assertThatThrownBy(() -> VolumeName.require(name)).isInstanceOf(OptionException.class);
  }

  @Test
  void aNameIsOneOfADirectory() {
    assertThat(VolumeName.is("a".repeat(255))).isTrue();
    assertThat(VolumeName.is("a".repeat(256))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"web,web,false", "web:rw,web,false", "web:ro,web,true"})
  void aContainerToTakeMountsFromIsRead(String text, String container, boolean readOnly)
      throws OptionException {
    assertThat(VolumesFrom.parse(text)).isEqualTo(new VolumesFrom(container, readOnly));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":ro", "web:", "web:z", "web:ro:ro"})
  void anythingElseIsNoContainerToTakeMountsFrom(String text) {
    assertThatThrownBy(() -> VolumesFrom.parse(text)).isInstanceOf(OptionException.class);
  }
}
