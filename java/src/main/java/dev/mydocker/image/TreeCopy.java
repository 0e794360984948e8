package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Copies files between trees, or between a tree and a tar, with the rules of {@code docker cp}: a
 * path that ends in a slash is a directory, one that ends in {@code /.} what is in it; what is
 * copied into a directory that is there keeps its name, else it gets that of the target.
 */
public final class TreeCopy {
  private static final int BUFFER = 128 * 1024;

  /**
   * What was copied.
   *
   * @param bytes of files
   * @param left entries that were left out: sockets, device nodes that this process may not make,
   *     and what went meanwhile
   */
  public record Copied(long bytes, long left) {}

  /** What is copied. */
  private interface Source {
    /** Writes it as {@code name}; what is in a directory when that is empty. */
    LayerWriter.LeftOut write(String name, TarSink sink) throws IOException;
  }

  private TreeCopy() {}

  /**
   * Copies from one tree into another.
   *
   * @param follow whether a link at the end of {@code source} is followed
   * @param owners whether the owners are kept, else what is made is this process's
   * @throws IOException a sentence for the user
   */
  public static Copied copy(
      CopyPlace from, String source, CopyPlace to, String target, boolean follow, boolean owners)
      throws IOException {
    CopyPlace.Path path = path(source);
    try (CopyPlace.Found found = look(from, path, follow, source)) {
      requireThere(found, path, source);
      return into(to, target, path, found.isDirectory(), owners, content(from, found));
    }
  }

  /**
   * Copies what is in a directory into an empty one, and makes that one like it: with owners,
   * modes, times and attributes. Sockets are left out.
   */
  public static void like(Directory from, Directory to) throws IOException {
    try (TreeUnpacker unpacker =
        new TreeUnpacker(to, Directory.Resolve.BENEATH, TreeUnpacker.Keep.EVERYTHING)) {
      LayerWriter.tree(from, unpacker);
    }
  }

  /** Writes a tar of a path. */
  public static Copied toTar(CopyPlace from, String source, boolean follow, OutputStream out)
      throws IOException {
    CopyPlace.Path path = path(source);
    try (CopyPlace.Found found = look(from, path, follow, source)) {
      requireThere(found, path, source);
      TarWriter tar = new TarWriter(new BufferedOutputStream(out, BUFFER));
      LayerWriter.LeftOut left =
          content(from, found).write(path.contents() ? "" : path.name(), tar);
      return new Copied(0, left.sockets() + left.changed());
    }
  }

  /**
   * Unpacks a tar, which may be compressed, into a directory; owners are kept.
   *
   * @throws IOException also when the tar is none
   */
  public static Copied fromTar(InputStream in, CopyPlace to, String target) throws IOException {
    CopyPlace.Path path = path(target);
    try (CopyPlace.Found found = look(to, path, true, target)) {
      if (found.stat().isEmpty()) {
        throw refused(target, "there is no such directory");
      }
      if (!found.isDirectory()) {
        throw refused(target, "it is no directory, and a tar can only be unpacked into one");
      }
      try (Directory top = to.open(found)) {
        InputStream plain = Compression.detect(new BufferedInputStream(in, BUFFER));
        if (to.owners().isPresent()) {
          try (Owners.Root root = to.owners().get().root()) {
            return unpack(plain, top, to.owners().get()::asOnHost);
          }
        }
        return unpack(plain, top, sink -> sink);
      }
    }
  }

  private static Copied unpack(InputStream plain, Directory top, UnaryOperator<TarSink> as)
      throws IOException {
    try (TreeUnpacker unpacker =
        new TreeUnpacker(top, CopyPlace.RESOLVE, TreeUnpacker.Keep.OWNERS)) {
      unpack(plain, unpacker, as.apply(unpacker));
      return new Copied(unpacker.bytes(), unpacker.left());
    }
  }

  /**
   * The same.
   *
   * @param sink the unpacker, or what passes entries on to it
   */
  private static void unpack(InputStream plain, TreeUnpacker unpacker, TarSink sink)
      throws IOException {
    TarReader tar = new TarReader(plain, UnpackLimits.DEFAULT);
    byte[] buffer = new byte[BUFFER];
    for (Optional<TarEntry> e = tar.next(); e.isPresent(); e = tar.next()) {
      sink.put(e.get());
      Optional<SparseMap> sparse = e.get().sparse();
      if (sparse.isEmpty()) {
        copy(tar, e.get().size(), buffer, unpacker);
        continue;
      }
      for (SparseMap.Part part : sparse.get().parts()) {
        unpacker.seek(part.offset(), false);
        copy(tar, part.length(), buffer, unpacker);
      }
      unpacker.seek(sparse.get().size(), true);
    }
    sink.finish();
  }

