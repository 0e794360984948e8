package dev.mydocker.image;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which manifests of an index the store has, beside the index itself: annotations of the index's
 * line in {@code index.json}. Of the others nothing is here; that they are missing is no damage.
 *
 * @param images manifests whose images are whole and unpacked
 * @param blobs manifests that are kept as they came, with all that they name: images of other
 *     platforms, which are unpacked when somebody wants to run them, and what is no image at all,
 *     such as the attestations that BuildKit adds
 */
record Present(Set<Digest> images, Set<Digest> blobs) {
  private static final String IMAGES = "dev.mydocker.images";
  private static final String BLOBS = "dev.mydocker.blobs";

  /** A manifest that has become an image is no other thing any more. */
  Present {
    images = new LinkedHashSet<>(images);
    blobs = new LinkedHashSet<>(blobs);
    blobs.removeAll(images);
  }

  /**
   * What a line of the store's index says; nothing for a manifest.
   *
   * @throws ImageException BAD_REFERENCE when it says something else
   */
  static Present of(Descriptor kept) throws ImageException {
    return new Present(digests(kept, IMAGES), digests(kept, BLOBS));
  }

  private static Set<Digest> digests(Descriptor kept, String annotation) throws ImageException {
    Set<Digest> out = new LinkedHashSet<>();
    String text = kept.annotations().getOrDefault(annotation, "");
    for (String digest : text.isEmpty() ? new String[0] : text.split(" ")) {
      out.add(Digest.parse(digest));
    }
    return out;
  }

  boolean has(Digest manifest) {
    return images.contains(manifest) || blobs.contains(manifest);
  }

  /** All of them, those that are unpacked first. */
  List<Digest> all() {
    List<Digest> out = new ArrayList<>(images);
    out.addAll(blobs);
    return out;
  }

  /** What is here when both are. */
  Present and(Present other) {
    Set<Digest> allImages = new LinkedHashSet<>(images);
    allImages.addAll(other.images);
    Set<Digest> allBlobs = new LinkedHashSet<>(blobs);
    allBlobs.addAll(other.blobs);
    return new Present(allImages, allBlobs);
  }

  /** What is here without some of it. */
  Present without(Set<Digest> lost) {
    Present out = new Present(images, blobs);
    out.images.removeAll(lost);
    out.blobs.removeAll(lost);
    return out;
  }

  /** An index's line that says so; its other annotations stay. */
  Descriptor in(Descriptor kept) {
    Map<String, String> annotations = new LinkedHashMap<>(kept.annotations());
    put(annotations, IMAGES, images);
    put(annotations, BLOBS, blobs);
    return kept.with(annotations);
  }

  private static void put(Map<String, String> annotations, String name, Set<Digest> digests) {
    if (digests.isEmpty()) {
      annotations.remove(name);
    } else {
      annotations.put(name, String.join(" ", digests.stream().map(Digest::toString).toList()));
    }
  }
}
