package dev.mydocker.image;

/**
 * Hears how a push goes on. Called from several threads at once; every method defaults to doing
 * nothing. A layer is named by the first twelve digits of its blob's digest.
 */
public interface PushListener {
  /** Hears nothing. */
  PushListener NONE = new PushListener() {};

  /** The image has this layer, {@code total} bytes. Called in the layers' order. */
  default void layer(String id, long total) {}

  /** The layer has to wait until others have been sent. */
  default void waiting(String id) {}

  /** The registry has the layer already: no further event follows. */
  default void alreadyExists(String id) {}

  /** The registry took the layer from its repository {@code path}: no further event follows. */
  default void mounted(String id, String path) {}

  /** The layer may not be distributed and is left out: no further event follows. */
  default void skipped(String id) {}

  /** {@code done} bytes of the layer are sent. Goes back where the registry lost some. */
  default void progress(String id, long done) {}

  /** The registry has the whole layer. */
  default void pushed(String id) {}

  /** A request was answered. See {@link PullListener#call}. */
  default void call(String method, String url, int status, long startNanos, long endNanos) {}
}
