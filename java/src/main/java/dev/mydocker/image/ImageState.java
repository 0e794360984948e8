package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The directories of a state root that hold images, open: {@code images} the store, {@code layers}
 * the unpacked layers, {@code work} what fetches have not finished, {@code locks} who makes which
 * layer now. Only their owner may enter them: layers hold set-user-id programs.
 */
record ImageState(Path root, Store store, Directory layers, Directory work, Directory locks)
    implements AutoCloseable {
  private static final List<String> NAMES = List.of("images", "layers", "work", "locks");

  /** Opens them, and makes what is missing. */
  static ImageState create(Path root) throws IOException {
    Files.createDirectories(root);
    try (Directory top = Directory.open(root)) {
      for (String name : NAMES) {
        try {
          top.mkdir(Overlay.bytes(name), 0700);
        } catch (KernelException e) {
          if (e.errno() != Errno.EEXIST) {
            throw e;
          }
        }
      }
    }
    ImageState state = open(root);
    try {
      state.store().complete();
      return state;
    } catch (IOException e) {
      state.close();
      throw e;
    }
  }

  /**
   * Opens them and makes nothing; empty when there never was an image. What is removed is what a
   * machine that stopped has not written ({@link UnsyncedLayers}), by {@link #create} as well.
   */
  static Optional<ImageState> find(Path root) throws IOException {
    return Store.isIn(root.resolve("images")) ? Optional.of(open(root)) : Optional.empty();
  }

  private static ImageState open(Path root) throws IOException {
    List<Directory> open = new ArrayList<>();
    try {
      for (String name : NAMES) {
        open.add(Directory.open(root.resolve(name)));
      }
      Directory layers = open.get(1);
      Directory work = open.get(2);
      Directory locks = open.get(3);
      new UnsyncedLayers(root, layers, work, locks).attend();
      return new ImageState(root, Store.open(open.get(0)), layers, work, locks);
    } catch (IOException e) {
      open.forEach(Directory::close);
      throw e;
    }
  }

  /** Which layers may not be on the disk yet. */
  UnsyncedLayers unsynced() {
    return new UnsyncedLayers(root, layers, work, locks);
  }

  boolean hasLayer(Digest diffId) throws KernelException {
    return layers.find(Overlay.bytes(diffId.hex())).filter(Stat::isDirectory).isPresent();
  }

  /** The diffIDs of the layers that are unpacked. */
  List<Digest> layerIds() throws KernelException {
    List<Digest> out = new ArrayList<>();
    for (Directory.Entry entry : layers.list()) {
      Digest.find("sha256", Overlay.text(entry.name())).ifPresent(out::add);
    }
    return out;
  }

  /** The bytes of an unpacked layer's files; 0 when it is gone. */
  long layerSize(Digest diffId) throws KernelException {
    Optional<Directory> layer =
        layers.findDirectory(Overlay.bytes(diffId.hex()), Directory.Resolve.BENEATH);
    if (layer.isEmpty()) {
      return 0;
    }
    try (Directory open = layer.get()) {
      return TreeSize.of(open);
    }
  }

  /** Whether a layer is unpacked and its blob kept. */
  boolean has(Contents.Layer layer) throws KernelException {
    return hasLayer(layer.diffId()) && store.has(layer.blob());
  }

  Directory openLayer(Digest diffId) throws KernelException {
    return layers.openDirectory(Overlay.bytes(diffId.hex()), Directory.Resolve.BENEATH);
  }

  @Override
  public void close() {
    store.close();
    layers.close();
    work.close();
    locks.close();
  }
}
