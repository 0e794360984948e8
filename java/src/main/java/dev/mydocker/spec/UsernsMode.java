package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Whose user namespace a container lives in, or which ids of the host one of its own has. */
public sealed interface UsernsMode {
  /** The host's; nothing else was said. */
  UsernsMode HOST = new Host("");

  /** How many ids a container has when nothing else is said: all that 16 bits name. */
  long USUAL_SIZE = 65_536;

  /** The ids that the kernel knows, (uid_t) -1 excluded. */
  long LIMIT = 0xffff_ffffL;

  /** The kernel takes as many lines, user_namespaces(7). */
  int MOST_RANGES = 340;

  /** As it was given; empty when nothing was. */
  String text();

  /** The host's. */
  record Host(String text) implements UsernsMode {}

  /**
   * A range that no other container has.
   *
   * @param size how many ids, from 0 on
   * @param uids users that are certain ones of the host
   * @param gids groups that are certain ones of the host
   */
  record Auto(String text, long size, List<Spec.IdMapping> uids, List<Spec.IdMapping> gids)
      implements UsernsMode {
    public Auto {
      uids = List.copyOf(uids);
      gids = List.copyOf(gids);
    }
  }

  /**
   * The ids of another container.
   *
   * @param container its name or id
   */
  record OfContainer(String text, String container) implements UsernsMode {}

  /**
   * The user who runs the engine is the same user in there, and not root; the subordinate ids are
   * the others. Of an ordinary user only.
   *
   * @param uid who the user is in there; empty: the same as outside
   * @param gid likewise the user's group
   */
  record KeepId(String text, OptionalLong uid, OptionalLong gid) implements UsernsMode {

    /**
     * The ids of such a container.
     *
     * @param engine those of the user's namespace, in which 0 is the user
     * @throws OptionException when there is nobody else who could be root
     */
    public UserMaps maps(UserMaps engine) throws OptionException {
      return new UserMaps(maps(engine.uids(), user(engine)), maps(engine.gids(), group(engine)));
    }

    /** Whom its command runs as, unless somebody says another. */
    UserSpec account(UserMaps engine) throws OptionException {
      return UserSpec.parse(user(engine) + ":" + group(engine));
    }

    private long user(UserMaps engine) {
      return uid.orElseGet(() -> UserMaps.host(engine.uids(), 0).orElse(0));
    }

    private long group(UserMaps engine) {
      return gid.orElseGet(() -> UserMaps.host(engine.gids(), 0).orElse(0));
    }

    /** The kept id is 0 of the namespace around; those below it move up by one, others stay. */
    private List<Spec.IdMapping> maps(List<Spec.IdMapping> engine, long kept)
        throws OptionException {
      long others = -1;
      for (Spec.IdMapping range : engine) {
        others += range.size();
      }
      if (others < 1) {
        throw new OptionException(
            "--userns="
                + text
                + " needs subordinate ids, of which one is root in there: give the"
                + " user some in /etc/subuid and /etc/subgid");
      }
      List<Spec.IdMapping> maps = new ArrayList<>();
      if (kept > 0) {
        maps.add(new Spec.IdMapping(0, 1, Math.min(kept, others)));
      }
      maps.add(new Spec.IdMapping(kept, 0, 1));
      if (others > kept) {
        maps.add(new Spec.IdMapping(kept + 1, kept + 1, others - kept));
      }
      return maps;
    }
  }

  /** The ids that the user says, for users and groups alike. */
  record Given(String text, List<Spec.IdMapping> mappings) implements UsernsMode {
    public Given {
      mappings = List.copyOf(mappings);
    }
  }

