package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The files of a log as one stream of bytes, the oldest first: {@code log.2}, {@code log.1}, {@code
 * log}. A monitor may rotate them meanwhile: what is open stays open, and a file is known by its
 * inode, not its name.
 */
final class LogFiles implements AutoCloseable {
  private static final int BLOCK = 65536;
  private static final long NONE = -1;
  private static final int SEEK_SET = 0;
  private static final int SEEK_END = 2;

  private final Directory directory;
  private final boolean growing;
  private final Deque<Fd> files = new ArrayDeque<>();
  private long left = Long.MAX_VALUE;

  private LogFiles(Directory directory, boolean growing) {
    this.directory = directory;
    this.growing = growing;
  }

  /**
   * Opens what is there.
   *
   * @param growing whether what is written from now on belongs to it
   */
  static LogFiles open(Path path, boolean growing) throws KernelException {
    LogFiles all = new LogFiles(Directory.open(path), growing);
    try {
      all.addNewer();
      if (!growing && !all.files.isEmpty()) {
        all.left = size(all.files.getLast());
      }
      return all;
    } catch (KernelException e) {
      all.close();
      throw e;
    }
  }

  /**
   * Reads on; between two files stands a newline, as one may end without.
   *
   * @return bytes; 0 when there is nothing (yet)
   */
  int read(byte[] buffer, int offset, int length) throws KernelException {
    if (files.isEmpty() && !(growing && addNewer())) {
      return 0;
    }
    int n = readFirst(buffer, offset, length);
    if (n > 0 || files.size() == 1 && !(growing && addNewer())) {
      return n;
    }
    // It has been rotated: what was written before that, after the last look, is there now.
    n = readFirst(buffer, offset, length);
    if (n > 0) {
      return n;
    }
    files.removeFirst().close();
    buffer[offset] = '\n';
    return 1;
  }

  private int readFirst(byte[] buffer, int offset, int length) throws KernelException {
    Fd file = files.getFirst();
    int wanted = files.size() > 1 ? length : (int) Math.min(length, left);
    int n =
        KernelException.check(
            Linux.read(file.number(), buffer, offset, wanted), "read", file.name());
    if (files.size() == 1) {
      left -= growing ? 0 : n;
    }
    return n;
  }

  /**
   * Opens what is newer than the last of the open files; false when there is nothing. When the
   * newest one has become another meanwhile, names have moved under the search: once more.
   */
  private boolean addNewer() throws KernelException {
    long known = files.isEmpty() ? NONE : inode(files.getLast());
    while (true) {
      long newest = inode("log");
      Deque<Fd> newer = newerThan(known);
      if (newest == inode("log")) {
        files.addAll(newer);
        return !newer.isEmpty();
      }
      newer.forEach(Fd::close);
    }
  }

  /** From the newest on; a rotation under way leaves one name free, and one is met twice. */
  private Deque<Fd> newerThan(long known) throws KernelException {
    Deque<Fd> newer = new ArrayDeque<>();
    long last = NONE;
    for (int number = 0, missing = 0; missing < 2; number++) {
      Optional<Fd> file = find(number == 0 ? "log" : "log." + number);
      missing = file.isPresent() ? 0 : missing + 1;
      if (file.isPresent()) {
        long inode = inode(file.get());
        if (inode == known || inode == last) {
          file.get().close();
        } else {
          newer.addFirst(file.get());
        }
        if (inode == known) {
          break;
        }
        last = inode;
      }
    }
    return newer;
  }

  private long inode(String name) throws KernelException {
    return directory.find(name.getBytes(StandardCharsets.US_ASCII)).map(Stat::inode).orElse(NONE);
  }

  private Optional<Fd> find(String name) throws KernelException {
    try {
      byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
      return Optional.of(directory.openRegular(bytes, Directory.Resolve.BENEATH));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static long inode(Fd file) throws KernelException {
    return Stat.of(file).inode();
  }

  private static long size(Fd file) throws KernelException {
    long size = Linux.lseek(file.number(), 0, SEEK_END);
    seek(file, 0);
    return size;
  }

  private static void seek(Fd file, long position) throws KernelException {
    long n = Linux.lseek(file.number(), position, SEEK_SET);
    KernelException.check((int) Math.min(n, 0), "lseek", file.name());
  }

  /** Whether a line that is met on the way back is one too many. */
  @FunctionalInterface
  interface LineLimit {
    boolean isReached(byte[] buffer, int from, int to);
  }

  /** Goes back from the end until the limit is reached; reads on from behind that line. */
  void seekBack(LineLimit limit) throws KernelException {
    Deque<Fd> kept = new ArrayDeque<>();
    boolean reached = false;
    while (!files.isEmpty()) {
      Fd file = files.removeLast();
      if (reached) {
        file.close();
        continue;
      }
      kept.addFirst(file);
      long position = back(file, limit);
      reached = position >= 0;
      seek(file, Math.max(0, position));
      if (kept.size() == 1 && !growing) {
        left -= Math.max(0, position);
      }
    }
    files.addAll(kept);
  }

  /** The end of the line at which the limit is reached; -1 when it is not. */
  private static long back(Fd file, LineLimit limit) throws KernelException {
    byte[] block = new byte[BLOCK];
    long end = size(file);
    while (end > 0) {
      long from = Math.max(0, end - BLOCK);
      seek(file, from);
      int n = Linux.read(file.number(), block, 0, (int) (end - from));
      int stop = KernelException.check(n, "read", file.name());
      for (int i = n - 2; i >= -1; i--) {
        if (i < 0 ? from == 0 : block[i] == '\n') {
          if (limit.isReached(block, i + 1, stop - 1)) {
            return from + stop;
          }
          stop = i + 1;
        }
      }
      // Longer than a block is no line of a log.
      end = stop == n ? from : from + stop;
    }
    return -1;
  }

  @Override
  public void close() {
    files.forEach(Fd::close);
    directory.close();
  }
}
