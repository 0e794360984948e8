package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The images of the store with what their documents say.
 *
 * @param entries one for each name, and one for each manifest or index that has lost its names
 */
record Catalog(List<Entry> entries) {

  /**
   * A line of the index.
   *
   * @param manifest a manifest or an index, as the store's index has it
   * @param images what the documents say of each platform that is here, the host's first; without
   *     those that are damaged
   * @param ids the ids of these; the manifest's digest when one is not readable. Not empty
   * @param damage what is wrong with it or missing; empty when it is whole
   */
  record Entry(
      Descriptor manifest, List<Contents> images, List<Digest> ids, Optional<String> damage) {

    /** What the documents say of the one that is meant when nobody says a platform. */
    Optional<Contents> contents() {
      return images.stream().findFirst();
    }

    /** The id of the one that is meant when nobody says a platform. */
    Digest id() {
      return ids.get(0);
    }

    /** The same with the image of one id alone. */
    Entry only(Digest id) {
      List<Contents> own =
          images.stream().filter(c -> c.manifest().config().digest().equals(id)).toList();
      return new Entry(manifest, own, List.of(id), damage);
    }

    /** Whether both have an image in common. */
    boolean shares(Entry other) {
      return ids.stream().anyMatch(other.ids::contains);
    }

    /** The full name, or empty. */
    String name() {
      return Store.nameOf(manifest);
    }

    boolean isNamed() {
      return !name().isEmpty();
    }
  }

  /** Reads everything; damage is part of it and no failure. */
  static Catalog read(ImageState state, List<Descriptor> manifests) throws IOException {
    List<Entry> out = new ArrayList<>();
    for (Descriptor manifest : manifests) {
      out.add(read(state, manifest));
    }
    return new Catalog(List.copyOf(out));
  }

  private static Entry read(ImageState state, Descriptor manifest) throws IOException {
    StoreSource source = new StoreSource(state.store(), what(manifest), manifest);
    if (MediaType.isIndex(manifest.mediaType())) {
      return ofIndex(state, source);
    }
    try {
      Contents contents = Contents.read(source, manifest.platform().orElse(Platform.host()));
      Digest id = contents.manifest().config().digest();
      return new Entry(manifest, List.of(contents), List.of(id), missing(state, contents, true));
    } catch (ImageException e) {
      return new Entry(
          manifest, List.of(), List.of(idOf(source, manifest)), Optional.of(e.getMessage()));
    }
  }

  private static Entry ofIndex(ImageState state, StoreSource source) throws IOException {
    Descriptor line = source.image();
    Present present = Present.of(line);
    List<Contents> images = new ArrayList<>();
    List<Digest> ids = new ArrayList<>();
    Optional<String> damage = Optional.empty();
    try {
      Document top = source.top();
      Index index = Index.parse(top);
      for (Descriptor each : source.here(index)) {
        try {
          if (!Manifest.parseAny(source.manifest(each)).isImage()) {
            damage = damage.or(of(missing(source, each)));
            continue;
          }
          Contents contents =
              Contents.read(source, top, each, Optional.empty(), DocumentLimits.MOST);
          images.add(contents);
          ids.add(contents.manifest().config().digest());
          boolean unpacked = present.images().contains(each.digest());
          damage = damage.or(of(missing(state, contents, unpacked)));
        } catch (ImageException e) {
          damage = damage.or(() -> Optional.of(e.getMessage()));
        }
      }
      for (Descriptor each : StoreSource.others(index, present)) {
        damage = damage.or(of(missing(source, each)));
      }
    } catch (ImageException e) {
      damage = Optional.of(e.getMessage());
    }
    if (ids.isEmpty()) {
      damage = damage.or(() -> Optional.of("none of its platforms is here"));
      ids.add(line.digest());
    }
    return new Entry(line, List.copyOf(images), List.copyOf(ids), damage);
  }

  private static <T> Supplier<Optional<T>> of(Optional<T> value) {
    return () -> value;
  }

