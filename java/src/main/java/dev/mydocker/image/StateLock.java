package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
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
        // Who held it may have removed the file: then this is a lock that nobody else looks at.
        Optional<Stat> named = directory.find(bytes);
        if (named.isPresent() && named.get().inode() == Stat.of(file).inode()) {
          return new StateLock(directory, bytes, file);
        }
        file.close();
      } catch (KernelException e) {
        file.close();
        throw e;
      }
    }
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
