package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An exclusive lock by name, between threads and processes alike: flock(2) on a file that exists
 * while somebody holds or awaits the lock. The kernel gives it up when its holder dies.
 */
final class StateLock implements AutoCloseable {
  private final Directory directory;
  private final byte[] name;
  private final Fd file;

  private StateLock(Directory directory, byte[] name, Fd file) {
    this.directory = directory;
    this.name = name;
    this.file = file;
  }

  /** Waits for the lock {@code name} in a directory of locks. */
  static StateLock take(Directory directory, String name) throws KernelException {
    byte[] bytes = Overlay.bytes(name);
    while (true) {
      int flags = Linux.O_RDWR | Linux.O_CREAT | Linux.O_NOFOLLOW;
      Fd file = directory.open(bytes, flags, 0600, Directory.Resolve.BENEATH);
      try {
        KernelException.check(Linux.flock(file.number(), Linux.LOCK_EX), "flock", name);
        if (isNamed(directory, bytes, file)) {
          return new StateLock(directory, bytes, file);
        }
        file.close();
      } catch (KernelException e) {
        file.close();
        throw e;
      }
    }
  }

  /** Removes the locks in a directory that nobody holds: their holders died. */
  static void sweep(Directory directory) throws KernelException {
    abandoned(directory, true);
  }

  /** The names of locks that nobody holds. */
  static List<String> abandoned(Directory directory) throws KernelException {
    return abandoned(directory, false);
  }

  private static List<String> abandoned(Directory directory, boolean remove)
      throws KernelException {
    List<String> names = new ArrayList<>();
    for (Directory.Entry entry : directory.list()) {
      int flags = Linux.O_RDWR | Linux.O_NOFOLLOW | Linux.O_NONBLOCK;
      try (Fd file = directory.open(entry.name(), flags, 0, Directory.Resolve.BENEATH)) {
        boolean free = Linux.flock(file.number(), Linux.LOCK_EX | Linux.LOCK_NB) >= 0;
        if (free && isNamed(directory, entry.name(), file)) {
          names.add(Overlay.text(entry.name()));
          if (remove) {
            directory.unlink(entry.name());
          }
        }
      } catch (KernelException e) {
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.EISDIR) {
          throw e;
        }
      }
    }
    return names;
  }

  /** Who held it may have removed the file: then this is a lock that nobody else looks at. */
  private static boolean isNamed(Directory directory, byte[] name, Fd file) throws KernelException {
    Optional<Stat> named = directory.find(name);
    return named.isPresent() && named.get().inode() == Stat.of(file).inode();
  }

  /** Removes the file, then gives the lock up. */
  @Override
  public void close() throws KernelException {
    try {
      directory.unlink(name);
    } finally {
      file.close();
    }
  }
}
