package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A directory for what one fetch has not finished, on the file system of the store, so that a
 * rename finishes it. It is locked while the fetch lives; what dead ones left is removed by the
 * next.
 */
final class Workplace implements AutoCloseable {
  private final Directory parent;
  private final byte[] name;
  private final Fd life;
  private final Directory directory;

  private Workplace(Directory parent, byte[] name, Fd life, Directory directory) {
    this.parent = parent;
    this.name = name;
    this.life = life;
    this.directory = directory;
  }

  /**
   * A new workplace in {@code parent}.
   *
   * @param parent stays the caller's, and stays open as long as this
   */
  static Workplace open(Directory parent) throws KernelException {
    List<Dead> dead = new ArrayList<>();
    try (Fd maker = parent.lock()) {
      // Nobody else makes or takes one now: a directory without a lock has lost its owner.
      for (Directory.Entry entry : parent.list()) {
        parent.tryLock(entry.name()).ifPresent(lock -> dead.add(new Dead(entry.name(), lock)));
      }
      byte[] name = Overlay.bytes(UUID.randomUUID().toString());
      parent.mkdir(name, 0700);
      Fd life = parent.tryLock(name).orElseThrow();
      Directory directory = parent.openDirectory(name, Directory.Resolve.BENEATH);
      return new Workplace(parent, name, life, directory);
    } finally {
      for (Dead d : dead) {
        try (Fd lock = d.lock) {
          parent.removeTree(d.name);
        }
      }
    }
  }

  private record Dead(byte[] name, Fd lock) {}

  Directory directory() {
    return directory;
  }

  /** Makes a directory in it. */
  Directory make(String child) throws KernelException {
    byte[] bytes = Overlay.bytes(child);
    directory.mkdir(bytes, 0700);
    return directory.openDirectory(bytes, Directory.Resolve.BENEATH);
  }

  @Override
  public void close() throws KernelException {
    directory.close();
    try {
      parent.removeTree(name);
    } finally {
      life.close();
    }
  }
}
