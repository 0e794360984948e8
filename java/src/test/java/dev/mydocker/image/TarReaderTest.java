package dev.mydocker.image;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.image.RawTar.Field;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
  /** An entry and its data. */
  private record Item(TarEntry entry, String data) {}

  private static List<Item> read(byte[] tar) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(tar), UnpackLimits.DEFAULT);
    List<Item> items = new ArrayList<>();
    for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
      byte[] data = new byte[(int) e.get().size()];
      int at = 0;
      while (at < data.length) {
        at += reader.read(data, at, data.length - at);
      }
      items.add(new Item(e.get(), new String(data, StandardCharsets.ISO_8859_1)));
    }
    return items;
  }

  private static List<String> names(byte[] tar) throws IOException {
    return read(tar).stream().map(i -> i.entry().name()).collect(toList());
  }

  private static void assertRefused(byte[] tar, Kind kind) {
    assertThatThrownBy(() -> read(tar))
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @Test
  void M1_userIdBeyond32BitsIsRefused() {
    byte[] tar = new RawTar().entry("a", '0', "", Field.UID.binary(1L << 32)).end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
    assertRefused(new RawTar().pax("uid", "4294967295").file("a", "").end(), Kind.NOT_AN_IMAGE);
  }

  @Test
  void largeUserIdsInBase256AndPaxAreKept() throws Exception {
    byte[] tar =
        new RawTar()
            .entry("a", '0', "", Field.UID.binary(4_000_000_000L))
            .pax("gid", "4000000001")
            .file("b", "")
            .end();
    List<Item> items = read(tar);
    assertThat(items.get(0).entry().uid()).isEqualTo((int) 4_000_000_000L);
    assertThat(items.get(1).entry().gid()).isEqualTo((int) 4_000_000_001L);
  }

  @Test
  void M2_wrongChecksumIsRefused() {
    byte[] tar = new RawTar().file("a", "x").end();
    tar[1] = 'b';
    assertRefused(tar, Kind.NOT_AN_IMAGE);
  }

  @Test
  void M3_TAR40_cutInsideHeaderOrDataIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "x".repeat(700)).file("b", "y").open();
    for (int length = 1; length < tar.length; length++) {
      byte[] cut = Arrays.copyOf(tar, length);
      if (length == 512 + 1024) {
        assertThat(names(cut)).containsExactly("a");
      } else {
        assertRefused(cut, Kind.TRUNCATED);
      }
    }
    assertThat(names(tar)).containsExactly("a", "b");
  }

  @Test
  void TAR40_dataAfterOneZeroBlockIsRefused() throws Exception {
    byte[] tar = new RawTar().file("a", "").raw(new byte[512]).file("b", "").end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
    byte[] ended = new RawTar().file("a", "").raw(new byte[1024]).file("b", "").end();
    assertThat(names(ended)).containsExactly("a");
    assertThat(names(new RawTar().file("a", "").raw(new byte[512]).open())).containsExactly("a");
  }

  @Test
  void M4_attributesAreBytes() throws Exception {
    String value = "\1\0\0\2\u0080\0\0\0\377\376";
    byte[] tar = new RawTar().pax("SCHILY.xattr.security.capability", value).file("a", "").end();
    TarEntry.Xattr xattr = read(tar).get(0).entry().xattrs().get(0);
    assertThat(xattr.name()).isEqualTo("security.capability");
    assertThat(xattr.value()).isEqualTo(RawTar.bytes(value));
  }

  @Test
  void M5_TAR28_namesAreBytes() throws Exception {
    String longName = "d/" + "\u00ff".repeat(200);
    byte[] tar =
        new RawTar()
            .file("\u00ff", "")
            .file("\u00fe", "")
            .pax("path", "caf\u00e9", "hdrcharset", "BINARY")
            .file("x", "")
            .entry("././@LongLink", 'L', longName + "\0")
            .file("y", "")
            .end();
    assertThat(names(tar)).containsExactly("\u00ff", "\u00fe", "caf\u00e9", longName);
  }

  @Test
  void M6_TAR41_nulInAPaxPathIsRefused() {
    assertRefused(new RawTar().pax("path", "a\0b").file("x", "").end(), Kind.NOT_AN_IMAGE);
  }

  @ParameterizedTest
  @ValueSource(chars = {'0', '\0', '7'})
  void M7_TAR37_fileNamedLikeADirectoryWithDataIsRefused(char type) throws Exception {
    assertRefused(new RawTar().entry("d/", type, "data").end(), Kind.NOT_AN_IMAGE);
    List<Item> items = read(new RawTar().entry("d/", type, "").file("d/a", "x").end());
    assertThat(items.get(0).entry().type()).isEqualTo(TarEntry.Type.DIRECTORY);
    assertThat(items.get(1).data()).isEqualTo("x");
  }

  @Test
  void aLongNameCutAtASlashStaysAFile() throws Exception {
    String name = "d".repeat(99) + "/file";
    byte[] tar =
        new RawTar()
            .entry("././@LongLink", 'L', name + "\0")
            .file(name.substring(0, 100), "content")
            .file("next", "")
            .end();
    List<Item> items = read(tar);
    assertThat(items.get(0).data()).isEqualTo("content");
    assertThat(items.get(1).entry().name()).isEqualTo("next");
  }

  @ParameterizedTest
  @ValueSource(chars = {'1', '2', '3', '4', '5', '6'})
  void M8_TAR36_aSizeOfWhatHasNoDataMeansNothing(char type) throws Exception {
    byte[] tar =
        new RawTar()
            .entry("l", type, "", Field.SIZE.octal(512), Field.MAJOR.octal(1))
            .file("hidden", "")
            .pax("size", "512")
            .entry("m", type, "", Field.MAJOR.octal(1))
            .file("hidden too", "")
            .end();
    assertThat(names(tar)).containsExactly("l", "hidden", "m", "hidden too");
  }

  @Test
  void M9_TAR38_globalHeadersAreIgnored() throws Exception {
    String records = RawTar.record("path", "evil") + RawTar.record("uid", "7");
    byte[] tar = new RawTar().entry("g", 'g', records).file("a", "").file("b", "").end();
    assertThat(names(tar)).containsExactly("a", "b");
    assertThat(read(tar).get(0).entry().uid()).isZero();
  }

  @Test
  void M10_TAR35_paxSizeWinsAndIsForTheFileOnly() throws Exception {
    byte[] tar =
        new RawTar()
            .pax("size", "2")
            .entry("././@LongLink", 'L', "a-long-name\0")
            .entry("x", '0', "ab", Field.SIZE.octal(0))
            .file("b", "cd")
            .end();
    List<Item> items = read(tar);
    assertThat(items.get(0).entry().name()).isEqualTo("a-long-name");
    assertThat(items.get(0).data()).isEqualTo("ab");
    assertThat(items.get(1).data()).isEqualTo("cd");
  }

  @Test
  void M11_emptyPaxPathIsAsIfItWereNotThere() throws Exception {
    assertThat(names(new RawTar().pax("path", "").file("a", "").end())).containsExactly("a");
  }

  @ParameterizedTest
  @CsvSource({"2147483653,1", "4096,1", "1,1048576"})
  void M12_deviceNumbersOutOfRangeAreRefused(long major, long minor) {
    byte[] tar =
        new RawTar()
            .entry("d", '3', "", Field.MAJOR.binary(major), Field.MINOR.binary(minor))
            .end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
  }

  @Test
  void M13_modeOutOfRangeIsRefused() throws Exception {
    byte[] tar = new RawTar().entry("a", '0', "", Field.MODE.binary((1L << 40) + 04755)).end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
    byte[] large = new RawTar().entry("a", '0', "", Field.MODE.binary((1L << 31) + 04755)).end();
    assertThat(read(large).get(0).entry().mode()).isEqualTo(04755);
  }

  @Test
  void M14_TAR46_sparseFilesBeyondTwoGigabytesAreRead() throws Exception {
    long size = 3L << 30;
    String map = "2\n0\n4\n" + (size - 4) + "\n4\n";
    byte[] tar =
        new RawTar()
            .pax(
                "GNU.sparse.major", "1",
                "GNU.sparse.minor", "0",
                "GNU.sparse.name", "holes",
                "GNU.sparse.realsize", String.valueOf(size))
            .file("x", map + "\0".repeat(512 - map.length()) + "headtail")
            .pax("GNU.sparse.size", "1000", "GNU.sparse.map", "10,2,998,2")
            .file("map", "abcd")
            .pax(
                "GNU.sparse.size", "1000",
                "GNU.sparse.offset", "500",
                "GNU.sparse.numbytes", "2")
            .file("records", "ef")
            .end();
    List<Item> items = read(tar);
    assertThat(items.get(0).entry().name()).isEqualTo("holes");
    assertThat(items.get(0).data()).isEqualTo("headtail");
    assertThat(items.get(0).entry().sparse())
        .contains(SparseMap.of(size, List.of(0L, 4L, size - 4, 4L), 8));
    assertThat(items.get(1).entry().sparse())
        .contains(SparseMap.of(1000, List.of(10L, 2L, 998L, 2L), 4));
    assertThat(items.get(2).entry().sparse()).contains(SparseMap.of(1000, List.of(500L, 2L), 2));
  }

  @Test
  void TAR46_oldSparseFormIsReadWithItsExtensions() throws Exception {
    byte[] extension = new byte[512];
    RawTar.put(extension, 0, "00000000500\0" + "00000000001\0");
    RawTar tar = new RawTar();
    byte[] header = new RawTar().entry("s", 'S', "", Field.SIZE.octal(3)).open();
    RawTar.put(header, 257, "ustar  \0");
    RawTar.put(header, 386, "00000000010\0" + "00000000002\0");
    header[482] = 1;
    Field.REAL_SIZE.octal(1000).accept(header);
    RawTar.seal(header);
    tar.raw(header).raw(extension).raw(Arrays.copyOf(RawTar.bytes("abc"), 512)).file("n", "");
    List<Item> items = read(tar.end());
    assertThat(items.get(0).data()).isEqualTo("abc");
    assertThat(items.get(0).entry().sparse())
        .contains(SparseMap.of(1000, List.of(8L, 2L, 320L, 1L), 3));
    assertThat(items.get(1).entry().name()).isEqualTo("n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5,2,6,2", "9,2,5,2", "0,3", "999,4", "1,2,3", "0,-4", "a", ""})
  void TAR46_contradictorySparseMapsAreRefused(String map) {
    byte[] tar =
        new RawTar().pax("GNU.sparse.size", "1000", "GNU.sparse.map", map).file("m", "abcd").end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
  }

  @Test
  void TAR46_sparseBombIsRefused() {
    byte[] tar =
        new RawTar()
            .pax("GNU.sparse.size", String.valueOf(1L << 60), "GNU.sparse.map", "0,1")
            .file("m", "a")
            .end();
    assertRefused(tar, Kind.TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(chars = {'L', 'K', 'x', 'g'})
  @Timeout(20)
  void M15_M16_TAR44_specialRecordsAboveOneMebibyteAreRefused(char type) {
    byte[] tar = new RawTar().entry("x", type, "", Field.SIZE.octal(1L << 30)).open();
    assertRefused(tar, Kind.TOO_LARGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5 a=b\n",
        "7 a=b\n",
        "a=b\n",
        "6 a=bx",
        " a=b\n",
        "6 abc\n",
        "99999999999 a=b\n",
        "6 a=b\n12345678",
        "6 a=b\n\n"
      })
  @Timeout(20)
  void TAR41_malformedPaxRecordsAreRefused(String body) {
    assertRefused(new RawTar().entry("x", 'x', body).file("a", "").end(), Kind.NOT_AN_IMAGE);
  }

  @Test
  void TAR41_lastOfTwoRecordsCounts() throws Exception {
    assertThat(names(new RawTar().pax("path", "a", "path", "b").file("x", "").end()))
        .containsExactly("b");
  }

  @Test
  void TAR41_negativeSizesAreRefused() {
    assertRefused(new RawTar().pax("size", "-1").file("a", "").end(), Kind.NOT_AN_IMAGE);
    byte[] tar = new RawTar().entry("a", '0', "", Field.SIZE.binary(-512)).end();
    assertRefused(tar, Kind.NOT_AN_IMAGE);
  }

  @ParameterizedTest
  @Timeout(20)
  @CsvSource({
    "-1,-1,0",
    "0,0,0",
    "8589934592,8589934592,0",
    "1.5,1,500000000",
    "-1.25,-2,750000000",
    "1.123456789999,1,123456789",
    "9223372036854775807,1099511627776,0"
  })
  void TAR30_paxTimesAreReadAndBounded(String text, long seconds, long nanos) throws Exception {
    TarEntry e = read(new RawTar().pax("mtime", text).file("a", "").end()).get(0).entry();
    assertThat(e.mtimeSec()).isEqualTo(seconds);
    assertThat(e.mtimeNsec()).isEqualTo(nanos);
  }

  @ParameterizedTest
  @Timeout(20)
  @ValueSource(strings = {"1e9", "9e9999999", "x", ".", "-", "1.2.3"})
  void TAR30_timesThatAreNoNumbersAreRefused(String text) {
    assertRefused(new RawTar().pax("mtime", text).file("a", "").end(), Kind.NOT_AN_IMAGE);
  }

  @Test
  void TAR30_headerTimesAreBounded() throws Exception {
    byte[] tar =
        new RawTar()
            .entry("a", '0', "", Field.MTIME.binary(Long.MAX_VALUE))
            .entry("b", '0', "", Field.MTIME.binary(-5))
            .pax("mtime", "1".repeat(400))
            .file("c", "")
            .end();
    List<Item> items = read(tar);
    assertThat(items.stream().map(i -> i.entry().mtimeSec()))
        .containsExactly(1L << 40, -5L, 1L << 40);
  }

  @ParameterizedTest
  @ValueSource(chars = {'D', 'M', 'N', 'V', 'Z', 's'})
  void TAR33_unknownTypesAreRefused(char type) {
    assertRefused(new RawTar().entry("a", type, "").end(), Kind.UNSUPPORTED);
  }

  @Test
  void TAR33_contiguousFilesAreFiles() throws Exception {
    assertThat(read(new RawTar().entry("a", '7', "x").end()).get(0).data()).isEqualTo("x");
  }

  @Test
  void TAR45_tooManyEntriesAreRefused() {
    byte[] tar = new RawTar().file("a", "").file("b", "").file("c", "").end();
    TarReader reader =
        new TarReader(new ByteArrayInputStream(tar), new UnpackLimits(1 << 20, 10, 2));
    assertThatThrownBy(
            () -> {
              while (reader.next().isPresent()) {
                continue;
              }
            })
        .hasMessageContaining("more than 2 entries");
  }

  @Test
  void prefixesOfUstarAreJoined() throws Exception {
    byte[] tar = new RawTar().entry("name", '0', "", h -> RawTar.put(h, 345, "some/dir")).end();
    assertThat(names(tar)).containsExactly("some/dir/name");
  }

  @Test
  void anythingElseIsNoTar() {
    assertRefused(RawTar.bytes("x".repeat(2000)), Kind.NOT_AN_IMAGE);
    assertRefused(RawTar.bytes("too short"), Kind.TRUNCATED);
  }
}
