package dev.mydocker.image;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * Blobs and layers that something refers to.
 *
 * @param blobs manifests, configurations and layers as they came
 * @param layers the diffIDs of unpacked layers
 */
record Reach(Set<Digest> blobs, Set<Digest> layers) {

  Reach() {
    this(new HashSet<>(), new HashSet<>());
  }

  /** Everything that a name, a pin or a container holds; the caller has the store's lock. */
  static Reach of(ImageState state, ImageUsers users) throws IOException {
    Reach reach = new Reach();
    // In this order: who drops a pin has written a name or a record before.
    Pin.addAll(state.work(), reach);
    for (Descriptor manifest : state.store().manifests()) {
      reach.add(state.store(), manifest);
    }
    for (ImageUsers.User user : users.users()) {
      reach.layers().addAll(user.layers());
    }
    return reach;
  }

  /** Adds an image. */
  void add(Contents contents) {
    blobs.add(contents.top().digest());
    blobs.add(contents.document().digest());
    add(contents.manifest());
    layers.addAll(contents.config().diffIds());
  }

  /** Adds what is kept as it came. */
  void add(Carried carried) {
    blobs.add(carried.digest());
    add(carried.manifest());
  }

  private void add(Manifest manifest) {
    blobs.add(manifest.config().digest());
    manifest.layers().forEach(layer -> blobs.add(layer.digest()));
  }

  /** Adds a manifest or index that is kept, as far as it and what is here of it can be read. */
  void add(Store store, Descriptor descriptor) throws IOException {
    blobs.add(descriptor.digest());
    try {
      Document document = new StoreSource(store, "", descriptor).top();
      if (Index.is(document)) {
        Present present = Present.of(descriptor);
        for (Descriptor child : Index.parse(document).distinct()) {
          if (present.has(child.digest())) {
            add(store, child);
          }
        }
        return;
      }
      Manifest manifest = Manifest.parseAny(document);
      add(manifest);
      if (!MediaType.isConfig(manifest.config().mediaType())) {
        return;
      }
      byte[] config = store.read(manifest.config(), "configuration");
      layers.addAll(ImageConfig.parse(config).diffIds());
    } catch (ImageException damaged) {
      // What a lost document named is reached by others, or by nobody.
      return;
    }
  }
}
