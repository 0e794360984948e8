package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.LongSupplier;

/** A layer's uncompressed bytes, hashed as they pass and held against the limits. */
final class DiffInput extends InputStream {
  private final InputStream in;
  private final LongSupplier compressed;
  private final UnpackLimits limits;
  private final MessageDigest hash;
  private final String algorithm;
  private long size;

  /**
   * @param compressed how many bytes of the blob have been read
   * @param diffId whose algorithm is used
   */
  DiffInput(InputStream in, LongSupplier compressed, UnpackLimits limits, Digest diffId) {
    this.in = in;
    this.compressed = compressed;
    this.limits = limits;
    this.hash = diffId.newHash();
    this.algorithm = diffId.algorithm();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int n = in.read(into, offset, length);
    if (n > 0) {
      hash.update(into, offset, n);
      size += n;
      limits.checkSize(size, compressed.getAsLong());
    }
    return n;
  }

  /** The digest of everything that was read; once. */
  Digest digest() {
    return Digest.of(algorithm, hash.digest());
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
