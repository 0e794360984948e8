package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.kernel.UserNamespace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A container's writable layer and the layers of its image below it.
 *
 * @param lower the image's unpacked layers, the uppermost first; at least one
 * @param upper what the container writes
 * @param work overlayfs's own directory beside {@code upper}
 */
record ContainerLayer(List<Path> lower, Path upper, Path work) {
  /** The shorter name of the directory of descriptors; not every host has it. */
  private static final Path SHORT = Path.of("/dev/fd");

  /** Bytes of a string that fsconfig(2) takes. */
  private static final int LONGEST_VALUE = 255;

  static ContainerLayer of(Home home, ContainerRecord record) throws IOException {
    Path directory = home.store().directory(record.id());
    Path layers = home.layers(UserRanges.of(home.store(), record.id()));
    List<Path> lower = new ArrayList<>();
    for (String layer : Blueprint.lower(record.layers())) {
      lower.add(layers.resolve(layer));
    }
    if (lower.isEmpty()) {
      lower.add(directory.resolve("empty"));
    }
    return new ContainerLayer(lower, upper(home, record.id()), directory.resolve("work"));
  }

  /** What a container writes; it may not be there. */
  static Path upper(Home home, String id) {
    return home.store().directory(id).resolve("upper");
  }

  /** Makes what the first start would make. */
  void prepare() throws IOException {
    StateFile.makeDirectories(upper);
    StateFile.makeDirectories(work);
    StateFile.makeDirectories(lower.get(0));
    copyRootAttributes(lower.get(0), upper);
  }

  /** The root of an overlay has its upper directory's owner and mode: those of the image's root. */
  static void copyRootAttributes(Path image, Path written) throws IOException {
    try (Directory upper = Directory.open(written);
        Directory top = Directory.open(image)) {
      Stat root = top.stat();
      upper.chown(root.uid(), root.gid());
      upper.chmod(root.mode() & 07777);
    }
  }

  /**
   * Mounts the layers where nobody sees it: the mount has no place in any tree, and goes when the
   * descriptors of it are closed. No container may have them mounted meanwhile.
   *
   * @return its root
   */
  Directory mount(boolean readOnly) throws IOException {
    try {
      return mount(readOnly, ContainerLayer::setLower);
    } catch (KernelException e) {
      // Before Linux 6.8 it is not known how to take one after the other; before 6.5 that is only
      // said when the mount is to be made.
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
      return mount(readOnly, ContainerLayer::setLowerAtOnce);
    }
  }

  /** Tells a file system that is being made what its lower layers are. */
  @FunctionalInterface
  interface LowerLayers {
    void set(Fd context, List<String> names) throws IOException;
  }

  Directory mount(boolean readOnly, LowerLayers layers) throws IOException {
    int attributes =
        Linux.MOUNT_ATTR_NOSUID
            | Linux.MOUNT_ATTR_NODEV
            | Linux.MOUNT_ATTR_NOEXEC
            | (readOnly ? Linux.MOUNT_ATTR_RDONLY : 0);
    List<Directory> open = new ArrayList<>();
    try (Fd context = Fd.of(Linux.fsopen(ascii("overlay")), "fsopen", "overlay")) {
      List<String> names = new ArrayList<>();
      for (Path layer : lower) {
        names.add(opened(layer, open));
      }
      layers.set(context, names);
      set(context, "upperdir", opened(upper, open));
      set(context, "workdir", opened(work, open));
      if (!UserNamespace.own().initial()) {
        int flag = Linux.FSCONFIG_SET_FLAG;
        int n = Linux.fsconfig(context.number(), flag, ascii("userxattr"), ascii(""));
        KernelException.check(n, "fsconfig", "overlay userxattr");
      }
      int n = Linux.fsconfig(context.number(), Linux.FSCONFIG_CMD_CREATE, ascii(""), ascii(""));
      KernelException.check(n, "fsconfig", "overlay of " + upper);
      int mount = Linux.fsmount(context.number(), attributes);
      return Directory.of(Fd.of(mount, "fsmount", "overlay of " + upper));
    } finally {
      open.forEach(Directory::close);
    }
  }

  /** A name of at most 255 bytes, as fsconfig(2) takes them, and without a character to escape. */
  private static String opened(Path directory, List<Directory> open) throws KernelException {
    open.add(Directory.open(directory));
    String descriptors = Files.isDirectory(SHORT) ? SHORT + "/" : "/proc/self/fd/";
    return descriptors + open.get(open.size() - 1).fd().number();
  }

  private static void setLower(Fd context, List<String> names) throws IOException {
    for (String name : names) {
      set(context, "lowerdir+", name);
    }
  }

  static void setLowerAtOnce(Fd context, List<String> names) throws IOException {
    String all = String.join(":", names);
    if (all.length() > LONGEST_VALUE) {
      throw new IOException(
          "cannot look into the image's "
              + names.size()
              + " layers while no container has them mounted: before Linux 6.8 some 20 are the"
              + " most");
    }
    set(context, "lowerdir", all);
  }

  private static void set(Fd context, String key, String value) throws KernelException {
    int command = Linux.FSCONFIG_SET_STRING;
    int n = Linux.fsconfig(context.number(), command, ascii(key), ascii(value));
    KernelException.check(n, "fsconfig", "overlay " + key);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
