package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** The grammar of {@code --tmpfs TARGET[:OPTION,...]}. */
final class TmpfsOption {
  /** Flags that exclude each other stand in one row; see tmpfs(5) and mount(8). */
  private static final String[][] FLAGS = {
    {"noexec", "exec"},
    {"nosuid", "suid"},
    {"nodev", "dev"},
    {"rw", "ro"},
    {"async", "sync"},
    {"atime", "noatime"},
    {"relatime", "norelatime"},
    {"diratime", "nodiratime"},
    {"strictatime", "nostrictatime"},
    {"private", "rprivate", "shared", "rshared", "slave", "rslave"},
  };

  private static final int DEFAULTS = 3;

  private TmpfsOption() {}

  static MountOption.Tmpfs parse(String text) throws OptionException {
    int colon = text.indexOf(':');
    String target = ContainerPath.target(colon < 0 ? text : text.substring(0, colon));
    String options = colon < 0 ? "" : text.substring(colon + 1);
    OptionalLong size = OptionalLong.empty();
    OptionalInt mode = OptionalInt.empty();
    String[] flags = new String[FLAGS.length];
    List<String> data = new ArrayList<>();
    for (int i = 0; i < DEFAULTS; i++) {
      flags[i] = FLAGS[i][0];
    }
    for (String word : options.isEmpty() ? new String[0] : options.split(",", -1)) {
      int row = row(word);
      if (row >= 0) {
        flags[row] = word;
      } else if (word.startsWith("size=")) {
        size = OptionalLong.of(Bytes.parse(word.substring(5)));
      } else if (word.startsWith("mode=")) {
        mode = OptionalInt.of(mode(word.substring(5)));
      } else {
        data.add(data(word));
      }
    }
    return new MountOption.Tmpfs(target, size, mode, merged(flags, data));
  }

  /** What a tmpfs is mounted with when nothing is said. */
  static List<String> defaults() {
    return List.of(FLAGS[0][0], FLAGS[1][0], FLAGS[2][0]);
  }

  /** Octal permission bits up to 7777. */
  static int mode(String text) throws OptionException {
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '7' || value > 07777) {
        value = -1;
        break;
      }
      value = value * 8 + (c - '0');
    }
    if (text.isEmpty() || value < 0 || value > 07777) {
      throw new OptionException("invalid tmpfs mode: " + OptionException.quote(text));
    }
    return value;
  }

  private static int row(String word) {
    for (int i = 0; i < FLAGS.length; i++) {
      for (String flag : FLAGS[i]) {
        if (flag.equals(word)) {
          return i;
        }
      }
    }
    return -1;
  }

  /** A word of tmpfs(5) with its value as the kernel reads it, which knows no fractions. */
  private static String data(String word) throws OptionException {
    int equals = word.indexOf('=');
    String key = word.substring(0, Math.max(equals, 0));
    String value = word.substring(equals + 1);
    switch (key) {
      case "uid", "gid":
        if (Digits.parse(value, UserSpec.MAX_ID) >= 0) {
          return word;
        }
        break;
      case "nr_inodes", "nr_blocks":
        return key + "=" + Bytes.parse(value);
      default:
        break;
    }
    throw new OptionException("invalid tmpfs option " + OptionException.quote(word));
  }

  private static List<String> merged(String[] flags, List<String> data) {
    List<String> out = new ArrayList<>();
    for (String flag : flags) {
      if (flag != null) {
        out.add(flag);
      }
    }
    out.addAll(data);
    return out;
  }
}
