package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Unpacks a tar into a directory that is in use, and leads nowhere else: each directory is opened
 * by the kernel beneath that one, then one name in it is made. A file takes the place of what is no
 * directory; a directory is merged with one that is there; neither replaces the other. Device nodes
 * are left out.
 */
final class TreeUnpacker implements TarSink, AutoCloseable {

  /** What of an entry is kept beside its mode and its time. */
  enum Keep {
    /** What is made is this process's. */
    NOTHING,
    /** Owners. */
    OWNERS,
    /** Owners and attributes; and the directory becomes like the tar's own root. */
    ATTRIBUTES
  }

  private static final int NEW_DIRECTORY = 0700;

  /** A directory whose mode and time come last, as what is made in it changes them. */
  private record Made(String path, TarEntry entry) {}

  private final Directory top;
  private final Directory.Resolve resolve;
  private final Keep keep;
  private final List<Made> directories = new ArrayList<>();
  private String parentPath = "";
  private Directory parent;
  private Optional<Fd> file = Optional.empty();
  private TarEntry entry;
  private long bytes;
  private long devices;

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

  /** Device nodes that were left out. */
  long devices() {
    return devices;
  }

  @Override
  public void put(TarEntry next) throws IOException {
    endFile();
    entry = next;
    List<String> names = names(next.name());
    if (names.isEmpty()) {
      if (keep == Keep.ATTRIBUTES) {
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
      Directory next = openOrMake(path);
      parent.close();
      parent = next;
      parentPath = path;
    }
  }

  private Directory openOrMake(String path) throws KernelException {
    Optional<Directory> there = top.findDirectory(Overlay.bytes(path), resolve);
    if (there.isPresent()) {
      return there.get();
    }
    Directory at = top.openDirectory(new byte[0], resolve);
    try {
      int slash = 0;
      while (slash < path.length()) {
        int start = slash == 0 ? 0 : slash + 1;
        slash = path.indexOf('/', start);
        slash = slash < 0 ? path.length() : slash;
        byte[] whole = Overlay.bytes(path.substring(0, slash));
        Optional<Directory> next = top.findDirectory(whole, resolve);
        if (next.isEmpty()) {
          at.mkdir(Overlay.bytes(path.substring(start, slash)), 0755);
          next = Optional.of(top.openDirectory(whole, resolve));
        }
        at.close();
        at = next.get();
      }
      return at;
    } catch (KernelException e) {
      at.close();
      throw e;
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
    boolean device = entry.type() == TarEntry.Type.CHARACTER || entry.type() == TarEntry.Type.BLOCK;
    if (device) {
      devices++;
      return;
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
      default -> {
        parent.mknod(name, Linux.S_IFIFO, 0, 0);
        describe(name);
        parent.chmod(name, entry.mode());
      }
    }
  }

  private void hardlink(byte[] name) throws IOException {
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
    if (keep == Keep.ATTRIBUTES) {
      for (TarEntry.Xattr attribute : of.xattrs()) {
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
