package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/** The entries of a tar one after the other, read by Commons Compress behind a {@link TarGuard}. */
final class TarReader {
  private static final ZipEncoding BYTES = ZipEncodingHelper.getZipEncoding("ISO-8859-1");

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
