package dev.mydocker.engine;

/**
 * How what a container prints is kept.
 *
 * @param kept whether it is
 * @param maxBytes how large a file of it may become; 0 for any size
 * @param maxFiles how many files of that size there may be
 */
public record LogOptions(boolean kept, long maxBytes, int maxFiles) {

  /** All of it in one file, as Docker's default is. */
  public static final LogOptions DEFAULT = new LogOptions(true, 0, 1);
}
