package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Unpacks a tar into a directory that is in use, and leads nowhere else: each directory is opened
 * by the kernel beneath that one, then one name in it is made. A file takes the place of what is no
 * directory; a directory is merged with one that is there; neither replaces the other. A device
 * node that this process may not make is left out.
 */
final class TreeUnpacker implements TarSink, AutoCloseable {

  /** What of an entry is kept beside its mode and its time. */
  enum Keep {
    /** The attributes that are copied; what is made is this process's. */
    NOTHING,
    /** Its owner as well. */
    OWNERS,
    /** Its owner and all that a layer has; and the directory becomes like the tar's own root. */
    EVERYTHING
  }

  private static final int NEW_DIRECTORY = 0700;

  /** A directory whose mode and time come last, as what is made in it changes them. */
  private record Made(String path, TarEntry entry) {}

  private final Directory top;
  private final Directory.Resolve resolve;
  private final Keep keep;
  private final List<Made> directories = new ArrayList<>();
  private final Set<String> left = new HashSet<>();
  private String parentPath = "";
  private Directory parent;
  private Optional<Fd> file = Optional.empty();
  private TarEntry entry;
  private long bytes;

  /**
   * An unpacker.
   *
   * @param top stays the caller's
   * @param resolve how directories below it are found
   * @param keep what of the entries is kept
   */
  TreeUnpacker(Directory top, Directory.Resolve resolve, Keep keep) throws KernelException {
    this.top = top;
    this.resolve = resolve;
    this.keep = keep;
    this.parent = top.openDirectory(new byte[0], resolve);
  }

  /** Bytes of files so far. */
  long bytes() {
    return bytes;
  }

  /** Device nodes that were left out, by each of their names. */
  long left() {
    return left.size();
  }

  @Override
  public void put(TarEntry next) throws IOException {
    endFile();
    entry = next;
    List<String> names = names(next.name());
    if (names.isEmpty()) {
      if (keep == Keep.EVERYTHING) {
        directories.add(new Made("", entry));
      }
      return;
    }
    String name = names.remove(names.size() - 1);
    try {
      enter(String.join("/", names));
      make(Overlay.bytes(name));
    } catch (KernelException e) {
      throw e.of(Overlay.printable(next.name()));
    }
  }

