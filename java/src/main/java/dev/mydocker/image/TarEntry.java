package dev.mydocker.image;

import java.util.List;
import java.util.Optional;

/**
 * One entry of a tar, its numbers in range and its names as bytes (one char per byte, which is
 * ISO-8859-1 whatever the bytes mean).
 *
 * @param name as it is in the archive
 * @param type what it is
 * @param link the target of a symbolic or hard link, else empty
 * @param size bytes of data that the archive holds
 * @param mode permission bits, at most 07777
 * @param mtimeSec seconds since the epoch, within what any file system takes
 * @param mtimeNsec its nanoseconds
 * @param xattrs extended attributes
 * @param sparse when the data is that of a sparse file
 * @param offset where in the archive the data begins
 */
record TarEntry(
    String name,
    Type type,
    String link,
    long size,
    int mode,
    int uid,
    int gid,
    long mtimeSec,
    long mtimeNsec,
    int major,
    int minor,
    List<Xattr> xattrs,
    Optional<SparseMap> sparse,
    long offset) {

  /** What an entry is. */
  enum Type {
    FILE,
    HARD_LINK,
    SYMLINK,
    CHARACTER,
    BLOCK,
    DIRECTORY,
    FIFO
  }

  /** An extended attribute; its name is one char per byte. */
  record Xattr(String name, byte[] value) {}

  /** The same, somebody else's. */
  TarEntry ownedBy(int user, int group) {
    return new TarEntry(
        name, type, link, size, mode, user, group, mtimeSec, mtimeNsec, major, minor, xattrs,
        sparse, offset);
  }

  /** Root's file or directory of the time 0, without anything that says where it was made. */
  static TarEntry plain(String name, Type type, int mode, long size) {
    return new TarEntry(
        name, type, "", size, mode, 0, 0, 0, 0, 0, 0, List.of(), Optional.empty(), 0);
  }
}
