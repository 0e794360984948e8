package dev.mydocker.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The user namespace this process lives in. In any but the first one its root has power over what
 * belongs to the namespace, and none over the host: no file system of a disk is mounted, no device
 * node made, and no {@code trusted.} attribute set. See user_namespaces(7).
 *
 * @param initial whether it is the host's
 * @param uids which users of the namespace around it its users are
 * @param gids the same of groups
 * @param groups whether a process may change its supplementary groups (setgroups(2))
 */
public record UserNamespace(boolean initial, List<Range> uids, List<Range> gids, boolean groups) {
  /** The kernel's number of the first one, PROC_USER_INIT_INO of its proc_ns.h. */
  private static final String FIRST = "user:[4026531837]";

  /** The only one that this process will ever be in: a JVM has threads, so it cannot change it. */
  private static final class Own {
    private static final UserNamespace VALUE = read();
  }

  /**
   * Ids that follow one another.
   *
   * @param inside the first one of the namespace
   * @param outside what it is around it
   * @param count how many
   */
  public record Range(long inside, long outside, long count) {}

  public UserNamespace {
    uids = List.copyOf(uids);
    gids = List.copyOf(gids);
  }

  /** This process's. */
  public static UserNamespace own() {
    return Own.VALUE;
  }

  private static UserNamespace read() {
    try {
      if (Files.readSymbolicLink(Path.of("/proc/self/ns/user")).toString().equals(FIRST)) {
        return new UserNamespace(true, List.of(), List.of(), true);
      }
      return new UserNamespace(
          false,
          ranges(Path.of("/proc/self/uid_map")),
          ranges(Path.of("/proc/self/gid_map")),
          Files.readString(Path.of("/proc/self/setgroups")).startsWith("allow"));
    } catch (IOException e) {
      throw new UncheckedIOException("this process's user namespace: " + e.getMessage(), e);
    }
  }

  private static List<Range> ranges(Path file) throws IOException {
    List<Range> ranges = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.strip().split(" +");
      ranges.add(
          new Range(Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2])));
    }
    return ranges;
  }

  /** Whether a user of that number exists in it. */
  public boolean hasUid(long uid) {
    return has(uids, uid);
  }

  /** Whether a group of that number exists in it. */
  public boolean hasGid(long gid) {
    return has(gids, gid);
  }

  /** Whether nobody but its root exists in it: the user had no subordinate ids. */
  public boolean single() {
    return !initial && uids.size() == 1 && uids.get(0).count() == 1;
  }

  private boolean has(List<Range> ranges, long id) {
    if (initial) {
      return true;
    }
    for (Range r : ranges) {
      if (id >= r.inside() && id - r.inside() < r.count()) {
        return true;
      }
    }
    return false;
  }
}
