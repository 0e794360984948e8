package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongConsumer;

/**
 * A blob of the store, to be sent in parts. The parts of one transfer follow each other, so the
 * file stays open between them.
 */
final class BlobContent implements AutoCloseable {
  private final Store store;
  private final Descriptor blob;
  private final LongConsumer progress;
  private InputStream in = InputStream.nullInputStream();
  private long position = Long.MAX_VALUE;

  /**
   * @param progress hears up to where the blob is sent
   */
  BlobContent(Store store, Descriptor blob, LongConsumer progress) {
    this.store = store;
    this.blob = blob;
    this.progress = progress;
  }

  /** The bytes from {@code from} to before {@code to}. */
  HttpContent part(long from, long to) {
    return new HttpContent() {
      @Override
      public long length() {
        return to - from;
      }

      @Override
      public void writeTo(OutputStream out) throws IOException {
        copy(from, to, out);
      }
    };
  }

  private void copy(long from, long to, OutputStream out) throws IOException {
    if (from < position) {
      in.close();
      in = store.open(blob.digest());
      position = 0;
    }
    in.skipNBytes(from - position);
    position = from;
    byte[] buffer = new byte[64 << 10];
    while (position < to) {
      int n = in.read(buffer, 0, (int) Math.min(buffer.length, to - position));
      if (n < 0) {
        throw new ImageException(
            Kind.TRUNCATED,
            "blob " + blob.digest() + " of the image store is damaged: pull the image again");
      }
      position += n;
      out.write(buffer, 0, n);
      progress.accept(position);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
