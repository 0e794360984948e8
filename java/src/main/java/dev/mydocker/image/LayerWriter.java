package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a directory as a tar, with owners, modes, times, attributes, hard links and device nodes.
 * The same tree gives the same bytes: a directory's files come in the order of their names' bytes,
 * then its directories. Nothing but the names of one directory, and of files with several names, is
 * held in memory.
 *
 * <p>The tree may change meanwhile: no link is followed, no path is resolved outside of it, and
 * what is gone when its turn comes is left out. What is mounted in the tree is not entered, unless
 * the tree is copied.
 */
public final class LayerWriter {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final int BUFFER = 128 * 1024;

  /**
   * What a tar cannot hold, or what was no longer there.
   *
   * @param sockets sockets that were left out, as they mean nothing without their process
   * @param attributes attributes that were left out, as a PAX header has no way to write their
   *     names
   * @param changed files that were gone, or shorter than before, when they were read
   */
  public record LeftOut(long sockets, long attributes, long changed) {}

  private record Inode(long device, long number) {}

  /** What the tar is for. */
  private enum Use {
    /** A layer of an image. */
    LAYER,
    /** A whole root file system, of one mount. */
    TREE,
    /** Files that are copied, with those that are mounted there. */
    COPY
  }

  /** Bytes of a path that is no layer's: four times what a path of the kernel's has. */
  private static final int LONGEST_PATH = 4 * (UnpackLimits.PATH + 1);

  private final Directory top;
  private final long mount;
  private final Use use;
  private final Set<Long> closed;
  private final Directory.Resolve resolve;
  private final String prefix;
  private final TarSink tar;
  private final Map<Inode, String> written = new HashMap<>();
  private final Deque<String> todo = new ArrayDeque<>();
  private final byte[] buffer = new byte[BUFFER];
  private long sockets;
  private long attributes;
  private long changed;

  /**
   * A writer.
   *
   * @param mount where it begins
   * @param closed mounts that are not entered even if mounts are
   * @param prefix what each name begins with; nothing, or a name and a slash
   */
  private LayerWriter(
      Directory top, long mount, Use use, Set<Long> closed, String prefix, TarSink tar) {
    this.top = top;
    this.mount = mount;
    this.use = use;
    this.closed = closed;
    this.resolve = use == Use.COPY ? Directory.Resolve.MOUNTED_BENEATH : Directory.Resolve.BENEATH;
    this.prefix = prefix;
    this.tar = tar;
  }

  private static LeftOut write(Directory top, Use use, TarSink tar) throws IOException {
    return new LayerWriter(top, top.stat().mountId(), use, Set.of(), "", tar).run();
  }

  private static TarWriter tar(OutputStream out) {
    return new TarWriter(new BufferedOutputStream(out, BUFFER));
  }

  /**
   * Writes an overlay's upper directory as a layer: what hides something of the layers below is
   * written as the OCI image-spec's layer.md has it.
   *
   * @throws ImageException UNSUPPORTED when the tree holds what no layer can say
   */
  public static LeftOut layer(Directory upper, OutputStream out) throws IOException {
    return layer(upper, Optional.empty(), out);
  }

  /** {@link #layer(Directory, OutputStream)} of files that have other owners on this disk. */
  static LeftOut layer(Directory upper, Optional<Owners> owners, OutputStream out)
      throws IOException {
    TarSink tar = tar(out);
    return write(upper, Use.LAYER, owners.isPresent() ? owners.get().asInside(tar) : tar);
  }

  /** Writes a whole root file system; directories on which something is mounted are empty. */
  public static LeftOut tree(CopyPlace place, OutputStream out) throws IOException {
    TarSink tar = tar(out);
    return tree(
        place.root(), place.owners().isPresent() ? place.owners().get().asInside(tar) : tar);
  }

  static LeftOut tree(Directory root, TarSink tar) throws IOException {
    return write(root, Use.TREE, tar);
  }

  /**
   * Copies a directory and what is in it, mounts and all.
   *
   * @param closed mounts whose directories are empty
   * @param as what it is called; nothing for {@code ./}
   */
  static LeftOut copy(Directory top, Set<Long> closed, String as, TarSink tar) throws IOException {
    String prefix = as.isEmpty() ? "" : as + "/";
    return new LayerWriter(top, top.stat().mountId(), Use.COPY, closed, prefix, tar).run();
  }

  /**
   * Copies one entry that is no directory.
   *
   * @param as what it is called
   */
  static LeftOut copy(Directory in, byte[] name, Stat stat, String as, TarSink tar)
      throws IOException {
    LayerWriter writer = new LayerWriter(in, stat.mountId(), Use.COPY, Set.of(), "", tar);
    writer.leaf(in, name, as, stat);
    tar.finish();
    return writer.leftOut();
  }

