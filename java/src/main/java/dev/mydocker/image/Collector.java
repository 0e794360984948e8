package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Removes the blobs and unpacked layers that nothing refers to.
 *
 * <p>The store's lock is held while everything that refers is read and while the rest is moved into
 * a workplace, which takes moments; the files are deleted after that. Whoever dies in between
 * leaves a workplace that the next one sweeps.
 */
final class Collector {
  private final ImageState state;
  private final ImageUsers users;

  /**
   * What was removed.
   *
   * @param layers the diffIDs of unpacked layers
   * @param blobs manifests, configurations and layers as they came
   * @param bytes of all of their files
   */
  record Garbage(List<Digest> layers, List<Digest> blobs, long bytes) {}

  Collector(ImageState state, ImageUsers users) {
    this.state = state;
    this.users = users;
  }

  /** Layers that are unpacked with other owners go with those that are not. */
  private void mapped(Reach reach, Workplace work) throws IOException {
    int count = 0;
    Map<String, Directory> mapped = state.allMapped();
    try {
      for (Directory layers : mapped.values()) {
        for (Digest layer : ImageState.layerIds(layers)) {
          if (!reach.layers().contains(layer)) {
            byte[] name = Overlay.bytes("mapped-" + count++);
            layers.rename(Overlay.bytes(layer.hex()), work.directory(), name, 0);
          }
        }
      }
    } finally {
      mapped.values().forEach(Directory::close);
    }
  }

  /** Does it. */
  Garbage collect() throws IOException {
    List<Digest> layers = new ArrayList<>();
    List<Digest> blobs = new ArrayList<>();
    // A container's layers may lose their blobs now: what is left has to be on the disk.
    state.flush();
    try (Workplace work = Workplace.open(state.work())) {
      try (Fd lock = state.store().lock()) {
        Reach reach = Reach.of(state, users);
        for (Digest blob : state.store().blobs()) {
          if (!reach.blobs().contains(blob)) {
            state.store().moveOut(blob, work.directory(), Overlay.bytes("blob-" + blob.hex()));
            blobs.add(blob);
          }
        }
        for (Digest layer : state.layerIds()) {
          if (!reach.layers().contains(layer)) {
            byte[] name = Overlay.bytes(layer.hex());
            state.layers().rename(name, work.directory(), name, 0);
            layers.add(layer);
          }
        }
        mapped(reach, work);
      }
      StateLock.sweep(state.locks());
      return new Garbage(layers, blobs, TreeSize.of(work.directory()));
    }
  }
}
