package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.launch.MountOptions;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container that does not run has of this host when it runs, mounted beneath its root for
 * whoever looks into it. As that root is attached nowhere, so are these: no mount namespace shows
 * them, and they go with it.
 *
 * <p>Other containers have a say in where a target leads, by what is in a volume above it. The
 * kernel resolves it in the root, what is missing is made below a descriptor, and the mount is
 * attached to the descriptor that was found (CVE-2026-41568, CVE-2026-42306).
 */
final class RestingMounts {
  private static final int FILE_MODE = 0644;

  /** Nothing is executed through these mounts, and no device opened. */
  private static final int ATTRIBUTES =
      Linux.MOUNT_ATTR_NOSUID | Linux.MOUNT_ATTR_NODEV | Linux.MOUNT_ATTR_NOEXEC;

  private final Directory root;
  private final boolean readOnly;
  private final Map<String, String> within;

  /**
   * Mounts beneath a root.
   *
   * @param readOnly whether the root is, but for the targets that are made in it
   * @param within of a source that is a part of a volume, the volume's content
   */
  RestingMounts(Directory root, boolean readOnly, Map<String, String> within) {
    this.root = root;
    this.readOnly = readOnly;
    this.within = within;
  }

  /**
   * Mounts them.
   *
   * @return those that are not mounted: the source is not there, or the kernel mounts nothing
   *     beneath what is attached nowhere (before Linux 6.15)
   * @throws IOException a sentence for the user
   */
  List<Spec.Mount> attach(List<Spec.Mount> mounts) throws IOException {
    List<Spec.Mount> left = new ArrayList<>();
    if (mounts.isEmpty()) {
      return left;
    }
    setReadOnly(false);
    for (int i = 0; i < mounts.size(); i++) {
      Spec.Mount mount = mounts.get(i);
      MountOptions options = MountOptions.parse(mount.options());
      Optional<Fd> found = copy(mount.source(), options);
      if (found.isEmpty()) {
        left.add(mount);
        continue;
      }
      try (Fd tree = found.get()) {
        if (!attach(tree, mount.destination(), options)) {
          left.addAll(mounts.subList(i, mounts.size()));
          break;
        }
      } catch (KernelException e) {
        throw new IOException(
            "cannot mount "
                + mount.source()
                + " at "
                + mount.destination()
                + " of the container: "
                + e.getMessage(),
            e);
      }
    }
    setReadOnly(true);
    return left;
  }

  private void setReadOnly(boolean on) throws KernelException {
    if (readOnly) {
      int flag = Linux.MOUNT_ATTR_RDONLY;
      setAttributes(root.fd(), on ? flag : 0, on ? 0 : flag, 0, false);
    }
  }

  /** False when this kernel cannot. */
  private boolean attach(Fd tree, String destination, MountOptions options) throws KernelException {
    // Private first: what is mounted on a copy of a shared mount is seen at the original.
    if (!setAttributes(tree, ATTRIBUTES, 0, Linux.MS_PRIVATE, true)) {
      return false;
    }
    setAttributes(tree, options.set() & Linux.MOUNT_ATTR_RDONLY, 0, 0, options.recursive());
    try (Fd target = target(destination, Stat.of(tree).isDirectory())) {
      int n = Linux.moveMount(tree.number(), target.number());
      if (n == -Errno.EINVAL.number()) {
        return false;
      }
      KernelException.check(n, "move_mount", destination);
      return true;
    }
  }

  /** False before Linux 5.12. */
  private static boolean setAttributes(
      Fd mount, long set, long clear, long propagation, boolean recursive) throws KernelException {
    int n = Linux.mountSetattr(mount.number(), set, clear, propagation, recursive);
    if (n == -Errno.ENOSYS.number()) {
      return false;
    }
    KernelException.check(n, "mount_setattr", mount.name());
    return true;
  }

  /** A copy of what is at a path of this host; empty when nothing is. */
  private Optional<Fd> copy(String source, MountOptions options) throws IOException {
    boolean tree = options.bind() == MountOptions.Bind.TREE;
    int flags = Linux.OPEN_TREE_CLONE | (tree ? Linux.AT_RECURSIVE : 0);
    try {
      Optional<String> content = Optional.ofNullable(within.get(source));
      if (content.isEmpty()) {
        int n = Linux.openTree(Linux.AT_FDCWD, StateFile.bytes(Path.of(source)), flags);
        return Optional.of(Fd.of(n, "open_tree", source));
      }
      int path = Linux.O_PATH;
      byte[] part = bytes(source.substring(content.get().length() + 1));
      try (Directory volume =
              Directory.of(StateFile.open(Path.of(content.get()), path | Linux.O_DIRECTORY, 0));
          Fd found = volume.open(part, path, 0, Directory.Resolve.IN_MOUNTED_ROOT)) {
        int n = Linux.openTree(found.number(), new byte[0], flags | Linux.AT_EMPTY_PATH);
        return Optional.of(Fd.of(n, "open_tree", source));
      }
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Where it is mounted; made when it is missing, as a start would. */
  private Fd target(String destination, boolean directory) throws KernelException {
    byte[] path = bytes(destination.substring(1));
    Directory.Resolve resolve = Directory.Resolve.IN_MOUNTED_ROOT;
    try {
      return root.open(path, Linux.O_PATH, 0, resolve);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
    if (directory) {
      root.makeDirectories(path, resolve).close();
    } else {
      int slash = destination.lastIndexOf('/');
      byte[] parent = bytes(destination.substring(Math.min(1, slash), slash));
      try (Directory in = root.makeDirectories(parent, resolve)) {
        in.create(bytes(destination.substring(slash + 1)), FILE_MODE).close();
      }
    }
    return root.open(path, Linux.O_PATH, 0, resolve);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
