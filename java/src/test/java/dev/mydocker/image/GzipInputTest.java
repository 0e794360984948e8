package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipInputTest {

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(content);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /** A source that never says what is available and gives a byte at a time, like a slow socket. */
  private static InputStream slow(byte[] content) {
    return new ByteArrayInputStream(content) {
      @Override
      public synchronized int available() {
        return 0;
      }

      @Override
      public synchronized int read(byte[] into, int offset, int length) {
        return super.read(into, offset, Math.min(1, length));
      }
    };
  }

  private static byte[] gunzip(InputStream in) throws IOException {
    try (GzipInput zip = new GzipInput(in)) {
      return zip.readAllBytes();
    }
  }

  private static void assertRefused(byte[] content, Kind kind) {
    assertThatThrownBy(() -> gunzip(new ByteArrayInputStream(content)))
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  private static byte[] noise(int size) {
    byte[] content = new byte[size];
    new Random(1).nextBytes(content);
    return content;
  }

  @Test
  void M17_M18_TAR47_everyMemberIsRead() throws Exception {
    byte[] two = join(gzip(new byte[] {1, 2}), gzip(new byte[0]), gzip(new byte[] {3}));
    assertThat(gunzip(slow(two))).containsExactly(1, 2, 3);
    byte[] content = noise(300_000);
    assertThat(gunzip(new ByteArrayInputStream(join(gzip(content), gzip(content)))))
        .isEqualTo(join(content, content));
  }

  @Test
  void TAR47_aThousandMembersAreRead() throws Exception {
    byte[] member = gzip(new byte[] {7});
    byte[][] members = new byte[1000][];
    Arrays.fill(members, member);
    assertThat(gunzip(new ByteArrayInputStream(join(members)))).hasSize(1000);
  }

  @Test
  void M19_everyCutIsAnError() throws Exception {
    byte[] whole = join(gzip(noise(50)), gzip(noise(60)));
    int first = gzip(noise(50)).length;
    for (int length = 0; length < whole.length; length++) {
      if (length != first) {
        assertRefused(Arrays.copyOf(whole, length), Kind.TRUNCATED);
      }
    }
  }

  @Test
  void M17_zerosAfterTheLastMemberArePadding() throws Exception {
    byte[] padded = join(gzip(new byte[] {1}), new byte[100_000]);
    assertThat(gunzip(new ByteArrayInputStream(padded))).containsExactly(1);
  }

  @Test
  void TAR47_anythingElseAfterTheLastMemberIsRefused() throws Exception {
    byte[] good = gzip(new byte[] {1});
    assertRefused(join(good, new byte[] {'x'}), Kind.NOT_AN_IMAGE);
    assertRefused(join(good, new byte[70_000], new byte[] {'x'}), Kind.NOT_AN_IMAGE);
    assertRefused(join(good, new byte[5], good), Kind.NOT_AN_IMAGE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, -1, -2, -5, -8})
  void damageIsNoticed(int at) throws Exception {
    byte[] bytes = gzip(noise(100));
    bytes[at < 0 ? bytes.length + at : at] ^= (byte) 0x80;
    assertRefused(bytes, Kind.NOT_AN_IMAGE);
  }

  @Test
  void everyOptionalFieldOfTheHeaderIsSkipped() throws Exception {
    byte[] plain = gzip(new byte[] {9});
    byte[] header =
        join(
            new byte[] {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3},
            new byte[] {3, 0, 'a', 'b', 'c'},
            new byte[] {'n', 0},
            new byte[] {'c', 0});
    CRC32 crc = new CRC32();
    crc.update(header);
    byte[] check = {(byte) crc.getValue(), (byte) (crc.getValue() >> 8)};
    byte[] body = Arrays.copyOfRange(plain, 10, plain.length);
    assertThat(gunzip(new ByteArrayInputStream(join(header, check, body)))).containsExactly(9);
    check[0] ^= 1;
    assertRefused(join(header, check, body), Kind.NOT_AN_IMAGE);
  }
}
