package dev.mydocker.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The images of one state root: an OCI image layout, and beside it each layer unpacked once. Safe
 * for use by several threads and processes at once.
 */
public final class Images {

  private Images() {}

  /**
   * The images below {@code root}, whose directories are made when the first image comes.
   *
   * @param root the state root, such as /var/lib/mydocker
   * @param environment of the process: where configuration and credentials are looked for
   */
  public static Images open(Path root, Map<String, String> environment) {
    throw new UnsupportedOperationException();
  }

  /**
   * An image that is whole in the store, every layer unpacked; fetched first when the policy says
   * so.
   *
   * @throws ImageException when it cannot be had
   */
  public Image get(ImageRef reference, Platform platform, PullPolicy policy, PullListener listener)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * What {@link #get} would give, without writing anything: from the store, else read from where
   * the image is.
   */
  public Image describe(ImageRef reference, Platform platform, PullListener listener)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Every image of the store, by name. */
  public List<Image> list() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The directory that holds the unpacked layers, each named by its diffID's digits. */
  public Path layers() {
    throw new UnsupportedOperationException();
  }

  /**
   * A regular file of an image as its layers together show it: links are resolved inside the image,
   * whiteouts obeyed.
   *
   * @param path absolute
   * @param limit bytes
   * @return empty when there is no such file
   * @throws IOException when it is over the limit, no regular file, or a layer is not unpacked
   */
  public Optional<byte[]> read(Image image, String path, int limit) throws IOException {
    throw new UnsupportedOperationException();
  }
}
