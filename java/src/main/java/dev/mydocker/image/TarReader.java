package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipEncoding;

/** The entries of a tar one after the other, read by Commons Compress behind a {@link TarGuard}. */
final class TarReader {
  /** Names as the bytes they are. The library's own encodings make a decoder for each field. */
  private static final class Bytes implements ZipEncoding {
    @Override
    public boolean canEncode(String name) {
      return true;
    }

    @Override
    public String decode(byte[] data) {
      return new String(data, StandardCharsets.ISO_8859_1);
    }

    @Override
    public ByteBuffer encode(String name) {
      return ByteBuffer.wrap(name.getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  private static final ZipEncoding BYTES = new Bytes();

  private final TarGuard guard;

  /** Closing {@code in} stays the caller's. */
  TarReader(InputStream in, UnpackLimits limits) {
    guard = new TarGuard(in, limits);
  }

  /** The next entry; empty at the end of the archive. */
  Optional<TarEntry> next() throws IOException {
    if (!guard.next()) {
      return Optional.empty();
    }
    TarArchiveEntry e = new TarArchiveEntry(guard.header(), BYTES);
    TarGuard.Extra extra = guard.extra();
    return Optional.of(
        new TarEntry(
            extra.name(),
            type(e),
            extra.link(),
            e.getSize(),
            e.getMode(),
            (int) e.getLongUserId(),
            (int) e.getLongGroupId(),
            e.getLastModifiedTime().toInstant().getEpochSecond(),
            extra.mtimeNsec(),
            e.getDevMajor(),
            e.getDevMinor(),
            extra.pax().xattrs(),
            extra.sparse(),
            extra.offset()));
  }

  private static TarEntry.Type type(TarArchiveEntry e) {
    if (e.isDirectory()) {
      return TarEntry.Type.DIRECTORY;
    }
    if (e.isSymbolicLink()) {
      return TarEntry.Type.SYMLINK;
    }
    if (e.isLink()) {
      return TarEntry.Type.HARD_LINK;
    }
    if (e.isCharacterDevice()) {
      return TarEntry.Type.CHARACTER;
    }
    if (e.isBlockDevice()) {
      return TarEntry.Type.BLOCK;
    }
    return e.isFIFO() ? TarEntry.Type.FIFO : TarEntry.Type.FILE;
  }

  /** Data of the entry that {@link #next} gave last; -1 at its end. */
  int read(byte[] into, int offset, int length) throws IOException {
    return guard.read(into, offset, length);
  }
}
