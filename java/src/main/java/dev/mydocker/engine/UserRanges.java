package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.UserNamespace;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import dev.mydocker.spec.UsernsMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which ids of this host a container's user namespace has. Each one's are written down in its own
 * directory, {@code users}, so they are free again with its last file, and what a kill leaves goes
 * with the directory.
 */
final class UserRanges {
  /** Whose ranges of /etc/subuid and /etc/subgid they are taken from. */
  static final String OWNER = "mydocker";

  /** The setting {@code FIRST:COUNT} that replaces those ranges. */
  static final String SETTING = "MYDOCKER_USERNS_RANGE";

  /**
   * Without both: a quarter of the ids there are, of which no distribution gives any away
   * (systemd's doc/UIDS-GIDS.md).
   */
  static final Range USUAL = new Range(1L << 31, 1L << 30);

  private static final String FILE = "users";

  /** Some ids of the host that follow one another. */
  record Range(long first, long count) {
    long end() {
      return first + count;
    }
  }

  /**
   * What ids containers may have.
   *
   * @param uids in the order in which they are taken
   * @param gids likewise
   */
  record Pool(List<Range> uids, List<Range> gids) {
    /** What the setting says, else the two files, else {@link #USUAL}. */
    static Pool of(Map<String, String> environment, Path etc) throws IOException, OptionException {
      String setting = environment.getOrDefault(SETTING, "");
      if (!setting.isEmpty()) {
        List<Range> range = parse(OWNER + ":" + setting, OWNER);
        if (range.isEmpty()) {
          throw new OptionException(SETTING + " is not FIRST:COUNT: " + setting);
        }
        return new Pool(range, range);
      }
      return new Pool(file(etc.resolve("subuid")), file(etc.resolve("subgid")));
    }

    private static List<Range> file(Path path) throws IOException {
      try {
        List<Range> own = parse(Files.readString(path, StandardCharsets.ISO_8859_1), OWNER);
        return own.isEmpty() ? List.of(USUAL) : own;
      } catch (NoSuchFileException e) {
        return List.of(USUAL);
      }
    }

    /** The ranges of one user, subuid(5); lines that are none are passed over. */
    static List<Range> parse(String text, String user) {
      List<Range> ranges = new ArrayList<>();
      for (String line : text.split("\n")) {
        String[] parts = line.strip().split(":", -1);
        if (parts.length == 3
            && parts[0].equals(user)
            && parts[1].matches("[0-9]{1,10}")
            && parts[2].matches("[0-9]{1,10}")) {
          Range range = new Range(Long.parseLong(parts[1]), Long.parseLong(parts[2]));
          if (range.first() > 0 && range.count() > 0 && range.end() <= UsernsMode.LIMIT) {
            ranges.add(range);
          }
        }
      }
      return ranges;
    }
  }

  private final ContainerStore store;
  private final Pool pool;

  UserRanges(ContainerStore store, Pool pool) {
    this.store = store;
    this.pool = pool;
  }

  /** The ids for a container, written down; not for the host's. */
  UserMaps claim(String id, UsernsMode mode) throws IOException, OptionException {
    store.make(id);
    try (Directory all = Directory.open(store.all());
        Fd guard = all.lock()) {
      UserMaps maps = choose(mode);
      StateFile.write(store.directory(id).resolve(FILE), text(maps), true);
      return maps;
    }
  }

  /** What a container has been given; empty for the host's, or those of the engine's namespace. */
  static Optional<UserMaps> of(ContainerStore store, String id) throws IOException {
    Optional<byte[]> text = store.read(id, FILE);
    return text.isPresent()
        ? Optional.of(parse(new String(text.get(), StandardCharsets.US_ASCII)))
        : Optional.empty();
  }

  /** What {@link #claim} would give now. */
  UserMaps preview(UsernsMode mode) throws IOException, OptionException {
    return choose(mode);
  }

  private UserMaps choose(UsernsMode mode) throws IOException, OptionException {
    if (mode instanceof UsernsMode.Given given) {
      return new UserMaps(given.mappings(), given.mappings());
    }
    if (mode instanceof UsernsMode.KeepId keep) {
      UserNamespace own = UserNamespace.own();
      if (own.initial()) {
        throw new OptionException(
            "--userns=" + mode.text() + " is only supported for ordinary users: as root use auto");
      }
      return keep.maps(HostProbe.ids(own));
    }
    if (mode instanceof UsernsMode.OfContainer other) {
      Spec.Linux linux = StoredSpec.read(store, store.resolve(other.container())).spec().linux();
      if (linux.uidMappings().isEmpty()) {
        throw new OptionException(
            "--userns=" + mode.text() + ": that container lives in the host's user namespace");
      }
      return new UserMaps(linux.uidMappings(), linux.gidMappings());
    }
    UsernsMode.Auto auto = (UsernsMode.Auto) mode;
    List<UserMaps> taken = taken();
    List<Range> uids = new ArrayList<>();
    List<Range> gids = new ArrayList<>();
    for (UserMaps maps : taken) {
      hosts(maps.uids(), uids);
      hosts(maps.gids(), gids);
    }
    return new UserMaps(
        fill(auto.size(), auto.uids(), pool.uids(), uids, "subuid"),
        fill(auto.size(), auto.gids(), pool.gids(), gids, "subgid"));
  }

