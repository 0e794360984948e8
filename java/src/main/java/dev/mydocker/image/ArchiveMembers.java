package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a tar that lies on a disk or in memory, by name. Its headers are read once; nothing
 * is unpacked. Links are followed within the archive, as docker save once wrote them. A name that
 * stands for two files is refused, as readers differ in which one they take.
 */
final class ArchiveMembers implements Members {
  private static final UnpackLimits LIMITS = new UnpackLimits(1L << 40, 1, 200_000);
  private static final int MAX_LINKS = 8;

  /** Bytes at an offset. */
  private interface Content {
    int read(long at, byte[] into, int offset, int length) throws IOException;

    void close() throws IOException;
  }

  private final Content content;
  private final String name;
  private final Map<String, TarEntry> files = new HashMap<>();

  private ArchiveMembers(Content content, String name) {
    this.content = content;
    this.name = name;
  }

  /** The archive in a file. */
  static ArchiveMembers open(Path file) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new ImageException(
          Kind.NOT_FOUND, "cannot open the image archive " + file + ": no such file", e);
    } catch (IOException e) {
      throw new ImageException(
          Kind.NOT_FOUND, "cannot open the image archive " + file + ": " + e.getMessage(), e);
    }
    return of(channel, file.toString());
  }

  /** The archive in an open file, which it owns from now on. */
  static ArchiveMembers of(FileChannel channel, String name) throws IOException {
    return index(
        new Content() {
          @Override
          public int read(long at, byte[] into, int offset, int length) throws IOException {
            return channel.read(ByteBuffer.wrap(into, offset, length), at);
          }

          @Override
          public void close() throws IOException {
            channel.close();
          }
        },
        name);
  }

  /** The archive in memory. */
  static ArchiveMembers of(byte[] archive, String name) throws IOException {
    return index(
        new Content() {
          @Override
          public int read(long at, byte[] into, int offset, int length) {
            int from = (int) Math.min(at, archive.length);
            int n = Math.min(length, archive.length - from);
            System.arraycopy(archive, from, into, offset, n);
            return n == 0 ? -1 : n;
          }

          @Override
          public void close() {}
        },
        name);
  }

  private static ArchiveMembers index(Content content, String name) throws IOException {
    ArchiveMembers members = new ArchiveMembers(content, name);
    try {
      members.readHeaders();
      return members;
    } catch (IOException e) {
      content.close();
      throw e instanceof ImageException i
          ? new ImageException(i.kind(), "bad image archive " + name + ": " + i.getMessage(), i)
          : e;
    }
  }

  private void readHeaders() throws IOException {
    InputStream in = new BufferedInputStream(new Range(0, Long.MAX_VALUE), 64 * 1024);
    byte[] start = new byte[8 * 1024];
    int magic = new Range(0, Compression.MAGIC).readNBytes(start, 0, Compression.MAGIC);
    if (Compression.of(start, magic) != Compression.NONE) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          "it is compressed as a whole: uncompress it first, with gunzip for example");
    }
    TarReader tar = new TarReader(in, LIMITS);
    for (Optional<TarEntry> e = tar.next(); e.isPresent(); e = tar.next()) {
      TarEntry entry = e.get();
      if (entry.type() == TarEntry.Type.DIRECTORY) {
        continue;
      }
      Optional<String> path = normal("", entry.name());
      if (path.isPresent() && files.put(path.get(), entry) != null) {
        throw new ImageException(
            Kind.NOT_AN_IMAGE, "it has " + ImageException.quote(path.get()) + " twice");
      }
    }
    for (int n = in.read(start); n >= 0; n = in.read(start)) {
      for (int i = 0; i < n; i++) {
        if (start[i] != 0) {
          throw new ImageException(
              Kind.NOT_AN_IMAGE,
              "something follows its end: archives cannot be joined one after the other");
        }
      }
    }
  }

  /** A path without dots, relative to {@code base}; empty when it leaves the archive. */
  private static Optional<String> normal(String base, String path) {
    List<String> out = new ArrayList<>();
    for (String part : (base + "/" + path).split("/")) {
      if (part.equals("..")) {
        if (out.isEmpty()) {
          return Optional.empty();
        }
        out.remove(out.size() - 1);
      } else if (!part.isEmpty() && !part.equals(".")) {
        out.add(part);
      }
    }
    return Optional.of(String.join("/", out));
  }

  /** The regular file at a path, through links. */
  private Optional<TarEntry> find(String path) {
    Optional<String> at = Optional.of(path);
    for (int i = 0; i < MAX_LINKS && at.isPresent(); i++) {
      TarEntry entry = files.get(at.get());
      if (entry == null) {
        return Optional.empty();
      }
      if (entry.type() == TarEntry.Type.FILE && entry.sparse().isEmpty()) {
        return Optional.of(entry);
      }
      int slash = at.get().lastIndexOf('/');
      String parent = slash < 0 ? "" : at.get().substring(0, slash);
      at =
          switch (entry.type()) {
            case SYMLINK -> normal(parent, entry.link());
            case HARD_LINK -> normal("", entry.link());
            default -> Optional.empty();
          };
    }
    return Optional.empty();
  }

  private TarEntry require(String path) throws ImageException {
    return find(path)
        .orElseThrow(
            () ->
                new ImageException(
                    Kind.NOT_FOUND,
                    "image archive " + name + " has no " + ImageException.quote(path)));
  }

  @Override
  public boolean has(String path) {
    return find(path).isPresent();
  }

  @Override
  public long size(String path) throws ImageException {
    return require(path).size();
  }

  @Override
  public InputStream open(String path) throws ImageException {
    TarEntry entry = require(path);
    return new Range(entry.offset(), entry.size());
  }

  @Override
  public void close() throws IOException {
    content.close();
  }

  /** A part of the archive. */
  private final class Range extends InputStream {
    private long at;
    private long left;

    private Range(long at, long length) {
      this.at = at;
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int n = content.read(at, into, offset, (int) Math.min(length, left));
      if (n > 0) {
        at += n;
        left -= n;
      }
      return n;
    }
  }
}
