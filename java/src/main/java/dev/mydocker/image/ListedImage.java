package dev.mydocker.image;

import java.util.Optional;

/**
 * One name of the store, or an image that has lost its names.
 *
 * @param name the full reference; empty when it has none
 * @param manifestDigest the digest of its manifest
 * @param id the image's id; the manifest's digest when that is not readable
 * @param image what its documents say; empty when they are damaged
 * @param damage what is wrong with it; empty when it is whole
 */
public record ListedImage(
    String name, Digest manifestDigest, Digest id, Optional<Image> image, Optional<String> damage) {

  static ListedImage of(Catalog.Entry entry) {
    return new ListedImage(
        entry.name(),
        entry.manifest().digest(),
        entry.id(),
        entry.contents().map(c -> c.image(entry.name())),
        entry.damage());
  }

  /** How a message calls it. */
  public String shown() throws ImageException {
    return name.isEmpty() ? id.toString() : ImageRef.parse(name).tagged();
  }
}
