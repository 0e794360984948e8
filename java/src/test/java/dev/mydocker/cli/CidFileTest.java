package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CidFileTest {
  @TempDir Path directory;

  @Test
  void appearsWithTheIdAndNoLineFeed() throws Exception {
    Path file = directory.resolve("cid");
    try (CidFile cidfile = new CidFile(file.toString())) {
      assertThat(file).doesNotExist();
      cidfile.write("0123abcd");
    }
    assertThat(file).hasContent("0123abcd");
    assertThat(Files.size(file)).isEqualTo(8);
  }

  @Test
  void existingFileIsRefusedAndKept() throws Exception {
    Path file = Files.writeString(directory.resolve("cid"), "older");
    assertThatThrownBy(() -> new CidFile(file.toString()))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "--cidfile: " + file + " exists: make sure that no container uses it, then remove it");
    assertThat(file).hasContent("older");
  }

  @Test
  void fileThatAppearedMeanwhileIsRefusedAndKept() throws Exception {
    Path file = directory.resolve("cid");
    try (CidFile cidfile = new CidFile(file.toString())) {
      Files.writeString(file, "another");
      assertThatThrownBy(() -> cidfile.write("0123abcd"))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining(" exists: ");
    }
    assertThat(file).hasContent("another");
  }

  @Test
  void danglingLinkIsRefused() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("cid"), directory.resolve("elsewhere"));
    assertThatThrownBy(() -> new CidFile(link.toString())).hasMessageContaining(" exists: ");
    assertThat(directory.resolve("elsewhere")).doesNotExist();
  }

  @Test
  void missingDirectoryIsToldBeforeAnythingIsDone() {
    assertThatThrownBy(() -> new CidFile(directory.resolve("no/cid").toString()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("ENOENT");
  }
}