  private static void copy(TarReader tar, long length, byte[] buffer, TreeUnpacker unpacker)
      throws IOException {
    long left = length;
    while (left > 0) {
      int n = tar.read(buffer, 0, (int) Math.min(left, buffer.length));
      if (n < 0) {
        throw new ImageException(
            ImageException.Kind.TRUNCATED, "the tar ends in the middle of an entry");
      }
      unpacker.write(buffer, 0, n);
      left -= n;
    }
  }

  // ---- the source -------------------------------------------------------------------------------

  private static CopyPlace.Path path(String text) {
    return CopyPlace.Path.parse(Overlay.text(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static CopyPlace.Found look(
      CopyPlace place, CopyPlace.Path path, boolean follow, String text) throws IOException {
    try {
      return place.find(path, follow);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
        throw refused(text, "the directory that it is in is not there");
      }
      throw refused(text, e.getMessage());
    }
  }

  private static void requireThere(CopyPlace.Found found, CopyPlace.Path path, String text)
      throws IOException {
    if (found.stat().isEmpty()) {
      throw refused(text, "there is no such file or directory");
    }
    if (path.directory() && !found.isDirectory()) {
      throw refused(text, "it is no directory");
    }
  }

  private static Source content(CopyPlace from, CopyPlace.Found found) {
    if (found.isDirectory()) {
      return (name, sink) -> {
        try (Directory directory = from.open(found)) {
          return LayerWriter.copy(directory, from.closed(), name, as(from, sink));
        }
      };
    }
    return (name, sink) ->
        LayerWriter.copy(
            found.in(),
            Overlay.bytes(found.name()),
            found.stat().orElseThrow(),
            name,
            as(from, sink));
  }

  private static TarSink as(CopyPlace from, TarSink sink) {
    return from.owners().isPresent() ? from.owners().get().asInside(sink) : sink;
  }

  // ---- the target -------------------------------------------------------------------------------

  private static Copied into(
      CopyPlace to,
      String target,
      CopyPlace.Path source,
      boolean directory,
      boolean owners,
      Source content)
      throws IOException {
    CopyPlace.Path path = path(target);
    try (CopyPlace.Found found = look(to, path, true, target)) {
      if (found.isDirectory()) {
        boolean contents = directory && source.contents();
        try (Directory top = to.open(found)) {
          return unpack(to, top, contents ? "" : source.name(), owners, content);
        }
      }
      if (found.stat().isPresent() && directory) {
        throw refused(target, "it is a file, and a directory cannot be copied onto one");
      }
      if (path.directory() && found.stat().isPresent()) {
        throw refused(target, "it is no directory");
      }
      if (path.directory() && !directory) {
        throw refused(target, "there is no such directory");
      }
      return unpack(to, found.in(), found.name(), owners, content);
    }
  }

  private static Copied unpack(
      CopyPlace to, Directory top, String name, boolean owners, Source content) throws IOException {
    if (to.owners().isPresent()) {
      try (Owners.Root root = to.owners().get().root()) {
        return unpack(top, name, owners, to.owners().get()::asOnHost, content);
      }
    }
    return unpack(top, name, owners, sink -> sink, content);
  }

  private static Copied unpack(
      Directory top, String name, boolean owners, UnaryOperator<TarSink> as, Source content)
      throws IOException {
    TreeUnpacker.Keep keep = owners ? TreeUnpacker.Keep.OWNERS : TreeUnpacker.Keep.NOTHING;
    try (TreeUnpacker unpacker = new TreeUnpacker(top, CopyPlace.RESOLVE, keep)) {
      LayerWriter.LeftOut left = content.write(name, owners ? as.apply(unpacker) : unpacker);
      return new Copied(unpacker.bytes(), left.sockets() + left.changed() + unpacker.left());
    }
  }

  private static IOException refused(String path, String why) {
    return new IOException(
        KernelException.printable(path.getBytes(StandardCharsets.UTF_8)) + ": " + why);
  }
}
