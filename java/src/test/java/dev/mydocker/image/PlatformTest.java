package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {
  @ParameterizedTest
  @CsvSource({
    "linux/amd64, linux/amd64",
    "linux/x86_64, linux/amd64",
    "Linux/AMD64, linux/amd64",
    "aarch64, linux/arm64",
    "linux/arm64/v8, linux/arm64",
    "linux/arm64/8, linux/arm64",
    "linux/arm, linux/arm/v7",
    "linux/arm/7, linux/arm/v7",
    "linux/armhf, linux/arm/v7",
    "linux/armel, linux/arm/v6",
    "linux/i386, linux/386",
  })
  void namesAreNormalised(String text, String normal) throws Exception {
    assertThat(Platform.parse(text)).hasToString(normal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "linux/", "a/b/c/d", "linux/amd 64", "linux//v8", "../x"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Platform.parse(text)).hasMessageContaining("is not a platform");
  }

  @Test
  void theJvmsNamesBecomeGos() {
    assertThat(Platform.ofJvm("aarch64")).hasToString("linux/arm64");
    assertThat(Platform.ofJvm("amd64")).hasToString("linux/amd64");
    assertThat(Platform.ofJvm("loongarch64")).hasToString("linux/loong64");
  }

  @Test
  void aHigherVariantRunsALowerOne() throws Exception {
    Platform v7 = Platform.parse("linux/arm/v7");
    assertThat(v7.distance(Platform.parse("linux/arm/v7"))).isZero();
    assertThat(v7.distance(Platform.parse("linux/arm/v6"))).isEqualTo(1);
    assertThat(v7.distance(Platform.parse("linux/arm/v8"))).isNegative();
    assertThat(v7.accepts(Platform.parse("linux/arm64"))).isFalse();
    assertThat(Platform.parse("linux/arm64").accepts(Platform.parse("linux/arm64/v8"))).isTrue();
  }
}
