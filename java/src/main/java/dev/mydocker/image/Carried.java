package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A manifest of an index that is kept as it came, with the blobs that it names: an image of another
 * platform, or what is no image, such as an attestation.
 *
 * @param descriptor what the index says of it
 * @param document as it came
 * @param manifest what it says
 */
record Carried(Descriptor descriptor, Document document, Manifest manifest) {

  /**
   * Everything else that an index lists and its source has, when one of its images is taken.
   *
   * @throws ImageException UNSUPPORTED when it lists another index; NO_PLATFORM when an image is
   *     for another platform than the index says; and what {@link Contents#read} throws
   */
  static List<Carried> beside(Contents chosen, ImageSource source, DocumentLimits limits)
      throws IOException {
    List<Carried> out = new ArrayList<>();
    if (chosen.index().isEmpty()) {
      return out;
    }
    Document top = chosen.index().get();
    Index index = Index.parse(top);
    List<Descriptor> images = index.images();
    for (Descriptor each : index.distinct()) {
      boolean taken = each.digest().equals(chosen.document().digest());
      if (!taken && source.has(each)) {
        Carried carried = read(source, each, limits);
        if (images.contains(each) && carried.manifest().isImage()) {
          // What it says must hold here too; it may be run some day.
          Contents.read(source, top, each, Optional.empty(), limits);
        }
        out.add(carried);
      }
    }
    return out;
  }

  private static Carried read(ImageSource source, Descriptor each, DocumentLimits limits)
      throws IOException {
    if (!MediaType.isManifest(each.mediaType())) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          source.name()
              + " lists "
              + each.digest().shortHex()
              + " of type "
              + ImageException.quote(each.mediaType())
              + ", which is no manifest: one of its platforms can be had by --platform");
    }
    Document document = limits.check(source.manifest(each));
    Manifest manifest = Manifest.parseAny(document);
    limits.check(manifest, source.name());
    return new Carried(each, document, manifest);
  }

  Digest digest() {
    return descriptor.digest();
  }
}
