package dev.mydocker.spec;

import java.io.IOException;
import java.util.Optional;

/** Files of an image, as its layers together show them. */
public interface ImageFiles {

  /**
   * The content of a regular file.
   *
   * @param path absolute; symbolic links in it are resolved inside the image
   * @param limit bytes
   * @return empty when there is no such file
   * @throws IOException when it is over the limit, is no regular file, or cannot be read
   */
  Optional<byte[]> read(String path, int limit) throws IOException;
}
