package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an overlay's upper directory changes of the layers below it. The upper directory may change
 * meanwhile; what is gone when its turn comes is left out.
 */
public final class LayerChanges {

  /** What happened to a path. */
  public enum Kind {
    /** The layers below have no such path. */
    ADDED,
    /** They have one: its content, its attributes, or for a directory something in it, is new. */
    CHANGED,
    /** They have one that is hidden; what was below it is not told. */
    DELETED
  }

  /**
   * A path that is not as the layers below have it.
   *
   * @param path absolute, as bytes
   */
  public record Change(Kind kind, byte[] path) {}

  private final Directory upper;
  private final LayerStack below;
  private final List<Change> changes = new ArrayList<>();
  private final Deque<Todo> todo = new ArrayDeque<>();

  /**
   * A directory to look into.
   *
   * @param isNew whether the layers below have none of that name, and so nothing below it
   */
  private record Todo(String path, boolean isNew) {}

  private LayerChanges(Directory upper, LayerStack below) {
    this.upper = upper;
    this.below = below;
  }

  /**
   * The changes by path.
   *
   * @param upper an overlay's upper directory
   * @param lower unpacked layers, the uppermost first
   */
  public static List<Change> of(Path upper, List<Path> lower) throws IOException {
    List<Directory> open = new ArrayList<>();
    try (LayerStack below = new LayerStack(open);
        Directory top = Directory.open(upper)) {
      for (Path layer : lower) {
        open.add(Directory.open(layer));
      }
      return new LayerChanges(top, below).run();
    }
  }

  private List<Change> run() throws IOException {
    todo.push(new Todo("", false));
    while (!todo.isEmpty()) {
      Todo next = todo.pop();
      String path = next.path();
      try (Directory directory =
          upper.openDirectory(Overlay.bytes(path), Directory.Resolve.BENEATH)) {
        visit(next, directory);
      } catch (KernelException e) {
        if (!isGone(e)) {
          throw e.of(Overlay.printable("/" + path));
        }
      }
    }
    changes.sort(Comparator.comparing(Change::path, Arrays::compareUnsigned));
    return changes;
  }

  private static boolean isGone(KernelException e) {
    return e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR || e.errno() == Errno.ELOOP;
  }

  private void visit(Todo visited, Directory directory) throws IOException {
    String path = visited.path();
    Set<String> names = new HashSet<>();
    for (Directory.Entry entry : directory.list()) {
      Stat stat = directory.find(entry.name()).orElse(null);
      if (stat == null) {
        continue;
      }
      String name = Overlay.text(entry.name());
      names.add(name);
      entry(path.isEmpty() ? name : path + "/" + name, visited.isNew(), stat);
    }
    if (Overlay.isOpaque(directory)) {
      hidden(path, names);
    }
  }

  private void entry(String path, boolean inNew, Stat stat) throws IOException {
    boolean there = !inNew && below.find(path, false).stat().isPresent();
    if (Overlay.isWhiteout(stat)) {
      if (there) {
        add(Kind.DELETED, path);
      }
      return;
    }
    add(there ? Kind.CHANGED : Kind.ADDED, path);
    if (stat.isDirectory()) {
      todo.push(new Todo(path, !there));
    }
  }

  /** What an opaque directory does not show of those below it. */
  private void hidden(String path, Set<String> shown) throws IOException {
    Set<String> seen = new HashSet<>(shown);
    for (Directory layer : below.layers()) {
      try (Directory directory =
          layer.openDirectory(Overlay.bytes(path), Directory.Resolve.BENEATH)) {
        for (Directory.Entry entry : directory.list()) {
          String name = Overlay.text(entry.name());
          String whole = path.isEmpty() ? name : path + "/" + name;
          if (seen.add(name) && below.find(whole, false).stat().isPresent()) {
            add(Kind.DELETED, whole);
          }
        }
      } catch (KernelException e) {
        if (!isGone(e)) {
          throw e;
        }
      }
    }
  }

  private void add(Kind kind, String path) {
    changes.add(new Change(kind, Overlay.bytes("/" + path)));
  }
}