  /**
   * Reads the value of {@code --userns}: host, {@code auto[:size=N,uidmapping=C:H:N,...]}, {@code
   * keep-id[:uid=N,gid=N]}, {@code container:ID}, or ranges {@code C:H:N,...} (first id inside,
   * first id of the host, how many).
   *
   * @throws OptionException when it is none of these
   */
  static UsernsMode parse(String text) throws OptionException {
    if (text.isEmpty() || text.equals("host")) {
      return new Host(text);
    }
    if (text.equals("auto") || text.startsWith("auto:")) {
      return auto(text);
    }
    if (text.startsWith("container:") && text.length() > "container:".length()) {
      return new OfContainer(text, text.substring("container:".length()));
    }
    if (text.equals("keep-id") || text.startsWith("keep-id:")) {
      return keepId(text);
    }
    if (text.charAt(0) < '0' || text.charAt(0) > '9') {
      throw invalid(
          text, "use host, auto[:OPTIONS], keep-id, container:NAME or INSIDE:HOST:SIZE,...");
    }
    List<Spec.IdMapping> mappings = new ArrayList<>();
    for (String range : text.split(",", -1)) {
      add(text, range, mappings);
    }
    return new Given(text, mappings);
  }

  private static KeepId keepId(String text) throws OptionException {
    OptionalLong uid = OptionalLong.empty();
    OptionalLong gid = OptionalLong.empty();
    String options = text.equals("keep-id") ? "" : text.substring("keep-id:".length());
    for (String option : text.equals("keep-id") ? new String[0] : options.split(",", -1)) {
      long id = Digits.parse(option.substring(option.indexOf('=') + 1), UserSpec.MAX_ID);
      if (id >= 0 && option.startsWith("uid=")) {
        uid = OptionalLong.of(id);
      } else if (id >= 0 && option.startsWith("gid=")) {
        gid = OptionalLong.of(id);
      } else {
        throw invalid(text, "its options are uid=N and gid=N");
      }
    }
    return new KeepId(text, uid, gid);
  }

  private static UsernsMode auto(String text) throws OptionException {
    long size = USUAL_SIZE;
    List<Spec.IdMapping> uids = new ArrayList<>();
    List<Spec.IdMapping> gids = new ArrayList<>();
    String options = text.equals("auto") ? "" : text.substring("auto:".length());
    for (String option : options.isEmpty() ? new String[0] : options.split(",", -1)) {
      int equals = option.indexOf('=');
      String value = option.substring(equals + 1);
      switch (equals < 0 ? "" : option.substring(0, equals)) {
        case "size" -> {
          size = Digits.parse(value, LIMIT);
          if (size < 1) {
            throw invalid(text, "size is a number of ids, such as 65536");
          }
        }
        case "uidmapping" -> add(text, value, uids);
        case "gidmapping" -> add(text, value, gids);
        default -> throw invalid(text, "its options are size=N, uidmapping= and gidmapping=C:H:N");
      }
    }
    return new Auto(text, size, uids, gids);
  }

  private static void add(String text, String range, List<Spec.IdMapping> mappings)
      throws OptionException {
    String[] parts = range.split(":", -1);
    long inside = parts.length == 3 ? Digits.parse(parts[0], LIMIT - 1) : -1;
    long host = parts.length == 3 ? Digits.parse(parts[1], LIMIT - 1) : -1;
    long size = parts.length == 3 ? Digits.parse(parts[2], LIMIT) : -1;
    if (inside < 0 || host < 0 || size < 1 || inside + size > LIMIT || host + size > LIMIT) {
      throw invalid(
          text, OptionException.quote(range) + " is not INSIDE:HOST:SIZE, such as 0:100000:65536");
    }
    for (Spec.IdMapping other : mappings) {
      if (overlap(inside, other.containerId(), size, other.size())
          || overlap(host, other.hostId(), size, other.size())) {
        throw invalid(text, OptionException.quote(range) + " overlaps another range");
      }
    }
    mappings.add(new Spec.IdMapping(inside, host, size));
    if (mappings.size() > MOST_RANGES) {
      throw invalid(text, "the kernel takes no more than " + MOST_RANGES + " ranges");
    }
  }

  private static boolean overlap(long a, long b, long sizeOfA, long sizeOfB) {
    return a < b + sizeOfB && b < a + sizeOfA;
  }

  private static OptionException invalid(String text, String why) {
    return new OptionException(
        "--userns: invalid mode " + OptionException.quote(text) + ": " + why);
  }
}
