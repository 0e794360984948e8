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

  /** Opens them, and makes what is missing. */
  static ImageState create(Path root) throws IOException {
    Files.createDirectories(root);
    try (Directory top = Directory.open(root)) {
      for (String name : new String[] {"images", "layers", "work", "locks"}) {
        try {
          top.mkdir(Overlay.bytes(name), 0700);
        } catch (KernelException e) {
          if (e.errno() != Errno.EEXIST) {
            throw e;
          }
        }
      }
    }
    return open(root);
  }

  /** Opens them; empty when there never was an image. */
  static Optional<ImageState> find(Path root) throws IOException {
    return Files.exists(root.resolve("locks")) ? Optional.of(open(root)) : Optional.empty();
  }

  private static ImageState open(Path root) throws IOException {
    return new ImageState(
        root,
        Store.open(Directory.open(root.resolve("images"))),
        Directory.open(root.resolve("layers")),
        Directory.open(root.resolve("work")),
        Directory.open(root.resolve("locks")));
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
