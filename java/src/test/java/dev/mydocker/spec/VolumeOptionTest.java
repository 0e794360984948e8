package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeOptionTest {

  private static MountOption.Bind parse(String text) throws OptionException {
    return (MountOption.Bind) MountOption.parseVolume(text, "/home/me");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/a:/b|/a|/b|false|rprivate",
        "/a:/b:ro|/a|/b|true|rprivate",
        "/a:/b:rw|/a|/b|false|rprivate",
        "/a:/b:ro,rslave|/a|/b|true|rslave",
        "/a:/b:shared|/a|/b|false|shared",
        "/a:/b:cached|/a|/b|false|rprivate",
        "/a://b//c/./d/|/a|/b/c/d|false|rprivate",
        "/a/../b:/c|/a/../b|/c|false|rprivate",
        "./a:/b|/home/me/./a|/b|false|rprivate",
        ".:/b|/home/me/.|/b|false|rprivate",
        "../a:/b|/home/me/../a|/b|false|rprivate"
      })
  void aDirectoryOfTheHostIsBound(
      String text, String source, String target, boolean readOnly, String propagation)
      throws OptionException {
    MountOption.Recursion all = MountOption.Recursion.ENABLED;
    assertThat(parse(text))
        .isEqualTo(new MountOption.Bind(source, target, readOnly, propagation, all, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "::",
        "/a",
        "/a:",
        ":/b",
        "/a:/b:",
        "/a:/b:ro:x",
        "/a:b",
        "/a:/",
        "/a:/.",
        "/a://",
        "/a:/b/../c",
        "/a:/b/..",
        "/a:/b:ro,rw",
        "/a:/b:ro,ro",
        "/a:/b:slave,rslave",
        "/a:/b:ro,",
        "/a:/b:z",
        "/a:/b:nocopy",
        "/a:/b:RO",
        "/a:/b\0",
        "/a\0:/b",
        "name:/b",
        "a/b:/c"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(OptionException.class);
  }

  @Test
  void aVolumeIsRefusedWithTheReason() {
    assertThatThrownBy(() -> parse("data:/data")).hasMessageContaining("volumes come later");
    assertThatThrownBy(() -> parse("/data")).hasMessageContaining("volumes come later");
  }

  @Test
  void RT25_terminalEscapesDoNotReachTheMessage() {
    assertThatThrownBy(() -> parse("\u001b[2J:/b\r\n"))
        .hasMessageContaining("?[2J:/b??")
        .hasMessageNotContaining("\u001b");
  }
}