  private List<String> names(String path) throws ImageException {
    List<String> names = new ArrayList<>();
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        throw refused("has \"..\" in its name or link");
      }
      if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return names;
  }

  private void enter(String path) throws KernelException {
    if (!path.equals(parentPath)) {
      Directory next = top.makeDirectories(Overlay.bytes(path), resolve);
      parent.close();
      parent = next;
      parentPath = path;
    }
  }

  private void make(byte[] name) throws IOException {
    Optional<Stat> there = parent.find(name);
    boolean directory = there.isPresent() && there.get().isDirectory();
    if (entry.type() == TarEntry.Type.DIRECTORY) {
      if (there.isPresent() && !directory) {
        throw refused("is a directory, and something else of that name is there");
      }
      if (!directory) {
        parent.mkdir(name, NEW_DIRECTORY);
      }
      directories.add(new Made(entry.name(), entry));
      return;
    }
    if (directory) {
      throw refused("is no directory, and a directory of that name is there");
    }
    if (there.isPresent()) {
      parent.unlink(name);
    }
    switch (entry.type()) {
      case FILE -> file = Optional.of(parent.create(name));
      case HARD_LINK -> hardlink(name);
      case SYMLINK -> {
        parent.symlink(name, Overlay.bytes(entry.link()));
        describe(name);
      }
      case CHARACTER -> node(name, Linux.S_IFCHR);
      case BLOCK -> node(name, Linux.S_IFBLK);
      case FIFO -> node(name, Linux.S_IFIFO);
      case DIRECTORY -> throw new IllegalStateException("a directory is made above");
    }
  }

  private void node(byte[] name, int type) throws KernelException {
    try {
      parent.mknod(name, type, entry.major(), entry.minor());
    } catch (KernelException e) {
      if (e.errno() != Errno.EPERM) {
        throw e;
      }
      left.add(entry.name());
      return;
    }
    describe(name);
    parent.chmod(name, entry.mode());
  }

  private void hardlink(byte[] name) throws IOException {
    if (left.contains(entry.link())) {
      left.add(entry.name());
      return;
    }
    List<String> names = names(entry.link());
    if (names.isEmpty()) {
      throw refused("is a hard link to nothing");
    }
    byte[] existing = Overlay.bytes(names.remove(names.size() - 1));
    try (Directory from = top.openDirectory(Overlay.bytes(String.join("/", names)), resolve)) {
      parent.hardlink(name, from, existing);
    }
  }

  /** The owner and time of what is neither a file nor a directory. */
  private void describe(byte[] name) throws KernelException {
    if (keep != Keep.NOTHING) {
      parent.chown(name, entry.uid(), entry.gid());
    }
    setAttributes(entry, false, x -> parent.setXattr(name, Overlay.bytes(x.name()), x.value()));
    setTimes(parent, name);
  }

  private interface SetAttribute {
    void run(TarEntry.Xattr attribute) throws KernelException;
  }

  private void setAttributes(TarEntry of, boolean ordinary, SetAttribute call)
      throws KernelException {
    for (TarEntry.Xattr attribute : of.xattrs()) {
      if (keep == Keep.EVERYTHING || Overlay.isCopied(attribute.name())) {
        LayerUnpacker.setXattr(attribute, ordinary, () -> call.run(attribute));
      }
    }
  }

  private void setTimes(Directory in, byte[] name) throws KernelException {
    long seconds = entry.mtimeSec();
    in.setTimes(name, seconds, entry.mtimeNsec(), seconds, entry.mtimeNsec());
  }

  @Override
  public void write(byte[] data, int offset, int length) throws IOException {
    bytes += length;
    if (file.isPresent()) {
      file.get().output().write(data, offset, length);
    }
  }

  /** Moves to where the next data of a sparse file belongs, or sets its length. */
  void seek(long offset, boolean end) throws KernelException {
    if (file.isPresent()) {
      int fd = file.get().number();
      long n = end ? Linux.ftruncate(fd, offset) : Linux.lseek(fd, offset, 0);
      KernelException.check(n, end ? "ftruncate" : "lseek", Overlay.printable(entry.name()));
    }
  }

  private void endFile() throws IOException {
    if (file.isEmpty()) {
      return;
    }
    try (Fd written = file.get()) {
      file = Optional.empty();
      int fd = written.number();
      String name = Overlay.printable(entry.name());
      if (keep != Keep.NOTHING) {
        int n = Linux.fchownat(fd, new byte[0], entry.uid(), entry.gid(), Linux.AT_EMPTY_PATH);
        KernelException.check(n, "fchownat", name);
      }
      KernelException.check(Linux.fchmod(fd, entry.mode()), "fchmod", name);
      setAttributes(
          entry,
          true,
          x ->
              KernelException.check(
                  Linux.fsetxattr(fd, Overlay.bytes(x.name()), x.value(), 0), "fsetxattr", name));
      List<String> names = names(entry.name());
      setTimes(parent, Overlay.bytes(names.get(names.size() - 1)));
    }
  }

  @Override
  public void finish() throws IOException {
    endFile();
    for (int i = directories.size() - 1; i >= 0; i--) {
      Made made = directories.get(i);
      try (Directory directory = top.openDirectory(Overlay.bytes(made.path), resolve)) {
        TarEntry e = made.entry;
        if (keep != Keep.NOTHING) {
          directory.chown(e.uid(), e.gid());
        }
        directory.chmod(e.mode());
        setAttributes(e, true, x -> directory.setXattr(Overlay.bytes(x.name()), x.value()));
        directory.setTimes(e.mtimeSec(), e.mtimeNsec(), e.mtimeSec(), e.mtimeNsec());
      } catch (KernelException e) {
        throw e.of(Overlay.printable(made.path));
      }
    }
  }

  private ImageException refused(String why) {
    return new ImageException(
        ImageException.Kind.UNSUPPORTED, ImageException.quote(entry.name()) + " " + why);
  }

  @Override
  public void close() {
    file.ifPresent(Fd::close);
    parent.close();
  }
}