  private static void hosts(List<Spec.IdMapping> mappings, List<Range> into) {
    for (Spec.IdMapping m : mappings) {
      into.add(new Range(m.hostId(), m.size()));
    }
  }

  /** What every container has, those that are being made or removed included. */
  private List<UserMaps> taken() throws IOException {
    List<UserMaps> taken = new ArrayList<>();
    for (String id : store.ids()) {
      of(store, id).ifPresent(taken::add);
    }
    return taken;
  }

  /**
   * Ranges for the ids 0 to size: those that are given, and for the others the first free one that
   * is large enough for all of them.
   */
  static List<Spec.IdMapping> fill(
      long size, List<Spec.IdMapping> given, List<Range> pool, List<Range> taken, String file)
      throws OptionException {
    List<Range> gaps = gaps(size, given);
    long count = 0;
    for (Range gap : gaps) {
      count += gap.count();
    }
    List<Spec.IdMapping> all = new ArrayList<>(given);
    List<Range> used = new ArrayList<>(taken);
    hosts(given, used);
    long host = count == 0 ? 0 : free(count, pool, used, file);
    for (Range gap : gaps) {
      all.add(new Spec.IdMapping(gap.first(), host, gap.count()));
      host += gap.count();
    }
    all.sort(Comparator.comparingLong(Spec.IdMapping::containerId));
    return all;
  }

  /** The ids from 0 to size that are not given. */
  private static List<Range> gaps(long size, List<Spec.IdMapping> given) {
    List<Spec.IdMapping> sorted = new ArrayList<>(given);
    sorted.sort(Comparator.comparingLong(Spec.IdMapping::containerId));
    List<Range> gaps = new ArrayList<>();
    long at = 0;
    for (Spec.IdMapping m : sorted) {
      if (m.containerId() > at && at < size) {
        gaps.add(new Range(at, Math.min(size, m.containerId()) - at));
      }
      at = Math.max(at, m.containerId() + m.size());
    }
    if (at < size) {
      gaps.add(new Range(at, size - at));
    }
    return gaps;
  }

  private static long free(long count, List<Range> pool, List<Range> taken, String file)
      throws OptionException {
    List<Range> sorted = new ArrayList<>(taken);
    sorted.sort(Comparator.comparingLong(Range::first));
    for (Range range : pool) {
      long at = range.first();
      for (Range other : sorted) {
        if (other.first() >= at + count) {
          break;
        }
        at = Math.max(at, other.end());
      }
      if (at + count <= range.end()) {
        return at;
      }
    }
    throw new OptionException(
        "--userns=auto: no "
            + count
            + " ids in a row are free: remove containers, ask for fewer with auto:size=N, or give "
            + OWNER
            + " more in /etc/"
            + file
            + " (or "
            + SETTING
            + ")");
  }

  private static String text(UserMaps maps) {
    StringBuilder out = new StringBuilder();
    lines('u', maps.uids(), out);
    lines('g', maps.gids(), out);
    return out.toString();
  }

  private static void lines(char kind, List<Spec.IdMapping> mappings, StringBuilder out) {
    for (Spec.IdMapping m : mappings) {
      out.append(kind).append(' ').append(m.containerId()).append(' ');
      out.append(m.hostId()).append(' ').append(m.size()).append('\n');
    }
  }

  private static UserMaps parse(String text) throws IOException {
    List<Spec.IdMapping> uids = new ArrayList<>();
    List<Spec.IdMapping> gids = new ArrayList<>();
    try {
      for (String line : text.split("\n")) {
        String[] parts = line.split(" ");
        (parts[0].equals("u") ? uids : gids)
            .add(
                new Spec.IdMapping(
                    Long.parseLong(parts[1]), Long.parseLong(parts[2]), Long.parseLong(parts[3])));
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IOException("the list of a container's ids is damaged: " + text, e);
    }
    return new UserMaps(uids, gids);
  }
}
