package dev.mydocker.image;

import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * The digest of a blob, as in the OCI image-spec's descriptor.md: {@code sha256:} and 64 lower-case
 * hexadecimal digits, or {@code sha512:} and 128.
 *
 * <p>A value of this type is safe in a path and in a URL.
 *
 * @param algorithm {@code sha256} or {@code sha512}
 * @param hex the hash in lower-case hexadecimal
 */
public record Digest(String algorithm, String hex) implements Comparable<Digest> {
  private static final String DIGITS = "0123456789abcdef";

  public Digest {
    if (!isValid(algorithm, hex)) {
      throw new IllegalArgumentException(
          "not a digest: " + ImageException.quote(algorithm + ":" + hex));
    }
  }

  /**
   * Parses {@code algorithm:hex}.
   *
   * @throws ImageException NOT_AN_IMAGE when it is anything else
   */
  public static Digest parse(String text) throws ImageException {
    int colon = text.length() > 256 ? -1 : text.indexOf(':');
    if (colon < 0 || !isValid(text.substring(0, colon), text.substring(colon + 1))) {
      throw new ImageException(
          ImageException.Kind.NOT_AN_IMAGE,
          ImageException.quote(text) + " is not a digest (sha256:<64 hex> or sha512:<128 hex>)");
    }
    return new Digest(text.substring(0, colon), text.substring(colon + 1));
  }

  /** The digest of these parts; empty when they are none. */
  static Optional<Digest> find(String algorithm, String hex) {
    return isValid(algorithm, hex) ? Optional.of(new Digest(algorithm, hex)) : Optional.empty();
  }

  /** The sha256 digest of these bytes. */
  public static Digest of(byte[] bytes) {
    return of("sha256", newHash("sha256").digest(bytes));
  }

  /** The digest whose hash value a finished {@link MessageDigest} gave. */
  static Digest of(String algorithm, byte[] hash) {
    StringBuilder hex = new StringBuilder(hash.length * 2);
    for (byte b : hash) {
      hex.append(DIGITS.charAt((b >> 4) & 15)).append(DIGITS.charAt(b & 15));
    }
    return new Digest(algorithm, hex.toString());
  }

  /** A new hash for {@link #of(String, byte[])} with {@code sha256}. */
  static MessageDigest sha256() {
    return newHash("sha256");
  }

  /** A new hash of this digest's algorithm. */
  MessageDigest newHash() {
    return newHash(algorithm);
  }

  /** Whether {@code bytes} have this digest. */
  public boolean matches(byte[] bytes) {
    return of(algorithm, newHash().digest(bytes)).equals(this);
  }

  /**
   * A stream that gives what {@code in} gives and, at its end, throws unless it was exactly {@code
   * size} bytes with this digest. It never gives more than {@code size} bytes.
   *
   * @param what names the content in the error
   */
  public InputStream verifying(InputStream in, long size, String what) {
    return new VerifyingInput(in, this, size, what);
  }

  /** The first twelve digits, as people know an image by. */
  public String shortHex() {
    return hex.substring(0, 12);
  }

  // Written out, as each launch compares digests: what a record's own equals and hashCode are made
  // of is made at run time, which takes longer than all else that is done with digests then.

  @Override
  public boolean equals(Object other) {
    return other instanceof Digest d && algorithm.equals(d.algorithm) && hex.equals(d.hex);
  }

  @Override
  public int hashCode() {
    return hex.hashCode();
  }

  @Override
  public int compareTo(Digest other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }

  private static MessageDigest newHash(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm.equals("sha256") ? "SHA-256" : "SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK lacks " + algorithm, e);
    }
  }

  private static boolean isValid(String algorithm, String hex) {
    int length = algorithm.equals("sha256") ? 64 : algorithm.equals("sha512") ? 128 : -1;
    return hex.length() == length && isHex(hex);
  }

  /** Whether a text is nothing but lower-case hexadecimal digits. */
  static boolean isHex(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }
}
