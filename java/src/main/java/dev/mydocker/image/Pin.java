package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A note in a workplace of what its owner needs from the store: an image that is being fetched, or
 * that a container is being made from. What is pinned is not collected, whether it has a name or
 * not. The pin goes with the workplace, so it dies with its owner.
 *
 * <p>Whoever needs something pins it first and looks then whether it is here. The collector holds
 * the lock under which pins are written; so each either sees the other's doing or comes first.
 */
final class Pin {
  private static final byte[] NAME = Overlay.bytes("pin");
  private static final String BLOB = "blob ";
  private static final String LAYER = "layer ";
  private static final int LIMIT = 1 << 20;

  private Pin() {}

  /** Pins an image, whether it is here yet or not. */
  static void write(Store store, Workplace work, Contents contents) throws IOException {
    write(store, work, contents, List.of());
  }

  /**
   * Pins an image and others of its index.
   *
   * @throws ImageException TOO_LARGE when they name more than a pin can
   */
  static void write(Store store, Workplace work, Contents contents, List<Carried> others)
      throws IOException {
    Reach needed = new Reach();
    needed.add(contents);
    others.forEach(needed::add);
    StringBuilder text = new StringBuilder();
    needed.blobs().forEach(d -> text.append(BLOB).append(d).append('\n'));
    needed.layers().forEach(d -> text.append(LAYER).append(d).append('\n'));
    if (text.length() > LIMIT) {
      throw new ImageException(Kind.TOO_LARGE, "its platforms together have too many layers");
    }
    try (Fd lock = store.lock();
        Fd file = work.directory().create(NAME)) {
      file.output().write(text.toString().getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Adds what is pinned in any workplace. */
  static void addAll(Directory workplaces, Reach into) throws IOException {
    for (Directory.Entry entry : workplaces.list()) {
      byte[] path = Overlay.bytes(Overlay.text(entry.name()) + "/" + Overlay.text(NAME));
      try {
        byte[] text = workplaces.read(path, Directory.Resolve.BENEATH, LIMIT);
        for (String line : Overlay.text(text).split("\n")) {
          add(line, into);
        }
      } catch (KernelException e) {
        // No pin, or its owner is done: what it has made has a name or a container by now.
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
          throw e;
        }
      }
    }
  }

  private static void add(String line, Reach into) throws ImageException {
    if (line.startsWith(BLOB)) {
      into.blobs().add(Digest.parse(line.substring(BLOB.length())));
    } else if (line.startsWith(LAYER)) {
      into.layers().add(Digest.parse(line.substring(LAYER.length())));
    }
  }
}