  /** What is missing of a manifest that is kept as it came. */
  static Optional<String> missing(StoreSource source, Descriptor carried) throws IOException {
    try {
      for (Descriptor blob : Manifest.parseAny(source.manifest(carried)).blobs()) {
        if (!source.store().has(blob)) {
          return Optional.of("blob " + blob.digest() + " is missing or cut short");
        }
      }
      return Optional.empty();
    } catch (ImageException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static String what(Descriptor manifest) {
    String name = Store.nameOf(manifest);
    return name.isEmpty() ? manifest.digest().toString() : name;
  }

  private static Digest idOf(ImageSource source, Descriptor manifest) throws IOException {
    try {
      return Manifest.parse(source.top()).config().digest();
    } catch (ImageException e) {
      return manifest.digest();
    }
  }

  /** What the image has lost, by a look at names and sizes alone. */
  private static Optional<String> missing(ImageState state, Contents contents, boolean unpacked)
      throws IOException {
    for (Contents.Layer layer : contents.layers()) {
      boolean foreign = !unpacked && MediaType.isForeign(layer.blob().mediaType());
      if (!foreign && !state.store().has(layer.blob())) {
        return Optional.of("layer " + layer.blob().digest() + " is missing or cut short");
      }
      if (unpacked && !state.hasLayer(layer.diffId())) {
        return Optional.of("layer " + layer.diffId() + " is not unpacked");
      }
    }
    return Optional.empty();
  }

  /**
   * What a user means: a name, a digest in a repository, an id or the beginning of one.
   *
   * @return not empty; several when one image has several names, and its id was given: those have
   *     the image of that id alone
   * @throws ImageException NOT_FOUND; BAD_REFERENCE when several ids begin so, or for no grammar
   */
  List<Entry> find(String text) throws ImageException {
    List<Entry> byName = named(ImageRef.parse(text));
    List<Entry> found = byName.isEmpty() ? withId(text) : byName;
    if (found.isEmpty()) {
      throw new ImageException(Kind.NOT_FOUND, "no such image: " + ImageRef.parse(text).tagged());
    }
    return found;
  }

  /** The entries of that name, or of that digest in that repository. */
  List<Entry> named(ImageRef reference) throws ImageException {
    List<Entry> out = new ArrayList<>();
    for (Entry entry : entries) {
      boolean same = entry.name().equals(reference.name());
      if (same || entry.isNamed() && isByDigest(reference, entry)) {
        out.add(entry);
      }
    }
    return out;
  }

  private static boolean isByDigest(ImageRef reference, Entry entry) throws ImageException {
    return reference instanceof ImageRef.Registry wanted
        && wanted.digest().equals(Optional.of(entry.manifest().digest()))
        && ImageRef.parse(entry.name()) instanceof ImageRef.Registry own
        && own.repository().equals(wanted.repository());
  }

  /** The entries of the one image whose id begins so; empty when there is none. */
  List<Entry> withId(String text) throws ImageException {
    String digits = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    if (digits.isEmpty() || digits.length() > 64 || !Digest.isHex(digits)) {
      return List.of();
    }
    List<Entry> out = new ArrayList<>();
    Set<Digest> ids = new LinkedHashSet<>();
    for (Entry entry : entries) {
      for (Digest id : entry.ids()) {
        if (id.hex().startsWith(digits)) {
          out.add(entry.only(id));
          ids.add(id);
        }
      }
    }
    if (ids.size() > 1) {
      throw new ImageException(
          Kind.BAD_REFERENCE,
          ImageException.quote(text)
              + " is how the ids of "
              + ids.size()
              + " images begin: give more digits");
    }
    return out;
  }

  /** The entries that an image is in. */
  List<Entry> withId(Digest id) {
    return entries.stream().filter(e -> e.ids().contains(id)).toList();
  }

  /** The entries that have an image in common with one of these. */
  List<Entry> sharing(List<Entry> some) {
    return entries.stream().filter(e -> some.stream().anyMatch(e::shares)).toList();
  }
}
