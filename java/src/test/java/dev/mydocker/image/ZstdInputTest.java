package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.mydocker.image.ImageException.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ZstdInputTest {
  private static final byte[] SKIPPABLE = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};

  /** The encoder's native part comes with the decoder's. */
  @BeforeAll
  static void load() throws IOException {
    new ZstdInput(InputStream.nullInputStream()).close();
  }

  private static byte[] zstd(byte[] content, int level, int windowLog) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStreamNoFinalizer zip = new ZstdOutputStreamNoFinalizer(out, level)) {
      zip.setChecksum(true);
      if (windowLog > 0) {
        zip.setLong(windowLog);
      }
      zip.write(content);
    }
    return out.toByteArray();
  }

  private static byte[] zstd(String content) throws IOException {
    return zstd(content.getBytes(StandardCharsets.UTF_8), 3, 0);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] unzip(byte[] content) throws IOException {
    try (InputStream in = Compression.detect(new ByteArrayInputStream(content))) {
      assertThat(in).isInstanceOf(ZstdInput.class);
      return in.readAllBytes();
    }
  }

  private static void assertRefused(byte[] content, Kind kind) {
    assertThatThrownBy(() -> unzip(content))
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  private static byte[] noise(int size) {
    byte[] noise = new byte[size];
    new Random(1).nextBytes(noise);
    return noise;
  }

  @Test
  void TAR47_framesAreReadAndSkippableOnesSkipped() throws Exception {
    byte[] content = join(SKIPPABLE, zstd("one "), SKIPPABLE, zstd(""), zstd("two"), SKIPPABLE);
    assertThat(unzip(content)).asString(StandardCharsets.UTF_8).isEqualTo("one two");
    byte[] noise = noise(1_000_000);
    assertThat(unzip(join(zstd(noise, 3, 0), zstd(noise, 19, 0)))).isEqualTo(join(noise, noise));
  }

  @Test
  void contentThatFillsTheBufferExactlyEndsThere() throws Exception {
    for (int size : new int[] {0, 1, 128 << 10, (128 << 10) + 1, 256 << 10, 384 << 10}) {
      assertThat(unzip(zstd(noise(size), 3, 0))).as("%d", size).hasSize(size);
      assertThat(unzip(zstd(new byte[size], 3, 0))).as("%d zeros", size).hasSize(size);
    }
  }

  @Test
  void TAR47_anythingElseAfterAFrameIsRefused() throws Exception {
    assertRefused(join(zstd("one"), "garbage".getBytes(StandardCharsets.UTF_8)), Kind.NOT_AN_IMAGE);
    assertRefused(join(zstd("one"), new byte[8]), Kind.NOT_AN_IMAGE);
    assertRefused(join(zstd("one"), GzipInputTest.gzip(new byte[] {1})), Kind.NOT_AN_IMAGE);
  }

  @Test
  void TAR47_everyCutIsAnError() throws Exception {
    byte[] first = zstd("some text");
    byte[] whole = join(first, zstd("some other text"));
    for (int length = Compression.MAGIC; length < whole.length; length++) {
      if (length != first.length) {
        assertRefused(Arrays.copyOf(whole, length), Kind.TRUNCATED);
      }
    }
  }

  @Test
  void damageIsNoticed() throws Exception {
    byte[] good = zstd("some text that a checksum guards");
    for (int at = Compression.MAGIC; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 0x55;
      assertThatThrownBy(() -> unzip(bad)).isInstanceOf(ImageException.class);
    }
  }

  @Test
  void TAR43_aWindowOfMoreThan128MiBIsRefused() throws Exception {
    byte[] content = noise(300_000);
    assertThat(unzip(zstd(content, 3, 27))).isEqualTo(content);
    for (int log : new int[] {28, 31}) {
      byte[] huge = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) (log - 10 << 3), 1, 0, 0};
      assertRefused(huge, Kind.TOO_LARGE);
    }
  }

  @Test
  void TAR43_whatGrowsBeyondTheLimitIsRefused() throws Exception {
    byte[] bomb = zstd(new byte[64 << 20], 19, 0);
    assertThat(bomb).hasSizeLessThan(10_000);
    UnpackLimits limits = new UnpackLimits(1 << 20, 10, 1000);
    Digest any = Digest.of(new byte[0]);
    try (InputStream in =
        new DiffInput(
            Compression.detect(new ByteArrayInputStream(bomb)), () -> bomb.length, limits, any)) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOO_LARGE));
    }
  }

  @Test
  void aClosedStreamIsNotDecoded() throws Exception {
    InputStream in = new ZstdInput(new ByteArrayInputStream(zstd("text")));
    in.close();
    in.close();
    assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("closed");
  }
}
