package dev.mydocker.image;

import java.util.Map;

/** Hears of what happens to images, when it has happened. */
@FunctionalInterface
public interface ImageEvents {

  /** Nobody listens. */
  ImageEvents NONE = (action, id, attributes) -> {};

  /**
   * Something has happened.
   *
   * @param action in Docker's words: {@code pull}, {@code push}, {@code tag}, {@code untag}, {@code
   *     delete}, {@code load}, {@code save}, {@code import}, {@code prune}
   * @param id of the image; of one at a registry its name with its tag; empty when there is none
   * @param attributes {@code name} and the image's labels, or what else there is to know
   */
  void happened(String action, String id, Map<String, String> attributes);
}
