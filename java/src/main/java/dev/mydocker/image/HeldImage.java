package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An image that stays whole until it is let go of, whoever removes its name meanwhile. Hold it
 * until what is made from it is recorded ({@link ImageUsers}).
 */
public final class HeldImage implements AutoCloseable {
  private final Image image;
  private final Contents contents;
  private final UnpackLimits limits;
  private final ImageState state;
  private final Workplace work;

  /** Takes the state and the workplace whose pin holds the image. */
  HeldImage(String name, Contents contents, UnpackLimits limits, ImageState state, Workplace work) {
    this.image = contents.image(name);
    this.contents = contents;
    this.limits = limits;
    this.state = state;
    this.work = work;
  }

  /** The image. */
  public Image image() {
    return image;
  }

  /**
   * Unpacks its layers once more, from its blobs, in {@link Images#layers(java.nio.file.Path,
   * Owners)}: each only when that has not been done, and under the same locks as ever. They stay as
   * long as the image, or a container of it.
   *
   * @throws ImageException UNSUPPORTED when a file's owner is nobody there
   */
  public void unpackFor(Owners owners) throws IOException {
    StoreSource source = new StoreSource(state.store(), image.name(), contents.descriptor());
    try (ImageState mapped = state.mapped(owners)) {
      new ImageFetch(mapped, source, contents, limits, PullListener.NONE).complete();
    } catch (IOException e) {
      throw FullDisk.told(e, state.root());
    }
  }

  /**
   * Writes other contents of its files into a container's own layer, which nobody has mounted yet.
   *
   * @param upper that layer
   * @param owners for whom its layers were unpacked, see {@link #unpackFor}
   * @param files their contents, by absolute path
   */
  public void writeOver(Path upper, Owners owners, Map<String, byte[]> files) throws IOException {
    try (ImageState mapped = state.mapped(owners);
        LayerStack stack = stack(mapped);
        Directory own = Directory.open(upper)) {
      UpperFile writer = new UpperFile(stack, owners);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        writer.write(own, file.getKey(), file.getValue());
      }
    }
  }

  private LayerStack stack(ImageState mapped) throws KernelException {
    List<Directory> open = new ArrayList<>();
    try {
      for (int i = image.diffIds().size() - 1; i >= 0; i--) {
        open.add(mapped.openLayer(image.diffIds().get(i)));
      }
      return new LayerStack(open);
    } catch (KernelException e) {
      open.forEach(Directory::close);
      throw e;
    }
  }

  /** Lets go of it. */
  @Override
  public void close() throws KernelException {
    try (state) {
      work.close();
    }
  }
}
