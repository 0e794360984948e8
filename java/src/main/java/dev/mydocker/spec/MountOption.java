package dev.mydocker.spec;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** One mount the user asked for with {@code -v}, {@code --mount} or {@code --tmpfs}. */
public sealed interface MountOption {

  /**
   * Where in the container: absolute, no empty, {@code .} or {@code ..} component, not the root.
   */
  String target();

  /** How mounts below a bind mount's source are treated. */
  enum Recursion {
    /** They come along, and are read-only with it where the kernel can do that (5.12). */
    ENABLED,
    /** They stay behind. */
    DISABLED,
    /** They come along and stay writable. */
    WRITABLE,
    /** They come along and are read-only, or the mount fails. */
    READONLY
  }

  /**
   * A file or directory of the host.
   *
   * @param source absolute path on the host
   * @param target see {@link MountOption#target}
   * @param readOnly whether it cannot be written through this mount
   * @param propagation {@code private}, {@code rslave}, ...: a word of mount_namespaces(7)
   * @param recursion what becomes of the mounts below the source
   * @param createSource whether a missing source is made, a directory (as {@code -v} does)
   * @param idmap whether its files' ids are meant as the container's, in a user namespace
   */
  record Bind(
      String source,
      String target,
      boolean readOnly,
      String propagation,
      Recursion recursion,
      boolean createSource,
      boolean idmap)
      implements MountOption {

    /** With the files' ids as they are. */
    public Bind(
        String source,
        String target,
        boolean readOnly,
        String propagation,
        Recursion recursion,
        boolean createSource) {
      this(source, target, readOnly, propagation, recursion, createSource, false);
    }
  }

  /**
   * Memory as a file system, see tmpfs(5).
   *
   * @param target see {@link MountOption#target}
   * @param size bytes; empty for half of the host's memory
   * @param mode permission bits of its root; empty for 01777
   * @param options further mount options, the defaults included
   */
  record Tmpfs(String target, OptionalLong size, OptionalInt mode, List<String> options)
      implements MountOption {
    public Tmpfs {
      options = List.copyOf(options);
    }
  }

  /** What asks for a volume. */
  enum Origin {
    /** {@code -v}. */
    VOLUME_FLAG,
    /** {@code --mount}. */
    MOUNT_FLAG,
    /** {@code --volumes-from}. */
    OTHER_CONTAINER,
    /** The image's configuration. */
    IMAGE
  }

  /**
   * A directory that the engine keeps apart from every container.
   *
   * @param name of the volume; empty for a new one, until it is given a name
   * @param target see {@link MountOption#target}
   * @param readOnly whether it cannot be written through this mount
   * @param subpath what of it is mounted: a relative path without {@code ..}; empty for all
   * @param copy whether an empty one gets what the image has at the target
   * @param anonymous whether its user gave it no name: it may go with its container
   * @param origin what asks for it
   */
  record Volume(
      String name,
      String target,
      boolean readOnly,
      String subpath,
      boolean copy,
      boolean anonymous,
      Origin origin)
      implements MountOption {

    /** A new one without a name. */
    static Volume anonymous(String target, Origin origin) {
      return new Volume("", target, false, "", true, true, origin);
    }

    /** The same with a name. */
    public Volume named(String given) {
      return new Volume(given, target, readOnly, subpath, copy, anonymous, origin);
    }
  }

  /**
   * Reads {@code -v [SOURCE:]TARGET[:OPTION,...]}.
   *
   * @param workingDirectory what a source that starts with {@code .} is relative to
   * @throws OptionException when it is malformed
   */
  static MountOption parseVolume(String text, String workingDirectory) throws OptionException {
    return VolumeOption.parse(text, workingDirectory);
  }

  /**
   * Reads {@code --mount type=bind,source=...,target=...}.
   *
   * @param workingDirectory what a source that starts with {@code .} is relative to
   * @throws OptionException when it is malformed
   */
  static MountOption parseMount(String text, String workingDirectory) throws OptionException {
    return MountSyntax.parse(text, workingDirectory);
  }

  /**
   * Reads {@code --tmpfs TARGET[:OPTION,...]}.
   *
   * @throws OptionException when it is malformed
   */
  static MountOption.Tmpfs parseTmpfs(String text) throws OptionException {
    return TmpfsOption.parse(text);
  }
}
