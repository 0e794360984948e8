package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.kernel.Inflate;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two decoders of deflate data give the same, however the data comes in pieces. */
class InflatingTest {

  @BeforeEach
  void thisBuildHasTheFastDecoder() {
    Optional<Inflate> fast = Inflate.open();
    assumeTrue(fast.isPresent());
    fast.get().close();
  }

  /** Text-like content: matches near and far, and runs. */
  private static byte[] content(int size, Random random) {
    byte[] out = new byte[size];
    int at = 0;
    while (at < size) {
      int length = Math.min(size - at, 1 + random.nextInt(random.nextInt(10) == 0 ? 5000 : 40));
      if (at > 0 && random.nextInt(3) > 0) {
        int from = at - 1 - random.nextInt(Math.min(at, 40_000));
        for (int i = 0; i < length; i++) {
          out[at + i] = out[from + i];
        }
      } else {
        for (int i = 0; i < length; i++) {
          out[at + i] =
              (byte) (random.nextInt(4) == 0 ? random.nextInt() : 'a' + random.nextInt(9));
        }
      }
      at += length;
    }
    return out;
  }

  private static byte[] gzip(byte[] content, int level, int strategy) throws IOException {
    Deflater deflater = new Deflater(level, true);
    deflater.setStrategy(strategy);
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(raw, deflater)) {
      out.write(content);
    }
    deflater.end();
    byte[] frame = GzipInputTest.gzip(content);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(frame, 0, 10);
    raw.writeTo(out);
    out.write(frame, frame.length - 8, 8);
    return out.toByteArray();
  }

  /** Gives pieces of random sizes. */
  private static InputStream pieces(byte[] content, Random random) {
    return new ByteArrayInputStream(content) {
      @Override
      public synchronized int read(byte[] into, int offset, int length) {
        return super.read(into, offset, Math.min(length, 1 + random.nextInt(3000)));
      }
    };
  }

  private static byte[] gunzip(InputStream in, Inflating inflating, int piece) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[piece];
    try (GzipInput zip = new GzipInput(in, inflating)) {
      for (int n = zip.read(buffer); n >= 0; n = zip.read(buffer)) {
        out.write(buffer, 0, n);
      }
    }
    return out.toByteArray();
  }

  @Test
  void theFastDecoderGivesTheContent() throws Exception {
    Random random = new Random(7);
    int[] strategies = {
      Deflater.DEFAULT_STRATEGY, Deflater.FILTERED, Deflater.HUFFMAN_ONLY,
    };
    for (int round = 0; round < 120; round++) {
      byte[] content = content(random.nextInt(round % 10 == 0 ? 600_000 : 3000), random);
      byte[] zip = gzip(content, round % 10, strategies[round % 3]);
      byte[] twice = Arrays.copyOf(zip, 2 * zip.length);
      System.arraycopy(zip, 0, twice, zip.length, zip.length);
      byte[] expected = Arrays.copyOf(content, 2 * content.length);
      System.arraycopy(content, 0, expected, content.length, content.length);
      int piece = 1 + random.nextInt(round % 2 == 0 ? 300_000 : 300);
      assertThat(gunzip(pieces(twice, random), Inflating.open(), piece)).isEqualTo(expected);
    }
  }

  @Test
  void damagedDataGivesAnErrorOrTheSameFromBoth() throws Exception {
    Random random = new Random(8);
    byte[] zip = gzip(content(20_000, random), 6, Deflater.DEFAULT_STRATEGY);
    for (int round = 0; round < 3000; round++) {
      byte[] bad = zip.clone();
      for (int i = 0; i <= random.nextInt(3); i++) {
        bad[10 + random.nextInt(bad.length - 10)] ^= (byte) (1 << random.nextInt(8));
      }
      assertThat(outcome(bad, Inflating.open())).isEqualTo(outcome(bad, new Inflating.Plain()));
    }
  }

  private static String outcome(byte[] zip, Inflating inflating) throws IOException {
    try {
      return "whole: " + Arrays.hashCode(gunzip(new ByteArrayInputStream(zip), inflating, 4096));
    } catch (ImageException e) {
      return "refused";
    }
  }

  @Test
  void aClosedDecoderIsNotUsed() {
    Inflate inflate = Inflate.open().orElseThrow();
    inflate.close();
    inflate.close();
    byte[] bytes = new byte[10];
    assertThatThrownBy(() -> inflate.inflate(bytes, 0, 10, bytes, 0, 10))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(inflate::reset).isInstanceOf(IllegalStateException.class);
  }
}
