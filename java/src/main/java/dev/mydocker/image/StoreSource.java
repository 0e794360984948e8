package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * An image whose blobs are in the store already, for making its layers again.
 *
 * @param image a line of the store's index, or a manifest that an index there lists
 */
record StoreSource(Store store, String name, Descriptor image) implements ImageSource {

  @Override
  public Document top() throws IOException {
    return manifest(image);
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    byte[] bytes = store.read(descriptor, "manifest " + descriptor.digest());
    return new Document(descriptor.mediaType(), bytes, descriptor.digest());
  }

  @Override
  public byte[] configuration(Descriptor descriptor) throws IOException {
    return store.read(descriptor, "configuration of " + name);
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    return store.open(descriptor.digest());
  }

  @Override
  public boolean has(Descriptor descriptor) throws IOException {
    return Present.of(image).has(descriptor.digest());
  }

  /**
   * The manifest that a registry would give for a platform, when it is here; without a platform the
   * host's, else the first one that is here.
   *
   * @throws ImageException NO_PLATFORM
   */
  @Override
  public Descriptor choose(Index index, Optional<Platform> wanted) throws IOException {
    List<Descriptor> here = here(index);
    if (wanted.isEmpty()) {
      return here.stream()
          .findFirst()
          .orElseThrow(
              () -> new ImageException(Kind.NO_PLATFORM, "no platform of " + name + " is here"));
    }
    Descriptor best = index.choose(wanted.get(), name);
    if (!Present.of(image).has(best.digest())) {
      throw new ImageException(
          Kind.NO_PLATFORM,
          name
              + " is not here for "
              + wanted.get()
              + (here.isEmpty() ? "" : ", but for " + platforms(here)));
    }
    return best;
  }

  /** The platforms of manifests, for a message. */
  static String platforms(List<Descriptor> manifests) {
    TreeSet<String> out = new TreeSet<>();
    manifests.forEach(d -> d.platform().ifPresent(p -> out.add(p.toString())));
    return String.join(", ", out);
  }

  /** The images of an index that are here: the host's first, the rest as the index lists them. */
  List<Descriptor> here(Index index) throws IOException {
    Present present = Present.of(image);
    Map<Digest, Descriptor> out = new LinkedHashMap<>();
    index
        .best(Platform.host())
        .filter(d -> present.has(d.digest()))
        .ifPresent(d -> out.put(d.digest(), d));
    for (Descriptor each : index.images()) {
      if (present.has(each.digest())) {
        out.putIfAbsent(each.digest(), each);
      }
    }
    return List.copyOf(out.values());
  }

  /** The images that are here, the one that is meant when nobody says a platform first. */
  List<Descriptor> images() throws IOException {
    Document top = top();
    return Index.is(top) ? here(Index.parse(top)) : List.of(image);
  }

  /** What an index lists that is here and no image, such as attestations. */
  static List<Descriptor> others(Index index, Present present) {
    List<Descriptor> images = index.images();
    return index.distinct().stream()
        .filter(d -> present.has(d.digest()) && !images.contains(d))
        .toList();
  }

  /** The store stays open. */
  @Override
  public void close() {}
}