  private LeftOut run() throws IOException {
    todo.push("");
    while (!todo.isEmpty()) {
      String path = todo.pop();
      Optional<Directory> found = open(path);
      if (found.isEmpty()) {
        changed++;
        continue;
      }
      try (Directory directory = found.get()) {
        visit(path, directory);
      } catch (KernelException e) {
        throw e.of(Overlay.printable(path) + "/" + e.object());
      }
    }
    tar.finish();
    return leftOut();
  }

  private LeftOut leftOut() {
    return new LeftOut(sockets, attributes, changed);
  }

  /** A directory of the tree; empty when it is none any more. */
  private Optional<Directory> open(String path) throws IOException {
    try {
      return Optional.of(top.openDirectory(Overlay.bytes(path), resolve));
    } catch (KernelException e) {
      if (isGone(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Whether a failure means that somebody else removed or replaced what was found before. */
  private static boolean isGone(KernelException e) {
    return switch (e.errno()) {
      case ENOENT, ENOTDIR, ELOOP, EXDEV -> true;
      default -> false;
    };
  }

  private void visit(String path, Directory directory) throws IOException {
    Stat own = directory.stat();
    List<TarEntry.Xattr> xattrs = new ArrayList<>();
    boolean opaque = read(path, directory.listXattrs(), directory::getXattr, xattrs);
    put(TarEntry.Type.DIRECTORY, path, "", own, 0, xattrs);
    if (opaque) {
      tar.put(TarEntry.plain(below(path, OPAQUE), TarEntry.Type.FILE, 0600, 0));
    }
    List<byte[]> names = new ArrayList<>();
    directory.list().forEach(entry -> names.add(entry.name()));
    names.sort(Arrays::compareUnsigned);
    Deque<String> directories = new ArrayDeque<>();
    for (byte[] name : names) {
      Optional<Stat> stat = directory.find(name);
      String full = below(path, Overlay.text(name));
      if (stat.isEmpty()) {
        changed++;
      } else if (stat.get().isDirectory() && isEntered(stat.get())) {
        requireName(full);
        directories.push(full);
      } else {
        leaf(directory, name, full, stat.get());
      }
    }
    directories.forEach(todo::push);
  }

  private boolean isEntered(Stat stat) {
    return stat.mountId() == mount || use == Use.COPY && !closed.contains(stat.mountId());
  }

  private static String below(String path, String name) {
    return path.isEmpty() ? name : path + "/" + name;
  }

  /** What is no directory of this tree. */
  private void leaf(Directory in, byte[] name, String path, Stat stat) throws IOException {
    if (use == Use.LAYER && Overlay.isWhiteout(stat)) {
      String hidden = path.substring(path.lastIndexOf('/') + 1);
      String parent = path.substring(0, path.length() - hidden.length());
      tar.put(TarEntry.plain(parent + WHITEOUT + hidden, TarEntry.Type.FILE, 0600, 0));
      return;
    }
    requireName(path);
    if (stat.type() == Linux.S_IFSOCK) {
      sockets++;
      return;
    }
    if (!isEntered(stat)) {
      mountPoint(path, stat);
      return;
    }
    Inode inode = new Inode(stat.device(), stat.inode());
    if (stat.nlink() > 1 && written.containsKey(inode)) {
      put(TarEntry.Type.HARD_LINK, path, written.get(inode), stat, 0, List.of());
      return;
    }
    boolean there = stat.isRegular() ? file(in, name, path) : node(in, name, path, stat);
    if (!there) {
      changed++;
    } else if (stat.nlink() > 1) {
      written.put(inode, path);
    }
  }

  /** What a mount covers cannot be seen; the mount's own kind tells what it must have been. */
  private void mountPoint(String path, Stat stat) throws IOException {
    if (stat.isDirectory()) {
      put(TarEntry.Type.DIRECTORY, path, "", stat, 0, List.of());
    } else {
      put(TarEntry.Type.FILE, path, "", stat, 0, List.of());
    }
  }

  private boolean file(Directory in, byte[] name, String path) throws IOException {
    try (Fd file = in.openRegular(name, resolve)) {
      Stat stat = Stat.of(file);
      put(TarEntry.Type.FILE, path, "", stat, stat.size(), attributes(in, name, path));
      copy(file.input(), stat.size());
      return true;
    } catch (KernelException e) {
      if (e.call().equals("openat2") && (isGone(e) || e.errno() == Errno.EINVAL)) {
        return false;
      }
      throw e;
    }
  }

  /** As many bytes as the header said: cut when the file grew, zeros when it shrank. */
  private void copy(InputStream in, long size) throws IOException {
    long left = size;
    boolean ended = false;
    while (left > 0) {
      int room = (int) Math.min(left, BUFFER);
      int n = ended ? -1 : in.read(buffer, 0, room);
      if (n < 0) {
        changed += ended ? 0 : 1;
        ended = true;
        Arrays.fill(buffer, (byte) 0);
        n = room;
      }
      tar.write(buffer, 0, n);
      left -= n;
    }
  }

  private boolean node(Directory in, byte[] name, String path, Stat stat) throws IOException {
    List<TarEntry.Xattr> xattrs = attributes(in, name, path);
    switch (stat.type()) {
      case Linux.S_IFLNK -> {
        String target;
        try {
          target = Overlay.text(in.readlink(name));
        } catch (KernelException e) {
          if (isGone(e) || e.errno() == Errno.EINVAL) {
            return false;
          }
          throw e;
        }
        put(TarEntry.Type.SYMLINK, path, target, stat, 0, xattrs);
      }
      case Linux.S_IFCHR -> put(TarEntry.Type.CHARACTER, path, "", stat, 0, xattrs);
      case Linux.S_IFBLK -> put(TarEntry.Type.BLOCK, path, "", stat, 0, xattrs);
      default -> put(TarEntry.Type.FIFO, path, "", stat, 0, xattrs);
    }
    return true;
  }

  private void put(
      TarEntry.Type type,
      String path,
      String link,
      Stat stat,
      long size,
      List<TarEntry.Xattr> xattrs)
      throws IOException {
    boolean directory = type == TarEntry.Type.DIRECTORY;
    String name = prefix + path + (directory && !path.isEmpty() ? "/" : "");
    tar.put(
        new TarEntry(
            name.isEmpty() ? "./" : name,
            type,
            type == TarEntry.Type.HARD_LINK ? prefix + link : link,
            size,
            stat.mode() & 07777,
            stat.uid(),
            stat.gid(),
            stat.mtimeSec(),
            stat.mtimeNsec(),
            stat.rdevMajor(),
            stat.rdevMinor(),
            xattrs,
            Optional.empty(),
            0));
  }

  /** A name that a layer can have, or a copy. */
  private void requireName(String path) throws ImageException {
    int longest = use == Use.LAYER ? UnpackLimits.PATH : LONGEST_PATH;
    if (path.length() > longest) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "a path of more than "
              + longest
              + (use == Use.LAYER ? " bytes fits in no layer: " : " bytes is not copied: ")
              + ImageException.quote(path));
    }
    if (use == Use.LAYER && path.startsWith(WHITEOUT, path.lastIndexOf('/') + 1)) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          ImageException.quote(path)
              + " cannot be kept in a layer, where a name that begins with .wh. removes a file:"
              + " rename it");
    }
  }

