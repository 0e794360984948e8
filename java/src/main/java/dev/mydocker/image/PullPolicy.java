package dev.mydocker.image;

/** When an image is fetched, as {@code docker run --pull}. */
public enum PullPolicy {
  /** Every time; what is already here by digest is not fetched twice. */
  ALWAYS,
  /** When the store does not have it. */
  MISSING,
  /** Not at all. */
  NEVER
}
