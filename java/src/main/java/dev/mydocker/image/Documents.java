package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;

/** Reads manifests and configurations from streams nobody trusts. */
final class Documents {
  private Documents() {}

  /**
   * A whole document, its size and digest checked.
   *
   * @throws ImageException TOO_LARGE, TRUNCATED, DIGEST_MISMATCH
   */
  static byte[] read(InputStream in, Descriptor descriptor, String what) throws IOException {
    if (descriptor.size() > Document.MAX_SIZE) {
      throw tooLarge(what);
    }
    return descriptor.digest().verifying(in, descriptor.size(), what).readAllBytes();
  }

  /** A whole document whose size and digest nobody said. */
  static byte[] read(InputStream in, int limit, String what) throws IOException {
    byte[] bytes = in.readNBytes(limit + 1);
    if (bytes.length > limit) {
      throw tooLarge(what);
    }
    return bytes;
  }

  private static ImageException tooLarge(String what) {
    return new ImageException(Kind.TOO_LARGE, what + " is too large for a document");
  }
}
