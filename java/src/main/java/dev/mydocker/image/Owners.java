package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Whose the files of a tree are, which a user namespace shows with other ids than this host does.
 * Its owners are written down as that namespace knows them.
 *
 * @param users which ids there are which here
 * @param groups likewise
 */
public record Owners(List<Range> users, List<Range> groups) {
  /** What the kernel shows in place of an id that a namespace does not know. */
  private static final int NOBODY = 65_534;

  /**
   * Ids that follow one another.
   *
   * @param inside the first one in the namespace
   * @param host the first one of this host
   * @param count how many
   */
  public record Range(long inside, long host, long count) {}

  public Owners {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
  }

  /** What names the directory of layers that belong to these: both maps, in digits. */
  String directoryName() {
    return "u" + digits(users) + ".g" + digits(groups);
  }

  private static String digits(List<Range> ranges) {
    List<String> texts = new ArrayList<>();
    for (Range r : ranges) {
      texts.add(r.inside() + "-" + r.host() + "-" + r.count());
    }
    return String.join("_", texts);
  }

  /** Whether {@link #directoryName} gives such names. */
  static boolean isDirectoryName(String name) {
    return name.matches("u[0-9_-]+\\.g[0-9_-]+");
  }

  /** An entry with this host's ids. */
  TarEntry onHost(TarEntry e) throws ImageException {
    return e.ownedBy(host(users, e.uid(), e), host(groups, e.gid(), e));
  }

  /** Gives a directory to the namespace's root. */
  void giveToRoot(Directory directory) throws KernelException {
    directory.chown((int) host(users, 0), (int) host(groups, 0));
  }

  /** Gives what is in a directory to the namespace's root. */
  void giveToRoot(Directory in, byte[] name) throws KernelException {
    in.chown(name, (int) host(users, 0), (int) host(groups, 0));
  }

  /** Passes entries on with the namespace's ids. */
  TarSink asInside(TarSink sink) {
    return new Translated(sink) {
      @Override
      TarEntry translated(TarEntry e) {
        return with(e, inside(users, e.uid()), inside(groups, e.gid()));
      }
    };
  }

  /** Passes entries on with this host's ids. */
  TarSink asOnHost(TarSink sink) {
    return new Translated(sink) {
      @Override
      TarEntry translated(TarEntry e) throws ImageException {
        return onHost(e);
      }
    };
  }

  /**
   * What this thread makes is root's of the namespace, until it is closed: no other id is known to
   * a file system that is shown by its ids.
   */
  Root root() throws KernelException {
    return new Root((int) host(users, 0), (int) host(groups, 0));
  }

  /** See {@link #root}. */
  static final class Root implements AutoCloseable {
    private Root(int uid, int gid) throws KernelException {
      KernelException.check(Linux.setFileSystemIds(uid, gid), "setfsuid", "root of the container");
    }

    @Override
    public void close() throws KernelException {
      KernelException.check(Linux.setFileSystemIds(0, 0), "setfsuid", "root");
    }
  }

  private static int inside(List<Range> ranges, int id) {
    long host = Integer.toUnsignedLong(id);
    for (Range r : ranges) {
      if (host >= r.host() && host - r.host() < r.count()) {
        return (int) (r.inside() + host - r.host());
      }
    }
    return NOBODY;
  }

  private static long host(List<Range> ranges, long id) {
    for (Range r : ranges) {
      if (id >= r.inside() && id - r.inside() < r.count()) {
        return r.host() + id - r.inside();
      }
    }
    return -1;
  }

  private static int host(List<Range> ranges, int id, TarEntry entry) throws ImageException {
    long host = host(ranges, Integer.toUnsignedLong(id));
    if (host < 0) {
      throw new ImageException(
          ImageException.Kind.UNSUPPORTED,
          Overlay.printable(entry.name())
              + ": the container's user namespace has no id "
              + Integer.toUnsignedString(id));
    }
    return (int) host;
  }

  private static TarEntry with(TarEntry e, int uid, int gid) {
    return e.ownedBy(uid, gid);
  }

  /** Passes everything on, entries with other owners. */
  private abstract static class Translated implements TarSink {
    private final TarSink sink;

    Translated(TarSink sink) {
      this.sink = sink;
    }

    abstract TarEntry translated(TarEntry entry) throws ImageException;

    @Override
    public void put(TarEntry entry) throws IOException {
      sink.put(translated(entry));
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      sink.write(data, offset, length);
    }

    @Override
    public void finish() throws IOException {
      sink.finish();
    }
  }
}
