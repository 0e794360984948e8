package dev.mydocker.spec;

import java.util.Set;

/** The grammar of {@code -v SOURCE:TARGET[:OPTION,...]}. */
final class VolumeOption {
  private static final Set<String> PROPAGATIONS =
      Set.of("private", "rprivate", "shared", "rshared", "slave", "rslave");

  private VolumeOption() {}

  static MountOption.Bind parse(String text, String workingDirectory) throws OptionException {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || text.isEmpty()) {
      throw invalid(text, "it must be SOURCE:TARGET or SOURCE:TARGET:OPTIONS");
    }
    if (parts.length == 1 || !HostPath.isPath(parts[0])) {
      if (parts.length > 1 && parts[0].isEmpty()) {
        throw invalid(text, "the source is empty");
      }
      throw invalid(
          text, "volumes come later, only a directory or file of the host can be mounted");
    }
    String target = ContainerPath.target(parts[1]);
    String source = HostPath.absolute(parts[0], workingDirectory);
    return parts.length == 2
        ? new MountOption.Bind(
            source, target, false, "rprivate", MountOption.Recursion.ENABLED, true)
        : withOptions(text, source, target, parts[2].split(",", -1));
  }

  private static MountOption.Bind withOptions(
      String text, String source, String target, String[] words) throws OptionException {
    String access = "";
    String propagation = "";
    for (String word : words) {
      if (word.equals("ro") || word.equals("rw")) {
        once(text, access, "access");
        access = word;
      } else if (isPropagation(word)) {
        once(text, propagation, "propagation");
        propagation = word;
      } else {
        refuse(text, word);
      }
    }
    return new MountOption.Bind(
        source,
        target,
        access.equals("ro"),
        propagation.isEmpty() ? "rprivate" : propagation,
        MountOption.Recursion.ENABLED,
        true);
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
      case "nocopy" -> throw invalid(text, "nocopy is for volumes, which come later");
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
