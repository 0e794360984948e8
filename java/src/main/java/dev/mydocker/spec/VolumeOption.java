package dev.mydocker.spec;

import java.util.Set;

/** The grammar of {@code -v [SOURCE:]TARGET[:OPTION,...]}. */
final class VolumeOption {
  private static final Set<String> PROPAGATIONS =
      Set.of("private", "rprivate", "shared", "rshared", "slave", "rslave");

  /**
   * The words behind the target.
   *
   * @param propagation empty when there is none
   */
  private record Words(boolean readOnly, String propagation, boolean copy, boolean idmap) {}

  private VolumeOption() {}

  static MountOption parse(String text, String workingDirectory) throws OptionException {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || text.isEmpty()) {
      throw invalid(text, "it must be TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS");
    }
    if (parts.length == 1) {
      return MountOption.Volume.anonymous(
          ContainerPath.target(text), MountOption.Origin.VOLUME_FLAG);
    }
    if (parts[0].isEmpty()) {
      throw invalid(text, "the source is empty");
    }
    String target = ContainerPath.target(parts[1]);
    Words words = words(text, parts.length == 2 ? new String[0] : parts[2].split(",", -1));
    return HostPath.isPath(parts[0])
        ? bind(text, HostPath.absolute(parts[0], workingDirectory), target, words)
        : volume(text, parts[0], target, words);
  }

  private static MountOption bind(String text, String source, String target, Words words)
      throws OptionException {
    if (!words.copy()) {
      throw invalid(text, "nocopy is for volumes, and its source is a path of the host");
    }
    return new MountOption.Bind(
        source,
        target,
        words.readOnly(),
        words.propagation().isEmpty() ? "rprivate" : words.propagation(),
        MountOption.Recursion.ENABLED,
        true,
        words.idmap());
  }

  private static MountOption volume(String text, String name, String target, Words words)
      throws OptionException {
    VolumeName.require(name);
    if (!words.propagation().isEmpty()) {
      throw invalid(text, "a volume has no propagation, only a path of the host has");
    }
    return new MountOption.Volume(
        name, target, words.readOnly(), "", words.copy(), false, MountOption.Origin.VOLUME_FLAG);
  }

  private static Words words(String text, String[] words) throws OptionException {
    String access = "";
    String propagation = "";
    String copy = "";
    boolean idmap = false;
    for (String word : words) {
      if (word.equals("ro") || word.equals("rw")) {
        once(text, access, "access");
        access = word;
      } else if (isPropagation(word)) {
        once(text, propagation, "propagation");
        propagation = word;
      } else if (word.equals("nocopy")) {
        once(text, copy, "nocopy");
        copy = word;
      } else if (word.equals("idmap")) {
        idmap = true;
      } else {
        refuse(text, word);
      }
    }
    return new Words(access.equals("ro"), propagation, copy.isEmpty(), idmap);
  }

  /** Whether it is a word of mount_namespaces(7) that a mount can be given. */
  static boolean isPropagation(String word) {
    return PROPAGATIONS.contains(word);
  }

  private static void refuse(String text, String word) throws OptionException {
    switch (word) {
      case "consistent", "cached", "delegated" -> {
        // On Linux host and container always see the same file: each of these promises less.
      }
      case "z", "Z" -> throw invalid(text, "SELinux relabelling is not supported");
      default -> throw invalid(text, "unknown option " + OptionException.quote(word));
    }
  }

  private static void once(String text, String before, String what) throws OptionException {
    if (!before.isEmpty()) {
      throw invalid(text, "its " + what + " is given twice");
    }
  }

  private static OptionException invalid(String text, String why) {
    return new OptionException(
        "invalid volume specification: " + OptionException.quote(text) + ": " + why);
  }
}
