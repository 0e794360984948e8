package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What images take of the disk: their blobs, and their layers unpacked. What several images share
 * counts once in the whole.
 *
 * @param images each name, and each image without one
 * @param bytes of everything, what nothing refers to included
 * @param reclaimable bytes that would be free again without the images that no container uses
 */
public record DiskUsage(List<Use> images, long bytes, long reclaimable) {

  /** Of a store that does not exist. */
  static final DiskUsage NONE = new DiskUsage(List.of(), 0, 0);

  /**
   * One image.
   *
   * @param image the image
   * @param shared bytes that others have too
   * @param unique bytes that are its alone
   * @param containers how many use it
   */
  public record Use(ListedImage image, long shared, long unique, int containers) {
    /** All its bytes. */
    public long size() {
      return shared + unique;
    }
  }

  static DiskUsage of(ImageState state, Catalog catalog, List<ListedImage> images, ImageUsers users)
      throws IOException {
    Sizes sizes = Sizes.of(state);
    Map<Digest, Reach> reaches = new HashMap<>();
    Map<Digest, Digest> shown = new HashMap<>();
    for (Catalog.Entry entry : catalog.entries()) {
      Reach reach = reaches.computeIfAbsent(entry.id(), id -> new Reach());
      reach.add(state.store(), entry.manifest());
      entry.ids().forEach(id -> shown.putIfAbsent(id, entry.id()));
    }
    Reach needed = new Reach();
    Map<Digest, Integer> containers = new HashMap<>();
    for (ImageUsers.User user : users.users()) {
      // A line shows one of its images; a container may use another one of them.
      Digest image = shown.getOrDefault(user.imageId(), user.imageId());
      containers.merge(image, 1, Integer::sum);
      needed.layers().addAll(user.layers());
      Optional<Reach> reach = Optional.ofNullable(reaches.get(image));
      reach.ifPresent(r -> needed.blobs().addAll(r.blobs()));
    }
    List<Use> uses = new ArrayList<>();
    for (ListedImage image : images) {
      Reach own = reaches.get(image.id());
      long all = sizes.of(own);
      long shared = sizes.of(shared(image.id(), own, reaches));
      uses.add(new Use(image, shared, all - shared, containers.getOrDefault(image.id(), 0)));
    }
    return new DiskUsage(List.copyOf(uses), sizes.all(), sizes.all() - sizes.of(needed));
  }

  private static Reach shared(Digest id, Reach own, Map<Digest, Reach> all) {
    Set<Digest> blobs = new HashSet<>();
    Set<Digest> layers = new HashSet<>();
    all.forEach(
        (other, reach) -> {
          if (!other.equals(id)) {
            blobs.addAll(reach.blobs());
            layers.addAll(reach.layers());
          }
        });
    blobs.retainAll(own.blobs());
    layers.retainAll(own.layers());
    return new Reach(blobs, layers);
  }

  /** Bytes by digest, as they lie on the disk. */
  private record Sizes(Map<Digest, Long> blobs, Map<Digest, Long> layers) {

    static Sizes of(ImageState state) throws IOException {
      Map<Digest, Long> blobs = new HashMap<>();
      for (Digest blob : state.store().blobs()) {
        state.store().stat(blob).ifPresent(s -> blobs.put(blob, s.size()));
      }
      Map<Digest, Long> layers = new HashMap<>();
      for (Digest layer : state.layerIds()) {
        layers.put(layer, ImageState.layerSize(state.layers(), layer));
      }
      for (Directory mapped : state.allMapped().values()) {
        try (mapped) {
          for (Digest layer : ImageState.layerIds(mapped)) {
            layers.merge(layer, ImageState.layerSize(mapped, layer), Long::sum);
          }
        }
      }
      return new Sizes(blobs, layers);
    }

    long of(Reach reach) {
      return sum(reach.blobs(), blobs) + sum(reach.layers(), layers);
    }

    long all() {
      return sum(blobs.keySet(), blobs) + sum(layers.keySet(), layers);
    }

    private static long sum(Set<Digest> digests, Map<Digest, Long> sizes) {
      return digests.stream().mapToLong(d -> sizes.getOrDefault(d, 0L)).sum();
    }
  }
}
