package dev.mydocker.image;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Who needs images beside their names: the containers. Asked before anything is removed, while the
 * store's lock is held.
 */
public interface ImageUsers {

  /** Nobody. */
  ImageUsers NONE = List::of;

  /**
   * A container.
   *
   * @param container its id
   * @param imageId the image it was made from
   * @param layers the layers below its own, which stay as long as it is here
   * @param running whether it runs, or may
   * @param owners whose the files of its layers are, when they are unpacked for it once more
   */
  record User(
      String container,
      Digest imageId,
      List<Digest> layers,
      boolean running,
      Optional<Owners> owners) {

    /** The part of its id that people are shown. */
    String shortId() {
      return container.substring(0, 12);
    }
  }

  /**
   * Everybody who is recorded.
   *
   * @throws IOException when that cannot be told; nothing is removed then
   */
  List<User> users() throws IOException;
}
