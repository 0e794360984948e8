package dev.mydocker.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What archives said that have not changed since: a process that starts one container after the
 * other from an archive reads through it once. Safe for several threads.
 */
final class KnownArchives {
  private static final int LIMIT = 16;

  /** How long after a change the clock of a file system may still show the same time. */
  private static final long SETTLED_MILLISECONDS = 1000;

  /** A state of a file, told apart from any other one by {@code ctime}, which nobody can set. */
  record Stamp(Object inode, Object device, Object size, FileTime mtime, FileTime ctime) {
    private List<Object> values() {
      return List.of(inode, device, size, mtime, ctime);
    }
  }

  // By lists: the code that compares records is made at run time, which costs a program that starts
  // one container more than reading the archive does.
  private final Map<List<Object>, Contents> known =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, Contents> eldest) {
          return size() > LIMIT;
        }
      };

  /** The file behind a reference as it is now; empty when there is none, or it has just changed. */
  static Optional<Stamp> stamp(ImageRef reference) {
    return stamp(reference, System.currentTimeMillis());
  }

  /** {@link #stamp} at a time in milliseconds since the epoch. */
  static Optional<Stamp> stamp(ImageRef reference, long now) {
    Path file;
    if (reference instanceof ImageRef.OciArchive r) {
      file = r.file();
    } else if (reference instanceof ImageRef.DockerArchive r) {
      file = r.file();
    } else {
      return Optional.empty();
    }
    try {
      Map<String, Object> a =
          Files.readAttributes(file, "unix:ino,dev,size,lastModifiedTime,ctime");
      FileTime ctime = (FileTime) a.get("ctime");
      if (now - ctime.toMillis() < SETTLED_MILLISECONDS) {
        return Optional.empty();
      }
      FileTime mtime = (FileTime) a.get("lastModifiedTime");
      return Optional.of(new Stamp(a.get("ino"), a.get("dev"), a.get("size"), mtime, ctime));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What that file said, when it was read in that state. */
  synchronized Optional<Contents> find(ImageRef reference, Platform platform, Stamp stamp) {
    return Optional.ofNullable(known.get(key(reference, platform, stamp)));
  }

  private static List<Object> key(ImageRef reference, Platform platform, Stamp stamp) {
    return List.of(reference.name(), platform.toString(), stamp.values());
  }

  /** Keeps what was read, if the file is now as it was before. */
  void keep(ImageRef reference, Platform platform, Stamp before, Contents contents) {
    keep(reference, platform, before, contents, System.currentTimeMillis());
  }

  /** {@link #keep} at a time in milliseconds since the epoch. */
  synchronized void keep(
      ImageRef reference, Platform platform, Stamp before, Contents contents, long now) {
    Optional<Stamp> after = stamp(reference, now);
    if (after.isPresent() && after.get().values().equals(before.values())) {
      known.put(key(reference, platform, before), contents);
    }
  }
}
