package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DetachKeysTest {
  private static String keys(String... line) throws UsageException {
    Flags flags = DetachKeys.declare(new Flags().group("Options"));
    return DetachKeys.of(flags.parse(List.of(line), true)).keys();
  }

  @Test
  void usualOnesUnlessOthersAreGiven() throws Exception {
    assertThat(keys()).isEqualTo("\u0010\u0011");
    assertThat(keys("--detach-keys", "")).isEqualTo("\u0010\u0011");
    assertThat(keys("--detach-keys", "ctrl-@,ctrl-z,ctrl-\\,ctrl-_,a,#,DEL"))
        .isEqualTo("\0\u001a\u001c\u001fa#\u007f");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ctrl-", "ctrl-A", "ctrl-1", "ab", "a,", ",a", "ctrl-ab", "é", "a, b"})
  void REL26_whatIsNoKeyIsRefused(String text) {
    assertThatThrownBy(() -> keys("--detach-keys", text))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("is no key");
  }

  @ParameterizedTest
  @CsvSource({
    "'a,b', xyz, xyz, false",
    "'a,b', ab, '', true",
    "'a,b', xab, x, true",
    "'a,b', aab, a, true",
    "'a,b', aaaax, aaaax, false",
    "'a,b', axb, axb, false",
    "'a,b', xa, x, false",
    "'a,b', abz, '', true",
    "'a,a,b', aaab, a, true",
    "'a,b,a,c', ababac, ab, true",
  })
  void whatIsNotTheKeysGoesOn(String keys, String typed, String passed, boolean complete)
      throws Exception {
    assertThat(typed(keys, typed.length(), typed)).isEqualTo(passed + complete);
    assertThat(typed(keys, 1, typed)).as("key by key").isEqualTo(passed + complete);
  }

  private static String typed(String keys, int piece, String text) throws Exception {
    DetachKeys.Watch watch = DetachKeys.parse(keys).watch();
    StringBuilder passed = new StringBuilder();
    for (int at = 0; at < text.length(); at += piece) {
      byte[] bytes = text.substring(at, at + piece).getBytes(StandardCharsets.UTF_8);
      passed.append(new String(watch.pass(bytes, piece), StandardCharsets.UTF_8));
    }
    return passed.append(watch.complete()).toString();
  }
}
