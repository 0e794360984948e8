package dev.mydocker.image;

import dev.mydocker.kernel.KernelException;

/**
 * An image that stays whole until it is let go of, whoever removes its name meanwhile. Hold it
 * until what is made from it is recorded ({@link ImageUsers}).
 */
public final class HeldImage implements AutoCloseable {
  private final Image image;
  private final ImageState state;
  private final Workplace work;

  /** Takes the state and the workplace whose pin holds the image. */
  HeldImage(Image image, ImageState state, Workplace work) {
    this.image = image;
    this.state = state;
    this.work = work;
  }

  /** The image. */
  public Image image() {
    return image;
  }

  /** Lets go of it. */
  @Override
  public void close() throws KernelException {
    try (state) {
      work.close();
    }
  }
}
