package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Unpacked layers as an overlay mount would show them together, without a mount. Whiteouts and
 * opaque directories hide what is below; links are followed with the layers' root as {@code /}, at
 * most 40 of them. Paths and names are one char per byte.
 */
final class LayerStack implements AutoCloseable {
  private final List<Directory> layers;

  /**
   * What a path leads to.
   *
   * @param path without links and dots, relative to the root, which is empty
   * @param stat of the file, or empty when there is none
   * @param holder the layer whose file is seen, else empty
   */
  record Found(String path, Optional<Stat> stat, Optional<Directory> holder) {
    boolean isDirectory() {
      return stat.isPresent() && stat.get().isDirectory();
    }
  }

  /** The layers, the top one first, which it owns from now on. */
  LayerStack(List<Directory> layers) {
    this.layers = layers;
  }

  /** The layers' own root directories, the top one first. */
  List<Directory> layers() {
    return layers;
  }

  /**
   * Walks a path.
   *
   * @param follow whether a link at its very end is followed
   * @throws ImageException NOT_AN_IMAGE when it leads through too many links
   */
  Found find(String path, boolean follow) throws IOException {
    Deque<String> todo = new ArrayDeque<>();
    push(todo, path);
    List<String> at = new ArrayList<>();
    Found found = lookUp("");
    int links = 0;
    while (!todo.isEmpty()) {
      String name = todo.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (!at.isEmpty()) {
          at.remove(at.size() - 1);
        }
        continue;
      }
      at.add(name);
      found = lookUp(String.join("/", at));
      boolean link = found.stat().isPresent() && found.stat().get().isSymlink();
      if (link && (follow || !todo.isEmpty())) {
        if (++links > UnpackLimits.LINKS) {
          throw new ImageException(
              ImageException.Kind.NOT_AN_IMAGE,
              ImageException.quote(path) + " leads through too many links");
        }
        String target = readlink(found);
        at.remove(at.size() - 1);
        if (target.startsWith("/")) {
          at.clear();
        }
        push(todo, target);
      }
    }
    return lookUp(String.join("/", at));
  }

  private static void push(Deque<String> todo, String path) {
    String[] parts = path.split("/", -1);
    for (int i = parts.length - 1; i >= 0; i--) {
      todo.push(parts[i]);
    }
  }

  /** A path in which nothing but the last component can be a link, as {@link #find} makes them. */
  private Found lookUp(String path) throws KernelException {
    if (path.isEmpty()) {
      Optional<Directory> top = layers.isEmpty() ? Optional.empty() : Optional.of(layers.get(0));
      return new Found(path, top.isEmpty() ? Optional.empty() : Optional.of(top.get().stat()), top);
    }
    for (Directory layer : layers) {
      Seen seen = seen(layer, path);
      if (seen.stat.isPresent()) {
        return new Found(path, seen.stat, Optional.of(layer));
      }
      if (seen.hidden) {
        break;
      }
    }
    return new Found(path, Optional.empty(), Optional.empty());
  }

  /** What one layer says of a path: it has it, or hides it in those below, or neither. */
  private record Seen(Optional<Stat> stat, boolean hidden) {}

  private static Seen seen(Directory layer, String path) throws KernelException {
    Directory at = layer;
    boolean hidden = false;
    try {
      int start = 0;
      while (true) {
        int slash = path.indexOf('/', start);
        byte[] name = Overlay.bytes(path.substring(start, slash < 0 ? path.length() : slash));
        Optional<Stat> stat = at.find(name);
        if (stat.isEmpty()) {
          return new Seen(Optional.empty(), hidden);
        }
        if (Overlay.isWhiteout(stat.get())) {
          return new Seen(Optional.empty(), true);
        }
        if (slash < 0) {
          return new Seen(stat, true);
        }
        if (!stat.get().isDirectory()) {
          return new Seen(Optional.empty(), true);
        }
        hidden |= Overlay.isOpaque(at, name);
        Directory next = at.openDirectory(name, Directory.Resolve.BENEATH);
        if (at != layer) {
          at.close();
        }
        at = next;
        start = slash + 1;
      }
    } finally {
      if (at != layer) {
        at.close();
      }
    }
  }

  private static String readlink(Found link) throws KernelException {
    int slash = link.path().lastIndexOf('/');
    byte[] parent = Overlay.bytes(slash < 0 ? "" : link.path().substring(0, slash));
    byte[] name = Overlay.bytes(link.path().substring(slash + 1));
    try (Directory in =
        link.holder().orElseThrow().openDirectory(parent, Directory.Resolve.BENEATH)) {
      return Overlay.text(in.readlink(name));
    }
  }

  @Override
  public void close() {
    layers.forEach(Directory::close);
  }
}
