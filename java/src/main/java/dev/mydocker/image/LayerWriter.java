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

/**
 * Writes a directory as a tar, with owners, modes, times, attributes, hard links and device nodes.
 * The same tree gives the same bytes: a directory's files come in the order of their names' bytes,
 * then its directories. Nothing but the names of one directory, and of files with several names, is
 * held in memory.
 *
 * <p>The tree may change meanwhile: no link is followed, no path is resolved outside of it, and
 * what is gone when its turn comes is left out. What is mounted in the tree is not entered.
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

  private final Directory top;
  private final long mount;
  private final Directory.Resolve files;
  private final boolean layer;
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
   * @param mount the mount that is not left
   * @param files how a regular file is opened, which may be a mount point where that allows it
   * @param prefix what each name begins with; nothing, or a name and a slash
   */
  private LayerWriter(
      Directory top,
      long mount,
      Directory.Resolve files,
      boolean layer,
      String prefix,
      TarSink tar) {
    this.top = top;
    this.mount = mount;
    this.files = files;
    this.layer = layer;
    this.prefix = prefix;
    this.tar = tar;
  }

  private static LeftOut write(Directory top, OutputStream out, boolean layer) throws IOException {
    TarWriter tar = new TarWriter(new BufferedOutputStream(out, BUFFER));
    long mount = top.stat().mountId();
    return new LayerWriter(top, mount, Directory.Resolve.BENEATH, layer, "", tar).run();
  }

  /**
   * Writes an overlay's upper directory as a layer: what hides something of the layers below is
   * written as the OCI image-spec's layer.md has it.
   *
   * @throws ImageException UNSUPPORTED when the tree holds what no layer can say
   */
  public static LeftOut layer(Directory upper, OutputStream out) throws IOException {
    return write(upper, out, true);
  }

  /** Writes a whole root file system; directories on which something is mounted are empty. */
  public static LeftOut tree(Directory root, OutputStream out) throws IOException {
    return write(root, out, false);
  }

  /**
   * Writes a directory and what is in it; directories on which something is mounted are empty.
   *
   * @param files how a regular file is opened, which may be a mount point where that allows it
   * @param as what it is called; nothing for {@code ./}
   */
  static LeftOut directory(Directory top, Directory.Resolve files, String as, TarSink tar)
      throws IOException {
    String prefix = as.isEmpty() ? "" : as + "/";
    return new LayerWriter(top, top.stat().mountId(), files, false, prefix, tar).run();
  }

  /**
   * Writes one entry that is no directory.
   *
   * @param files as for {@link #directory}
   * @param as what it is called
   */
  static LeftOut single(
      Directory in, byte[] name, Stat stat, Directory.Resolve files, String as, TarSink tar)
      throws IOException {
    LayerWriter writer = new LayerWriter(in, stat.mountId(), files, false, "", tar);
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
      return Optional.of(top.openDirectory(Overlay.bytes(path), Directory.Resolve.BENEATH));
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
      } else if (stat.get().isDirectory() && stat.get().mountId() == mount) {
        requireName(full);
        directories.push(full);
      } else {
        leaf(directory, name, full, stat.get());
      }
    }
    directories.forEach(todo::push);
  }

  private static String below(String path, String name) {
    return path.isEmpty() ? name : path + "/" + name;
  }

  /** What is no directory of this tree. */
  private void leaf(Directory in, byte[] name, String path, Stat stat) throws IOException {
    if (layer && Overlay.isWhiteout(stat)) {
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
    boolean mounted = stat.mountId() != mount;
    if (mounted && !(stat.isRegular() && files == Directory.Resolve.IN_MOUNTED_ROOT)) {
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
    try (Fd file = in.openRegular(name, files)) {
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

  /** A name that a layer, or a path of the kernel's, can have. */
  private void requireName(String path) throws ImageException {
    if (path.length() > UnpackLimits.PATH) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "a path of more than "
              + UnpackLimits.PATH
              + " bytes fits in no tar: "
              + ImageException.quote(path));
    }
    if (layer && path.startsWith(WHITEOUT, path.lastIndexOf('/') + 1)) {
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
      if (layer && Overlay.isRedirect(name)) {
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
      opaque |= layer && Overlay.isOpaque(name, content.get());
      if (Overlay.isLayerAttribute(name)) {
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
