package dev.mydocker.image;

/**
 * Hears how a pull goes on. Called from several threads at once; every method defaults to doing
 * nothing. A layer is named by the first twelve digits of its blob's digest.
 */
public interface PullListener {
  /** Hears nothing. */
  PullListener NONE = new PullListener() {};

  /**
   * The manifest is known and names this layer, {@code total} bytes. Called in the layers' order.
   */
  default void layer(String id, long total) {}

  /** The layer is unpacked here already: no further event follows. */
  default void alreadyExists(String id) {}

  /** {@code done} bytes of the layer's blob are here. Goes back to 0 when a fetch starts again. */
  default void progress(String id, long done) {}

  /** The layer's blob is in the store and has its digest. */
  default void verified(String id) {}

  /** The layer's unpacking starts. */
  default void unpacking(String id) {}

  /** The layer is unpacked. */
  default void done(String id) {}

  /**
   * A request to a registry or its token service was answered.
   *
   * @param method {@code GET}
   * @param url without query and user information
   * @param status the HTTP status, or 0 when there was no answer
   * @param startNanos {@link System#nanoTime} before
   * @param endNanos and after the answer's headers
   */
  default void call(String method, String url, int status, long startNanos, long endNanos) {}
}
