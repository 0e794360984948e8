package dev.mydocker.image;

/** Which images are taken of an index, which has one per platform. */
public sealed interface Platforms {

  /** The one for a platform. */
  record One(Platform platform) implements Platforms {}

  /** The host's, or the first that is there. */
  record Usual() implements Platforms {}

  /** All that are there, and what the index lists beside them. */
  record All() implements Platforms {}
}
