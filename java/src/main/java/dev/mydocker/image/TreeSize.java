package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** Adds up the bytes of the regular files of trees, a file of several names once. */
public final class TreeSize {
  private final Set<Long> seen = new HashSet<>();

  private TreeSize() {}

  /**
   * The bytes below a directory. What vanishes meanwhile does not count, nor what is mounted there,
   * or lies deeper than a path can name.
   */
  public static long of(Directory directory) throws KernelException {
    TreeSize size = new TreeSize();
    Deque<String> todo = new ArrayDeque<>();
    todo.push("");
    long bytes = 0;
    while (!todo.isEmpty()) {
      bytes += size.in(directory, todo.pop(), todo);
    }
    return bytes;
  }

  /** {@link #of} the directory of that name; 0 when there is none. */
  public static long at(Path path) throws KernelException {
    try (Directory directory = Directory.open(path)) {
      return of(directory);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return 0;
      }
      throw e;
    }
  }

  /** The files of one directory; its directories go to {@code todo}. */
  private long in(Directory root, String path, Deque<String> todo) throws KernelException {
    long bytes = 0;
    try (Directory directory = root.openDirectory(Overlay.bytes(path), Directory.Resolve.BENEATH)) {
      for (Directory.Entry entry : directory.list()) {
        Stat stat = directory.find(entry.name()).orElse(null);
        if (stat == null) {
          continue;
        }
        if (stat.isDirectory()) {
          String name = Overlay.text(entry.name());
          todo.push(path.isEmpty() ? name : path + "/" + name);
        } else if (stat.isRegular() && (stat.nlink() == 1 || seen.add(stat.inode()))) {
          bytes += stat.size();
        }
      }
    } catch (KernelException e) {
      switch (e.errno()) {
        case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG -> {
          // It is not there any more, or not here.
        }
        default -> throw e;
      }
    }
    return bytes;
  }
}
