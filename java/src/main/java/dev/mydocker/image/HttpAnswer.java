package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;

/**
 * An answer whose body is still to be read; whoever has it reads it or closes it.
 *
 * @param head status and headers
 * @param body the content, as {@link HttpBody} has it
 */
record HttpAnswer(HttpHead head, InputStream body) implements AutoCloseable {

  int status() {
    return head.status();
  }

  /**
   * The whole body.
   *
   * @param limit bytes
   * @throws ImageException TOO_LARGE when it has more
   */
  byte[] bytes(int limit, String what) throws IOException {
    byte[] bytes = body.readNBytes(limit);
    if (bytes.length == limit && body.read() >= 0) {
      throw new ImageException(
          ImageException.Kind.TOO_LARGE, what + " is larger than " + (limit >> 10) + " KiB");
    }
    return bytes;
  }

  /** Reads what is left when it is little, so that the connection can serve again. */
  void discard() {
    try (this) {
      if (body.readNBytes(RegistryError.MAX_BODY).length == RegistryError.MAX_BODY) {
        return;
      }
      body.read();
    } catch (IOException e) {
      // The connection is of no further use, and closed; nobody waits for these bytes.
    }
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
