package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Objects;

/** A stream that ends well only when its size and digest were the promised ones. */
final class VerifyingInput extends InputStream {
  private final InputStream in;
  private final Digest expected;
  private final MessageDigest hash;
  private final String what;
  private long left;
  private boolean verified;

  VerifyingInput(InputStream in, Digest expected, long size, String what) {
    this.in = in;
    this.expected = expected;
    this.hash = expected.newHash();
    this.left = size;
    this.what = what;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (left == 0) {
      verify();
      return -1;
    }
    int n = in.read(buffer, offset, (int) Math.min(length, left));
    if (n < 0) {
      throw new ImageException(
          ImageException.Kind.TRUNCATED, what + " ended " + left + " bytes before its size");
    }
    hash.update(buffer, offset, n);
    left -= n;
    return n;
  }

  private void verify() throws IOException {
    if (verified) {
      return;
    }
    if (in.read() >= 0) {
      throw new ImageException(
          ImageException.Kind.DIGEST_MISMATCH, what + " is longer than its size says");
    }
    Digest actual = Digest.of(expected.algorithm(), hash.digest());
    if (!actual.equals(expected)) {
      throw new ImageException(
          ImageException.Kind.DIGEST_MISMATCH,
          what + " has digest " + actual + " instead of " + expected);
    }
    verified = true;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
