package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A tree that files are copied out of or into, a container's or this host's, with what is mounted
 * there. The kernel walks a path in it, and never leaves the root.
 *
 * @param root its root, which stays the caller's
 * @param closed mounts that are not among the files of a directory that is copied
 * @param covered absolute paths, of one char per byte, on which something will be mounted that is
 *     not now: what is there now is not what is meant
 * @param owners of the files, when a user namespace shows them
 */
public record CopyPlace(
    Directory root, Set<Long> closed, List<String> covered, Optional<Owners> owners) {
  /** How a path in it is walked. */
  static final Directory.Resolve RESOLVE = Directory.Resolve.IN_MOUNTED_ROOT;

  public CopyPlace {
    closed = Set.copyOf(closed);
    covered = List.copyOf(covered);
  }

  /** A tree all of which is there. */
  public static CopyPlace whole(Directory root) {
    return whole(root, Optional.empty());
  }

  /** The same, whose files are others'. */
  public static CopyPlace whole(Directory root, Optional<Owners> owners) {
    return new CopyPlace(root, Set.of(), List.of(), owners);
  }

  /**
   * A path as a user has written it.
   *
   * @param parent where its last name is, without dots
   * @param name its last name; empty for the root
   * @param directory whether it says that it means a directory, by a slash or a dot at its end
   * @param contents whether it means what is in that directory, by a dot at its end
   */
  record Path(String parent, String name, boolean directory, boolean contents) {

    /** Parses a path, of one char per byte, as seen from the root. */
    static Path parse(String text) {
      List<String> names = new ArrayList<>();
      for (String part : text.split("/")) {
        if (part.equals("..")) {
          if (!names.isEmpty()) {
            names.remove(names.size() - 1);
          }
        } else if (!part.isEmpty() && !part.equals(".")) {
          names.add(part);
        }
      }
      String name = names.isEmpty() ? "" : names.remove(names.size() - 1);
      boolean contents = name.isEmpty() || text.endsWith("/.");
      boolean directory = contents || text.endsWith("/") || text.endsWith("/..");
      return new Path(String.join("/", names), name, directory, contents);
    }

    String text() {
      return parent.isEmpty() ? name : parent + "/" + name;
    }
  }

  /**
   * An entry of a directory, or what is not there yet.
   *
   * @param in the directory that it is in; to be closed
   * @param name in that directory; empty for the root, which is {@code in} itself
   * @param stat of the entry; empty when there is none
   */
  record Found(Directory in, String name, Optional<Stat> stat) implements AutoCloseable {
    boolean isDirectory() {
      return stat.isPresent() && stat.get().isDirectory();
    }

    @Override
    public void close() {
      in.close();
    }
  }

  /**
   * Looks at a path.
   *
   * @param follow whether a link at its end is followed
   * @throws KernelException when the directory that it is in is not there
   */
  Found find(Path path, boolean follow) throws IOException {
    Path at = path;
    for (int links = 0; links <= UnpackLimits.LINKS; links++) {
      Directory in = root.openDirectory(Overlay.bytes(at.parent()), RESOLVE);
      try {
        if (at.name().isEmpty()) {
          return new Found(in, "", Optional.of(in.stat()));
        }
        requireUncovered(in, at.name());
        byte[] name = Overlay.bytes(at.name());
        Optional<Stat> stat = in.find(name);
        boolean link = stat.isPresent() && stat.get().isSymlink();
        if (!link || !(follow || at.directory())) {
          return new Found(in, at.name(), stat);
        }
        String target = Overlay.text(in.readlink(name));
        boolean absolute = target.startsWith("/");
        at = Path.parse(absolute ? target : at.parent() + "/" + target);
      } catch (IOException e) {
        in.close();
        throw e;
      }
      in.close();
    }
    throw new KernelException(
        "openat2", Overlay.printable("/" + path.text()), Errno.ELOOP.number());
  }

  private void requireUncovered(Directory in, String name) throws IOException {
    if (covered.isEmpty()) {
      return;
    }
    String path = Overlay.text(in.path()) + "/" + name + "/";
    for (String mount : covered) {
      if (path.replace("//", "/").startsWith(mount + "/")) {
        throw new IOException(
            Overlay.printable(mount)
                + " of the container is mounted while it runs only: start it first");
      }
    }
  }

  /** The directory that was found. */
  Directory open(Found found) throws KernelException {
    return found.in().openDirectory(Overlay.bytes(found.name()), RESOLVE);
  }
}