  // ---- attributes -------------------------------------------------------------------------------

  /** Gives the value of an attribute. */
  private interface Value {
    Optional<byte[]> of(byte[] attribute) throws KernelException;
  }

  private List<TarEntry.Xattr> attributes(Directory in, byte[] name, String path)
      throws IOException {
    List<TarEntry.Xattr> out = new ArrayList<>();
    try {
      read(path, in.listXattrs(name), attribute -> in.getXattr(name, attribute), out);
    } catch (KernelException e) {
      if (!isGone(e)) {
        throw e;
      }
    }
    return out;
  }

  /** Puts the attributes a layer takes into {@code out}, by name; true for an opaque directory. */
  private boolean read(String path, List<byte[]> names, Value value, List<TarEntry.Xattr> out)
      throws IOException {
    boolean opaque = false;
    List<byte[]> sorted = new ArrayList<>(names);
    sorted.sort(Arrays::compareUnsigned);
    for (byte[] bytes : sorted) {
      String name = Overlay.text(bytes);
      if (use == Use.LAYER && Overlay.isRedirect(name)) {
        throw new ImageException(
            Kind.UNSUPPORTED,
            ImageException.quote(path)
                + " is a directory or file that overlayfs keeps elsewhere ("
                + name
                + "): mount it with redirect_dir=off and metacopy=off");
      }
      Optional<byte[]> content = value.of(bytes);
      if (content.isEmpty()) {
        continue;
      }
      opaque |= use == Use.LAYER && Overlay.isOpaque(name, content.get());
      if (use == Use.COPY ? Overlay.isCopied(name) : Overlay.isLayerAttribute(name)) {
        if (name.indexOf('=') >= 0) {
          attributes++;
        } else {
          out.add(new TarEntry.Xattr(name, content.get()));
        }
      }
    }
    return opaque;
  }
}
