package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * Brings one layer: its blob into the store, its content into a directory of the workplace. The
 * bytes pass once, through three threads: fetch, hash and keep the blob; inflate and hash the tar;
 * untar.
 */
final class LayerFetch {
  private final Contents.Layer layer;
  private final ImageSource source;
  private final ImageState state;
  private final Workplace work;
  private final UnpackLimits limits;
  private final PullListener listener;
  private final String what;

  LayerFetch(
      Contents.Layer layer,
      ImageSource source,
      ImageState state,
      Workplace work,
      UnpackLimits limits,
      PullListener listener) {
    this.layer = layer;
    this.source = source;
    this.state = state;
    this.work = work;
    this.limits = limits;
    this.listener = listener;
    this.what = "layer " + layer.id() + " of " + source.name();
  }

  /** The directory in the workplace that the layer is unpacked to. */
  static String directoryName(Digest diffId) {
    return "layer-" + diffId.hex();
  }

  /**
   * Does it.
   *
   * @return what is left to do for the unpacked layer; empty when it was unpacked already
   */
  Optional<LayerUnpacker.Result> run() throws IOException {
    try {
      return state.store().has(layer.blob()) ? fromStore() : fromSource();
    } catch (KernelException e) {
      throw new IOException("cannot unpack " + what + ": " + e.getMessage(), e);
    }
  }

  private Optional<LayerUnpacker.Result> fromStore() throws IOException {
    try {
      InputStream in = state.store().open(layer.blob().digest());
      return transfer(BlobInput.kept(layer, in, what, listener));
    } catch (ImageException e) {
      boolean damaged = e.kind() == Kind.DIGEST_MISMATCH || e.kind() == Kind.TRUNCATED;
      if (!damaged || source instanceof StoreSource) {
        throw e;
      }
      state.store().discard(layer.blob().digest());
      work.directory().removeTree(Overlay.bytes(directoryName(layer.diffId())));
      return fromSource();
    }
  }

  private Optional<LayerUnpacker.Result> fromSource() throws IOException {
    InputStream in = source.blob(layer.blob());
    return transfer(BlobInput.fetched(layer, in, what, listener, state.store(), work));
  }

  private Optional<LayerUnpacker.Result> transfer(BlobInput in) throws IOException {
    try (ReadAhead blob = new ReadAhead(in, "mydocker fetch " + layer.id())) {
      if (state.hasLayer(layer.diffId())) {
        drain(blob);
        listener.done(layer.id());
        return Optional.empty();
      }
      DiffInput diff = new DiffInput(Compression.detect(blob), in::done, limits, layer.diffId());
      try (ReadAhead tar = new ReadAhead(diff, "mydocker inflate " + layer.id());
          Directory into = work.make(directoryName(layer.diffId()))) {
        return Optional.of(unpack(blob, diff, tar, into));
      }
    } catch (ImageException e) {
      throw e.getMessage().startsWith(what)
          ? e
          : new ImageException(e.kind(), "cannot unpack " + what + ": " + e.getMessage(), e);
    }
  }

  private LayerUnpacker.Result unpack(ReadAhead blob, DiffInput diff, ReadAhead tar, Directory into)
      throws IOException {
    LayerUnpacker.Result result;
    try {
      listener.unpacking(layer.id());
      result = LayerUnpacker.unpack(tar, into, limits, state.owners());
      drain(tar);
      drain(blob);
    } catch (ImageException e) {
      throw cause(e, tar, blob);
    }
    Digest actual = diff.digest();
    if (!actual.equals(layer.diffId())) {
      throw new ImageException(
          Kind.DIGEST_MISMATCH,
          what + " holds " + actual + ", but its configuration says " + layer.diffId());
    }
    listener.done(layer.id());
    return result;
  }

  /** A blob that is not what its digest says explains everything else that is wrong with it. */
  private static ImageException cause(ImageException shown, ReadAhead tar, ReadAhead blob) {
    if (shown.kind() != Kind.NOT_AN_IMAGE && shown.kind() != Kind.TRUNCATED) {
      return shown;
    }
    for (InputStream in : new InputStream[] {tar, blob}) {
      try {
        drain(in);
      } catch (ImageException e) {
        if (e.kind() == Kind.DIGEST_MISMATCH) {
          return e;
        }
      } catch (IOException e) {
        shown.addSuppressed(e);
      }
    }
    return shown;
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    while (in.read(buffer) >= 0) {
      // What follows a tar's end counts for its digest, and for nothing else.
    }
  }
}
