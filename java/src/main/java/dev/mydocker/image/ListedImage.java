package dev.mydocker.image;

import java.util.List;
import java.util.Optional;

/**
 * One name of the store, or an image that has lost its names.
 *
 * @param name the full reference; empty when it has none
 * @param digest of what it stands for: a manifest, or an index of several platforms
 * @param id the image's id, the host's or else the first one's when there are several; the digest
 *     when that is not readable
 * @param platforms what the documents say of each platform that is here, the one whose id it is
 *     first; none when they are damaged
 * @param damage what is wrong with it; empty when it is whole
 */
public record ListedImage(
    String name, Digest digest, Digest id, List<Image> platforms, Optional<String> damage) {

  static ListedImage of(Catalog.Entry entry) {
    return new ListedImage(
        entry.name(),
        entry.manifest().digest(),
        entry.id(),
        entry.images().stream().map(c -> c.image(entry.name())).toList(),
        entry.damage());
  }

  /** The image that is meant when nobody says a platform; empty when its documents are damaged. */
  public Optional<Image> image() {
    return platforms.stream().findFirst();
  }

  /** How a message calls it. */
  public String shown() throws ImageException {
    return name.isEmpty() ? id.toString() : ImageRef.parse(name).tagged();
  }
}
