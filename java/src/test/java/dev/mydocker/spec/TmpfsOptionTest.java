package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TmpfsOptionTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/t|noexec nosuid nodev",
        "/t:|noexec nosuid nodev",
        "/t:exec|exec nosuid nodev",
        "/t:ro,suid,dev|noexec suid dev ro",
        "/t:ro,rw|noexec nosuid nodev rw",
        "/t:uid=1000,gid=100|noexec nosuid nodev uid=1000 gid=100",
        "/t:nr_inodes=4k|noexec nosuid nodev nr_inodes=4096",
        "/t:nr_blocks=1.5k|noexec nosuid nodev nr_blocks=1536"
      })
  void theLastOfFlagsThatExcludeEachOtherCounts(String text, String options)
      throws OptionException {
    assertThat(MountOption.parseTmpfs(text).options()).isEqualTo(List.of(options.split(" ")));
  }

  @Test
  void sizeAndModeAreRead() throws OptionException {
    MountOption.Tmpfs tmpfs = MountOption.parseTmpfs("/t/x/:size=64k,mode=1777");
    assertThat(tmpfs.target()).isEqualTo("/t/x");
    assertThat(tmpfs.size()).hasValue(65_536);
    assertThat(tmpfs.mode()).hasValue(01777);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "t",
        "/",
        "/t/..",
        "/t:nonsense",
        "/t:,",
        "/t:size",
        "/t:size=",
        "/t:size=50%",
        "/t:size=-1",
        "/t:mode=",
        "/t:mode=8",
        "/t:mode=17777",
        "/t:mode=0x7",
        "/t:mode=77777777777777777777",
        "/t:uid=-1",
        "/t:uid=4294967296",
        "/t:uid=root",
        "/t:nr_inodes=many",
        "/t:mpol=bind:0",
        "/t:=1",
        "/t:ro:rw",
        "/t\0"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> MountOption.parseTmpfs(text)).isInstanceOf(OptionException.class);
  }
}
