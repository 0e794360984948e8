package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GlobTest {

  @ParameterizedTest
  @CsvSource({
    "abc,abc,true",
    "*,abc,true",
    "*,a/b,false",
    "*/*,a/b,true",
    "a*,a,true",
    "a*b*c,axxbyyc,true",
    "a*b*c,axxbyy,false",
    "*b,abab,true",
    "a?c,abc,true",
    "a?c,a/c,false",
    "[a-c]x,bx,true",
    "[a-c]x,dx,false",
    "[^a-c]x,dx,true",
    "[^a-c]x,bx,false",
    "\\*,*,true",
    "\\*,a,false",
    "'',a,false",
    "'','',true",
    "*,'',true",
    "a/*/c,a/b/c,true",
    "a/*/c,a/b/b/c,false",
  })
  void matchesAsGoDoes(String pattern, String text, boolean matches) throws UsageException {
    assertThat(Glob.parse(pattern).matches(text)).isEqualTo(matches);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "[a", "[]a]", "a\\"})
  void anUnfinishedPatternIsRefused(String pattern) {
    assertThatThrownBy(() -> Glob.parse(pattern)).isInstanceOf(UsageException.class);
  }

  @Test
  void manyStarsCostNoTime() throws UsageException {
    Glob glob = Glob.parse("a*".repeat(50) + "b");
    Assertions.assertTimeout(
        Duration.ofSeconds(5), () -> assertThat(glob.matches("a".repeat(5000))).isFalse());
  }
}
