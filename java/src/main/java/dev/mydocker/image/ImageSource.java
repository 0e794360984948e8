package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * Where one image's documents and blobs come from: a registry, an OCI layout, an archive, the jar.
 *
 * <p>What a source gives is as foreign as the image: whoever takes a blob checks it against its
 * descriptor ({@link Digest#verifying}). Documents are at most {@link Document#MAX_SIZE} bytes. May
 * be used by several threads at once.
 */
interface ImageSource extends AutoCloseable {

  /** What people call the image, for messages: its full reference. */
  String name();

  /** The manifest or index that the reference names. */
  Document top() throws IOException;

  /** A manifest that an index names; its bytes have the descriptor's digest. */
  Document manifest(Descriptor descriptor) throws IOException;

  /**
   * Whether a manifest that an index lists can be had here. A registry has them all; an archive may
   * have been written where only some platforms were.
   */
  default boolean has(Descriptor manifest) throws IOException {
    return true;
  }

  /**
   * Which manifest of its index is meant; the host's when nobody says a platform.
   *
   * @throws ImageException NO_PLATFORM, naming those there are
   */
  default Descriptor choose(Index index, Optional<Platform> wanted) throws IOException {
    return index.choose(wanted.orElseGet(Platform::host), name());
  }

  /**
   * A configuration or layer, from its first byte on. The caller closes the stream and verifies the
   * content.
   *
   * @throws ImageException NOT_FOUND, UNAUTHORIZED, UNREACHABLE
   */
  InputStream blob(Descriptor descriptor) throws IOException;

  /**
   * A whole configuration, checked.
   *
   * @throws ImageException what {@link #blob} and {@link Documents#read} throw
   */
  default byte[] configuration(Descriptor descriptor) throws IOException {
    try (InputStream in = blob(descriptor)) {
      return Documents.read(in, descriptor, "configuration of " + name());
    }
  }

  @Override
  void close() throws IOException;
}
