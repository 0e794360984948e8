package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Directory.Entry;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Completes a freshly unpacked layer by what the layers below it show, before it gets its name.
 *
 * <p>A tar may hold {@code var/run/a} without {@code var/run}. The overlay would then show a plain
 * directory there, whatever lies below. So a directory that the tar does not list gets owner, mode,
 * times and attributes of the lower layers' one; and where they have a symbolic link, as in {@code
 * var/run -> /run}, its content goes to where the link leads and the link stays visible, as if the
 * tar had been unpacked into the container. An opaque root, which overlayfs does not know, becomes
 * a whiteout for each name of the lower roots.
 *
 * <p>A layer is kept by its content and shared by images, so the image that brings it first decides
 * what was below. Images that share a layer share what is below it too, but for layers whose tar
 * leaves directories out and that were put on another base by hand.
 */
final class LayerSettler {
  private final Optional<Owners> owners;
  private final Directory layer;
  private final LayerStack below;
  private final Deque<String> implicit;

  private LayerSettler(
      Directory layer, LayerStack below, LayerUnpacker.Result result, Optional<Owners> owners) {
    this.owners = owners;
    this.layer = layer;
    this.below = below;
    this.implicit = new ArrayDeque<>(result.implicit());
  }

  /**
   * Completes {@code layer}, whose unpacking gave {@code result}.
   *
   * @param owners whose its files are, when they are not this process's ids'
   */
  static void settle(
      Directory layer, LayerStack below, LayerUnpacker.Result result, Optional<Owners> owners)
      throws IOException {
    if (below.layers().isEmpty()) {
      return;
    }
    new LayerSettler(layer, below, result, owners).run();
    if (result.opaqueRoot()) {
      hideRoots(layer, below);
    }
  }

  private void run() throws IOException {
    while (!implicit.isEmpty()) {
      String path = implicit.remove();
      LayerStack.Found found = below.find(path, false);
      if (found.isDirectory() && found.path().equals(path)) {
        try (Directory to = layer.openDirectory(bytes(path), Directory.Resolve.BENEATH)) {
          inherit(found, to);
        }
      } else if (found.stat().isPresent() && found.stat().get().isSymlink()) {
        follow(path);
      }
    }
  }

  /** Gives a directory owner, mode, attributes and times of the one below. */
  private static void inherit(LayerStack.Found found, Directory to) throws IOException {
    Stat stat = found.stat().orElseThrow();
    to.chown(stat.uid(), stat.gid());
    to.chmod(stat.mode() & 07777);
    try (Directory from =
        found
            .holder()
            .orElseThrow()
            .openDirectory(bytes(found.path()), Directory.Resolve.BENEATH)) {
      for (byte[] name : from.listXattrs()) {
        Optional<byte[]> value = from.getXattr(name);
        if (!Overlay.isOwnAttribute(Overlay.text(name)) && value.isPresent()) {
          to.setXattr(name, value.get());
        }
      }
    }
    to.setTimes(stat.mtimeSec(), stat.mtimeNsec(), stat.mtimeSec(), stat.mtimeNsec());
  }

  /** Moves what lies at {@code path}, a link below, to where the link leads. */
  private void follow(String path) throws IOException {
    LayerStack.Found target = below.find(path, true);
    if (target.stat().isPresent() && !target.isDirectory()) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE,
          "an entry of its tar lies below "
              + ImageException.quote(path)
              + ", where a lower layer has no directory");
    }
    String to = target.path();
    Deque<String> later = new ArrayDeque<>();
    makeParents(to, later);
    boolean made = false;
    try (Directory from = parent(path);
        Directory into = parent(to)) {
      made = to.isEmpty() ? merge(path, to) : place(from, name(path), into, name(to), path, to);
    }
    if (made) {
      later.add(to);
    }
    for (String other : implicit) {
      later.add(other.startsWith(path + "/") ? to + other.substring(path.length()) : other);
    }
    implicit.clear();
    for (String other : later) {
      implicit.add(other.startsWith("/") ? other.substring(1) : other);
    }
  }

  /** Makes the directories above a path that the layer lacks; their names go to {@code made}. */
  private void makeParents(String path, Deque<String> made) throws IOException {
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      String directory = path.substring(0, slash);
      try (Directory in = parent(directory)) {
        if (in.find(bytes(name(directory))).isEmpty()) {
          in.mkdir(bytes(name(directory)), 0755);
          if (owners.isPresent()) {
            try (Directory fresh =
                in.openDirectory(bytes(name(directory)), Directory.Resolve.BENEATH)) {
              owners.get().giveToRoot(fresh);
            }
          }
          made.add(directory);
        }
      }
    }
  }

  /** Puts one directory in another's place, or its content into it; true when it is new there. */
  private boolean place(
      Directory from, String name, Directory into, String as, String path, String to)
      throws IOException {
    Optional<Stat> there = into.find(bytes(as));
    if (there.isPresent() && there.get().isDirectory()) {
      merge(path, to);
      return false;
    }
    if (there.isPresent() && !Overlay.isWhiteout(there.get())) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE,
          "entries of its tar lie below "
              + ImageException.quote(path)
              + ", which leads to something that is no directory");
    }
    if (there.isPresent()) {
      into.unlink(bytes(as));
    }
    from.rename(bytes(name), into, bytes(as), 0);
    if (there.isPresent()) {
      try (Directory moved = into.openDirectory(bytes(as), Directory.Resolve.BENEATH)) {
        Overlay.makeOpaque(moved);
      }
    }
    return true;
  }

  /** Moves the content of one directory into another; what is there already gives way. */
  private boolean merge(String path, String to) throws IOException {
    try (Directory from = layer.openDirectory(bytes(path), Directory.Resolve.BENEATH);
        Directory into = layer.openDirectory(bytes(to), Directory.Resolve.BENEATH)) {
      for (Entry entry : from.list()) {
        Optional<Stat> there = into.find(entry.name());
        boolean both =
            there.isPresent() && there.get().isDirectory() && from.stat(entry.name()).isDirectory();
        String name = Overlay.text(entry.name());
        if (both) {
          merge(path + "/" + name, to.isEmpty() ? name : to + "/" + name);
        } else {
          into.removeTree(entry.name());
          from.rename(entry.name(), into, entry.name(), 0);
        }
      }
    }
    try (Directory in = parent(path)) {
      in.rmdir(bytes(name(path)));
    }
    return false;
  }

  private static void hideRoots(Directory layer, LayerStack below) throws KernelException {
    for (Directory lower : below.layers()) {
      for (Entry entry : lower.list()) {
        Optional<Stat> own = layer.find(entry.name());
        if (own.isEmpty()) {
          Overlay.whiteout(layer, Overlay.text(entry.name()));
        } else if (own.get().isDirectory()) {
          try (Directory d = layer.openDirectory(entry.name(), Directory.Resolve.BENEATH)) {
            Overlay.makeOpaque(d);
          }
        }
      }
    }
  }

  private Directory parent(String path) throws KernelException {
    int slash = path.lastIndexOf('/');
    return layer.openDirectory(
        bytes(slash < 0 ? "" : path.substring(0, slash)), Directory.Resolve.BENEATH);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static byte[] bytes(String latin1) {
    return Overlay.bytes(latin1);
  }
}
