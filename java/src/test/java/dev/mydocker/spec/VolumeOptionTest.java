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
        "/",
        "a",
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
        "data:/b:nocopy,nocopy",
        "data:/b:rslave",
        "data:/b:z",
        "data:b",
        "d:/b",
        "-d:/b",
        "d\u00e4ta:/b",
        "data\0:/b",
        "/a:/b:RO",
        "/a:/b\0",
        "/a\0:/b",
        "a/b:/c"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> MountOption.parseVolume(text, "/home/me"))
        .isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data:/b|data|/b|false|true",
        "da:/b/./c/|da|/b/c|false|true",
        "0_.-:/b:ro|0_.-|/b|true|true",
        "data:/b:nocopy|data|/b|false|false",
        "data:/b:nocopy,ro,cached|data|/b|true|false"
      })
  void aNameIsAVolume(String text, String name, String target, boolean readOnly, boolean copy)
      throws OptionException {
    MountOption.Origin flag = MountOption.Origin.VOLUME_FLAG;
    assertThat(MountOption.parseVolume(text, "/"))
        .isEqualTo(new MountOption.Volume(name, target, readOnly, "", copy, false, flag));
  }

  @Test
  void aTargetAloneIsAVolumeWithoutAName() throws OptionException {
    MountOption.Origin flag = MountOption.Origin.VOLUME_FLAG;
    assertThat(MountOption.parseVolume("/b//c/", "/"))
        .isEqualTo(new MountOption.Volume("", "/b/c", false, "", true, true, flag));
  }

  @Test
  void aPathThatIsNoNameIsTakenForNeither() {
    assertThatThrownBy(() -> MountOption.parseVolume("a/b:/c", "/"))
        .hasMessageContaining("a directory of the host is named by its absolute path");
  }

  @Test
  void RT25_terminalEscapesDoNotReachTheMessage() {
    assertThatThrownBy(() -> parse("\u001b[2J:/b\r\n"))
        .hasMessageContaining("?[2J")
        .hasMessageNotContaining("\u001b");
  }
}
