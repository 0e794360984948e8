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
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The directories of a state root that hold images, open: {@code images} the store, {@code layers}
 * the unpacked layers, {@code work} what fetches have not finished, {@code locks} who makes which
 * layer now. Only their owner may enter them: layers hold set-user-id programs.
 *
 * @param owners in {@code mapped}, whose directories have the layers once more: whose their files
 *     are; the rest is that of the state it was made from, which stays open
 */
record ImageState(
    Path root,
    Store store,
    Directory layers,
    Directory work,
    Directory locks,
    Optional<Owners> owners)
    implements AutoCloseable {
  /** Has a directory for each choice of owners. */
  static final String MAPPED = "mapped";

  private static final List<String> NAMES = List.of("images", "layers", "work", "locks");

  /** Opens them, and makes what is missing. */
  static ImageState create(Path root) throws IOException {
    Files.createDirectories(root);
    try (Directory top = Directory.open(root)) {
      for (String name : NAMES) {
        make(top, name);
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
      ImageState state =
          new ImageState(root, Store.open(open.get(0)), layers, work, locks, Optional.empty());
      state.unsynced().attend();
      return state;
    } catch (IOException e) {
      open.forEach(Directory::close);
      throw e;
    }
  }

  /** Which layers may not be on the disk yet. */
  UnsyncedLayers unsynced() {
    return unsynced(owners.map(Owners::directoryName), layers);
  }

  private UnsyncedLayers unsynced(Optional<String> mapped, Directory layers) {
    Path place = root.resolve(mapped.map(name -> "unsynced-" + name).orElse("unsynced"));
    return new UnsyncedLayers(place, layers, work, locks);
  }

  /** Comes back when every layer that has its name is on the disk. */
  void flush() throws IOException {
    unsynced().flush();
    forMapped(UnsyncedLayers::flush);
  }

  /**
   * Removes the layers with other owners that a machine that stopped has not written, of all of
   * them, as opening does with the others.
   */
  void attendMapped() throws IOException {
    forMapped(UnsyncedLayers::attend);
  }

  @FunctionalInterface
  private interface Action {
    void on(UnsyncedLayers layers) throws IOException;
  }

  private void forMapped(Action action) throws IOException {
    Map<String, Directory> mapped = allMapped();
    try {
      for (Map.Entry<String, Directory> each : mapped.entrySet()) {
        action.on(unsynced(Optional.of(each.getKey()), each.getValue()));
      }
    } finally {
      mapped.values().forEach(Directory::close);
    }
  }

  /** The same with layers whose files belong to others; their directory is made. */
  ImageState mapped(Owners owners) throws IOException {
    try (Directory top = Directory.open(root)) {
      make(top, MAPPED);
      try (Directory all = top.openDirectory(Overlay.bytes(MAPPED), Directory.Resolve.BENEATH)) {
        make(all, owners.directoryName());
        byte[] name = Overlay.bytes(owners.directoryName());
        Directory own = all.openDirectory(name, Directory.Resolve.BENEATH);
        ImageState mapped = new ImageState(root, store, own, work, locks, Optional.of(owners));
        mapped.unsynced().attend();
        return mapped;
      }
    }
  }

  /** Makes a directory for this user alone, unless it is there. */
  static void make(Directory in, String name) throws KernelException {
    try {
      in.mkdir(Overlay.bytes(name), 0700);
    } catch (KernelException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
  }

  /** The directories below {@link #MAPPED}, open, by their names; the caller closes them. */
  Map<String, Directory> allMapped() throws KernelException {
    Map<String, Directory> found = new TreeMap<>();
    try (Directory top = Directory.open(root)) {
      Optional<Directory> all = top.findDirectory(Overlay.bytes(MAPPED), Directory.Resolve.BENEATH);
      if (all.isEmpty()) {
        return found;
      }
      try (Directory mapped = all.get()) {
        for (Directory.Entry entry : mapped.list()) {
          String name = Overlay.text(entry.name());
          if (Owners.isDirectoryName(name) && mapped.stat(entry.name()).isDirectory()) {
            found.put(name, mapped.openDirectory(entry.name(), Directory.Resolve.BENEATH));
          }
        }
      }
    }
    return found;
  }

  boolean hasLayer(Digest diffId) throws KernelException {
    return layers.find(Overlay.bytes(diffId.hex())).filter(Stat::isDirectory).isPresent();
  }

  /** The diffIDs of the layers that are unpacked. */
  List<Digest> layerIds() throws KernelException {
    return layerIds(layers);
  }

  /** The same of another directory. */
  static List<Digest> layerIds(Directory layers) throws KernelException {
    List<Digest> out = new ArrayList<>();
    for (Directory.Entry entry : layers.list()) {
      Digest.find("sha256", Overlay.text(entry.name())).ifPresent(out::add);
    }
    return out;
  }

  /** The bytes of an unpacked layer's files; 0 when it is gone. */
  static long layerSize(Directory layers, Digest diffId) throws KernelException {
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
    layers.close();
    if (owners.isPresent()) {
      return;
    }
    store.close();
    work.close();
    locks.close();
  }
}
