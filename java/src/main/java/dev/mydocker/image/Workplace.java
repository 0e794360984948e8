package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.RandomName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
      dead.addAll(dead(parent));
      byte[] name = Overlay.bytes(RandomName.hex(32));
      parent.mkdir(name, 0700);
      Fd life = parent.tryLock(name).orElseThrow();
      Directory directory = parent.openDirectory(name, Directory.Resolve.BENEATH);
      return new Workplace(parent, name, life, directory);
    } finally {
      for (Dead d : dead) {
        try (d) {
          parent.removeTree(d.name);
        }
      }
    }
  }

  /** The names of workplaces whose owners are gone, and of what is none at all. */
  static List<String> abandoned(Directory parent) throws KernelException {
    List<String> names = new ArrayList<>();
    try (Fd maker = parent.lock()) {
      for (Dead dead : dead(parent)) {
        names.add(Overlay.text(dead.name));
        dead.close();
      }
    }
    return names;
  }

  /** The caller has the parent's lock: nobody makes or takes one now. */
  private static List<Dead> dead(Directory parent) throws KernelException {
    List<Dead> dead = new ArrayList<>();
    for (Directory.Entry entry : parent.list()) {
      try {
        Optional<Fd> lock = parent.tryLock(entry.name());
        if (lock.isPresent()) {
          dead.add(new Dead(entry.name(), lock));
        }
      } catch (KernelException e) {
        if (e.errno() == Errno.ENOTDIR) {
          dead.add(new Dead(entry.name(), Optional.empty()));
        } else if (e.errno() != Errno.ENOENT) {
          throw e;
        }
      }
    }
    return dead;
  }

  private record Dead(byte[] name, Optional<Fd> lock) implements AutoCloseable {
    @Override
    public void close() {
      lock.ifPresent(Fd::close);
    }
  }

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
