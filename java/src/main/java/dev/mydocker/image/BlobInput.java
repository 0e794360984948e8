package dev.mydocker.image;

import dev.mydocker.kernel.DirectOutput;
import dev.mydocker.kernel.Fd;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A layer's blob on its way from a source: checked, and kept in the store when its last byte was
 * right. Read to its end by one thread.
 */
final class BlobInput extends InputStream {
  private final Contents.Layer layer;
  private final PullListener listener;
  private final InputStream verified;
  private final Keeper keeper;
  private volatile long done;
  private boolean ended;

  /** Where the bytes go, and what becomes of them. */
  private interface Keeper extends AutoCloseable {
    void take(byte[] bytes, int offset, int length) throws IOException;

    void keep() throws IOException;

    @Override
    void close();
  }

  private BlobInput(
      Contents.Layer layer, PullListener listener, InputStream verified, Keeper keeper) {
    this.layer = layer;
    this.listener = listener;
    this.verified = verified;
    this.keeper = keeper;
  }

  /** A blob that comes from elsewhere. */
  static BlobInput fetched(
      Contents.Layer layer,
      InputStream in,
      String what,
      PullListener listener,
      Store store,
      Workplace work)
      throws IOException {
    String name = "blob-" + layer.blob().digest().hex();
    Fd file;
    try {
      file = work.directory().create(Overlay.bytes(name), 0644);
    } catch (IOException e) {
      in.close();
      throw e;
    }
    // A blob is read again when somebody pushes or saves it; the cache is for unpacked files.
    OutputStream out = new DirectOutput(file);
    return new BlobInput(
        layer,
        listener,
        verifying(layer, in, what),
        new Keeper() {
          @Override
          public void take(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
          }

          @Override
          public void keep() throws IOException {
            out.flush();
            store.adopt(file, name, layer.blob().digest(), work);
          }

          @Override
          public void close() {
            file.close();
          }
        });
  }

  /** A blob that is in the store. */
  static BlobInput kept(Contents.Layer layer, InputStream in, String what, PullListener listener) {
    return new BlobInput(
        layer,
        listener,
        verifying(layer, in, what),
        new Keeper() {
          @Override
          public void take(byte[] bytes, int offset, int length) {}

          @Override
          public void keep() {}

          @Override
          public void close() {}
        });
  }

  private static InputStream verifying(Contents.Layer layer, InputStream in, String what) {
    return layer.blob().digest().verifying(in, layer.blob().size(), what);
  }

  /** Bytes read so far; may be asked by another thread. */
  long done() {
    return done;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (ended) {
      return -1;
    }
    int n = verified.read(into, offset, length);
    if (n < 0) {
      ended = true;
      keeper.keep();
      listener.verified(layer.id());
    } else if (n > 0) {
      keeper.take(into, offset, n);
      done += n;
      listener.progress(layer.id(), done);
    }
    return n;
  }

  @Override
  public void close() throws IOException {
    try {
      verified.close();
    } finally {
      keeper.close();
    }
  }
}
