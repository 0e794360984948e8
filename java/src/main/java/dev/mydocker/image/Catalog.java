package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The images of the store with what their documents say.
 *
 * @param entries one for each name, and one for each manifest that has lost its names
 */
record Catalog(List<Entry> entries) {

  /**
   * A line of the index.
   *
   * @param manifest as the index has it
   * @param contents what the documents say; empty when they are damaged
   * @param id the image's id; the manifest's digest when that is not readable
   * @param damage what is wrong with it or missing; empty when it is whole
   */
  record Entry(
      Descriptor manifest, Optional<Contents> contents, Digest id, Optional<String> damage) {
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
    ImageSource source = new StoreSource(state.store(), what(manifest), manifest);
    try {
      Contents contents = Contents.read(source, manifest.platform().orElse(Platform.host()));
      Digest id = contents.manifest().config().digest();
      return new Entry(manifest, Optional.of(contents), id, missing(state, contents));
    } catch (ImageException e) {
      return new Entry(
          manifest, Optional.empty(), idOf(source, manifest), Optional.of(e.getMessage()));
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
  private static Optional<String> missing(ImageState state, Contents contents) throws IOException {
    for (Contents.Layer layer : contents.layers()) {
      if (!state.store().has(layer.blob())) {
        return Optional.of("layer " + layer.blob().digest() + " is missing or cut short");
      }
      if (!state.hasLayer(layer.diffId())) {
        return Optional.of("layer " + layer.diffId() + " is not unpacked");
      }
    }
    return Optional.empty();
  }

  /**
   * What a user means: a name, a digest in a repository, an id or the beginning of one.
   *
   * @return not empty; several when one image has several names, and its id was given
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
      if (entry.id().hex().startsWith(digits)) {
        out.add(entry);
        ids.add(entry.id());
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

  /** The entries of an image. */
  List<Entry> withId(Digest id) {
    return entries.stream().filter(e -> e.id().equals(id)).toList();
  }
}
