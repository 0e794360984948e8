package dev.mydocker.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The options of an OCI mount, taken apart by what they are: attributes of the mount, its
 * propagation, and what the file system itself is told.
 *
 * @param set MOUNT_ATTR_* to set (mount_setattr(2))
 * @param clear MOUNT_ATTR_* to clear
 * @param propagation MS_SHARED and friends, 0 for none
 * @param recursive whether attributes and propagation go to submounts as well
 * @param bind whether this is a bind mount, and of what
 * @param idmap whether its ids are those of the container's user namespace
 * @param data key and value pairs for fsconfig(2); an empty value is a flag
 */
public record MountOptions(
    long set,
    long clear,
    long propagation,
    boolean recursive,
    Bind bind,
    boolean idmap,
    List<String> data) {

  /** Kinds of bind mount. */
  public enum Bind {
    NONE,
    ONE,
    TREE
  }

  static final long RDONLY = 0x1;
  static final long NOSUID = 0x2;
  static final long NODEV = 0x4;
  static final long NOEXEC = 0x8;
  static final long ATIME = 0x70;
  static final long NOATIME = 0x10;
  static final long STRICTATIME = 0x20;
  static final long NODIRATIME = 0x80;

  static final long MS_REC = 0x4000;
  static final long MS_UNBINDABLE = 1 << 17;
  static final long MS_PRIVATE = 1 << 18;
  static final long MS_SLAVE = 1 << 19;
  static final long MS_SHARED = 1 << 20;

  private static final Map<String, Long> SETS =
      Map.of(
          "ro",
          RDONLY,
          "nosuid",
          NOSUID,
          "nodev",
          NODEV,
          "noexec",
          NOEXEC,
          "noatime",
          NOATIME,
          "strictatime",
          STRICTATIME,
          "nodiratime",
          NODIRATIME);
  private static final Map<String, Long> CLEARS =
      Map.of(
          "rw",
          RDONLY,
          "suid",
          NOSUID,
          "dev",
          NODEV,
          "exec",
          NOEXEC,
          "atime",
          NOATIME,
          "diratime",
          NODIRATIME,
          "relatime",
          ATIME);
  private static final Map<String, Long> PROPAGATIONS =
      Map.of(
          "private",
          MS_PRIVATE,
          "rprivate",
          MS_PRIVATE,
          "slave",
          MS_SLAVE,
          "rslave",
          MS_SLAVE,
          "shared",
          MS_SHARED,
          "rshared",
          MS_SHARED,
          "unbindable",
          MS_UNBINDABLE,
          "runbindable",
          MS_UNBINDABLE);

  public MountOptions {
    data = List.copyOf(data);
  }

  /** Takes the options of OCI runtime-spec, "Mounts", apart; later ones win. */
  public static MountOptions parse(List<String> options) {
    long set = 0;
    long clear = 0;
    long propagation = 0;
    boolean recursive = false;
    Bind bind = Bind.NONE;
    boolean idmap = false;
    List<String> data = new ArrayList<>();
    for (String option : options) {
      Long sets = SETS.get(option);
      Long clears = CLEARS.get(option);
      Long propagates = PROPAGATIONS.get(option);
      if (sets != null) {
        set |= sets;
        clear &= ~sets;
      } else if (clears != null) {
        clear |= clears;
        set &= ~clears;
      } else if (propagates != null) {
        propagation = propagates;
        recursive |= option.startsWith("r");
      } else if (option.equals("bind")) {
        bind = Bind.ONE;
      } else if (option.equals("rbind")) {
        bind = Bind.TREE;
      } else if (option.equals("idmap")) {
        idmap = true;
      } else if (!option.equals("defaults")) {
        int equals = option.indexOf('=');
        data.add(equals < 0 ? option : option.substring(0, equals));
        data.add(equals < 0 ? "" : option.substring(equals + 1));
      }
    }
    return new MountOptions(set, clear, propagation, recursive, bind, idmap, data);
  }

  /** The attributes for fsmount(2), which takes no clearing. */
  Arg attributes() {
    return Arg.number(set, names(set));
  }

  /** {@code MOUNT_ATTR_} names joined by a bar, 0 for none. */
  static String names(long attributes) {
    StringBuilder out = new StringBuilder();
    append(out, attributes, RDONLY, "RDONLY");
    append(out, attributes, NOSUID, "NOSUID");
    append(out, attributes, NODEV, "NODEV");
    append(out, attributes, NOEXEC, "NOEXEC");
    if ((attributes & ATIME) == ATIME) {
      append(out, attributes, ATIME, "_ATIME");
    } else {
      append(out, attributes, NOATIME, "NOATIME");
      append(out, attributes, STRICTATIME, "STRICTATIME");
    }
    append(out, attributes, NODIRATIME, "NODIRATIME");
    return out.length() == 0 ? "0" : out.toString();
  }

  private static void append(StringBuilder out, long attributes, long bit, String name) {
    if ((attributes & bit) == bit) {
      out.append(out.length() == 0 ? "" : "|").append("MOUNT_ATTR_").append(name);
    }
  }
}
