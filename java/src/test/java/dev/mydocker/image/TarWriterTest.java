package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarWriterTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final TarWriter tar = new TarWriter(out);

  private static TarEntry entry(String name, long sec, long nsec, List<TarEntry.Xattr> xattrs) {
    return new TarEntry(
        name,
        TarEntry.Type.FILE,
        "",
        0,
        04755,
        (int) 0xfffffffeL,
        3,
        sec,
        nsec,
        0,
        0,
        xattrs,
        Optional.empty(),
        0);
  }

  private TarEntry read() throws IOException {
    TarReader reader =
        new TarReader(new ByteArrayInputStream(out.toByteArray()), UnpackLimits.DEFAULT);
    return reader.next().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "\u00ff", "caf\u00e9", "a\nb", "\u001b[31m", "a\\b", "-rf *"})
  void TAR28_namesAreBytesWhateverTheirLength(String name) throws Exception {
    for (int length : new int[] {0, 98, 99, 100, 101, 255, 4000}) {
      out.reset();
      String whole = "d/".repeat(length / 2) + name;
      tar.put(entry(whole, 1, 0, List.of()));
      assertThat(read().name()).isEqualTo(whole);
    }
  }

  @Test
  void linksAreBytesWhateverTheirLength() throws Exception {
    for (String target : new String[] {"/a\u00ff", "../\u00ff/".repeat(300)}) {
      out.reset();
      tar.put(
          new TarEntry(
              "l",
              TarEntry.Type.SYMLINK,
              target,
              0,
              0777,
              0,
              0,
              0,
              0,
              0,
              0,
              List.of(),
              Optional.empty(),
              0));
      assertThat(read().link()).isEqualTo(target);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1234567890,123456789",
    "1,100000000",
    "-1,0",
    "-1,500000000",
    "-2,1",
    "8589934591,0",
    "8589934592,5"
  })
  void TAR30_timesAreExact(long seconds, long nanos) throws Exception {
    tar.put(entry("a", seconds, nanos, List.of()));
    TarEntry back = read();
    assertThat(back.mtimeSec()).isEqualTo(seconds);
    assertThat(back.mtimeNsec()).isEqualTo(nanos);
    assertThat(back.uid()).isEqualTo((int) 0xfffffffeL);
    assertThat(back.mode()).isEqualTo(04755);
  }

  @Test
  void TAR26_attributesAreBytesAndTheirRecordsLengthsRight() throws Exception {
    for (int length = 0; length < 1100; length++) {
      out.reset();
      byte[] value = new byte[length];
      for (int i = 0; i < length; i++) {
        value[i] = (byte) (i + 0x80);
      }
      TarEntry.Xattr x = new TarEntry.Xattr("security.capability", value);
      tar.put(entry("a", 0, 0, List.of(x)));
      List<TarEntry.Xattr> back = read().xattrs();
      assertThat(back).hasSize(1);
      assertThat(back.get(0).value()).isEqualTo(value);
    }
  }

  @Test
  void sizesBeyondOctalDigitsAreKept() throws Exception {
    tar.put(TarEntry.plain("big", TarEntry.Type.FILE, 0600, 9L << 30));
    assertThat(read().size()).isEqualTo(9L << 30);
  }

  @Test
  void moreThanAReaderTakesIsRefused() {
    TarEntry.Xattr x = new TarEntry.Xattr("user.a", new byte[1 << 20]);
    assertThatThrownBy(() -> tar.put(entry("a", 0, 0, List.of(x))))
        .hasMessageContaining("larger than 1 MiB");
  }
}
