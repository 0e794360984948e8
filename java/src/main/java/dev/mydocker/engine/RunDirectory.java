package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A container's directory below {@code RUN/containers}: while it exists, something of that
 * container may be on this host. It is made before anything else is, and removed after everything
 * else.
 *
 * <p>Its owners hold flock(2) on it through one open file: the process that makes the container,
 * for as long as it is attached, and the monitor. Whoever gets that lock knows that both are gone
 * and cleans up; an attached process cleans up under its own share.
 */
final class RunDirectory implements AutoCloseable {
  private final Path path;
  private final Fd life;

  private RunDirectory(Path path, Fd life) {
    this.path = path;
    this.life = life;
  }

  /** Makes and locks a container's directory; empty when it has one already. */
  static Optional<RunDirectory> claim(Roots roots, String id) throws IOException {
    byte[] name = id.getBytes(StandardCharsets.US_ASCII);
    // The lock on the parent: nobody may look at the directory before it is locked itself.
    try (Directory all = Directory.open(roots.running());
        Fd guard = all.lock()) {
      if (all.find(name).isPresent()) {
        return Optional.empty();
      }
      try {
        all.mkdir(name, 0700);
      } catch (KernelException e) {
        throw e.of(roots.running().resolve(id).toString());
      }
      Optional<Fd> life = all.tryLock(name);
      return Optional.of(
          new RunDirectory(
              roots.running().resolve(id),
              life.orElseThrow(
                  () ->
                      new IOException(
                          "somebody else has locked " + all + "/" + id + ", made now"))));
    }
  }

  /**
   * A container's directory with a lock that this process was given.
   *
   * @param life the open descriptor that holds it
   */
  static RunDirectory adopt(Roots roots, String id, Fd life) {
    return new RunDirectory(roots.running().resolve(id), life);
  }

  /** A container's directory, locked, when its owners are gone. */
  static Optional<RunDirectory> abandoned(Roots roots, String id) throws IOException {
    try (Directory all = Directory.open(roots.running());
        Fd guard = all.lock()) {
      return lock(all, id.getBytes(StandardCharsets.US_ASCII))
          .map(life -> new RunDirectory(roots.running().resolve(id), life));
    }
  }

  /** Tells a container's runs apart; empty when nothing of it is on this host. */
  static Optional<Object> identity(Roots roots, String id) throws IOException {
    try {
      Path run = roots.running().resolve(id);
      return Optional.of(Files.readAttributes(run, BasicFileAttributes.class).fileKey());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Whether somebody owns a container's directory. */
  static boolean isHeld(Roots roots, String id) throws IOException {
    if (!Files.exists(roots.running().resolve(id))) {
      return false;
    }
    Optional<RunDirectory> abandoned = abandoned(roots, id);
    abandoned.ifPresent(RunDirectory::close);
    return abandoned.isEmpty();
  }

  /** The directories whose owners are gone, locked. */
  static List<RunDirectory> abandoned(Roots roots) throws IOException {
    List<RunDirectory> found = new ArrayList<>();
    try (Directory all = Directory.open(roots.running());
        Fd guard = all.lock()) {
      for (Directory.Entry entry : all.list()) {
        String id = new String(entry.name(), StandardCharsets.US_ASCII);
        if (ContainerId.is(id)) {
          lock(all, entry.name())
              .ifPresent(l -> found.add(new RunDirectory(roots.running().resolve(id), l)));
        }
      }
    }
    return found;
  }

  private static Optional<Fd> lock(Directory all, byte[] name) throws KernelException {
    try {
      return all.tryLock(name);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The container's id. */
  String id() {
    return path.getFileName().toString();
  }

  Path path() {
    return path;
  }

  /** The locked descriptor, open for reading. */
  Fd life() {
    return life;
  }

  /**
   * Says that nothing runs under this claim: whoever finds it abandoned only removes it, and not a
   * container with {@code --rm}.
   */
  void hold() throws IOException {
    Files.writeString(path.resolve(RunFiles.HELD), "");
  }

  /** Removes it and gives the lock up; one of that name that somebody has made since stays. */
  void remove() throws IOException {
    byte[] name = id().getBytes(StandardCharsets.US_ASCII);
    try (Directory all = Directory.open(path.getParent())) {
      long own = Stat.of(life).inode();
      if (all.find(name).map(Stat::inode).filter(inode -> inode == own).isPresent()) {
        all.removeTree(name);
      }
    }
    close();
  }

  /** Gives this process's share of the lock up. */
  @Override
  public void close() {
    life.close();
  }
}
