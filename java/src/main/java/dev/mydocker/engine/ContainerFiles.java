package dev.mydocker.engine;

import dev.mydocker.image.CopyPlace;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A container's root file system, held open. That of a running container is what it shows itself,
 * its mounts included. That of another one is its layers, mounted for this alone; as long as it is
 * open, nobody can start or remove the container.
 *
 * <p>Every path in it is to be resolved as {@link #place} says: whatever the container does
 * meanwhile, the kernel stays in there.
 */
public final class ContainerFiles implements AutoCloseable {
  private final Home home;
  private final String id;
  private final ContainerHold hold;
  private final CopyPlace place;

  private ContainerFiles(Home home, String id, ContainerHold hold, CopyPlace place) {
    this.home = home;
    this.id = id;
    this.hold = hold;
    this.place = place;
  }

  static ContainerFiles open(Home home, String id) throws IOException {
    ContainerHold hold = ContainerHold.of(home, id);
    try {
      return hold.process().isPresent()
          ? running(home, id, hold, hold.process().get())
          : resting(home, id, hold);
    } catch (IOException | RuntimeException e) {
      hold.close();
      throw e;
    }
  }

  private static ContainerFiles running(
      Home home, String id, ContainerHold hold, FirstProcess process) throws IOException {
    Directory root = process.root();
    return new ContainerFiles(
        home, id, hold, new CopyPlace(root, Directory.Resolve.IN_MOUNTED_ROOT, List.of()));
  }

  private static ContainerFiles resting(Home home, String id, ContainerHold hold)
      throws IOException {
    ContainerRecord record =
        home.store().find(id).orElseThrow(() -> ContainerException.notFound(id));
    ContainerLayer layer = ContainerLayer.of(home, record);
    layer.prepare();
    Spec spec = StoredSpec.read(home.store(), id).spec();
    Directory root = layer.mount(spec.root().readonly());
    try {
      List<String> covered = covered(spec, root, home.roots().running().resolve(id));
      CopyPlace place = new CopyPlace(root, Directory.Resolve.IN_ROOT, covered);
      return new ContainerFiles(home, id, hold, place);
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  /** Where this host's files are mounted when it runs; those of the engine's own do not count. */
  private static List<String> covered(Spec spec, Directory root, Path run) throws IOException {
    List<String> out = new ArrayList<>();
    for (Spec.Mount mount : StoredSpec.hostMounts(spec, run)) {
      out.add(place(mount.destination(), root));
    }
    return out;
  }

  /** A path without links, one char per byte; of what is not there, as far as its directory is. */
  private static String place(String path, Directory root) throws IOException {
    int slash = path.lastIndexOf('/');
    Optional<Directory> there = find(root, path);
    String rest = there.isPresent() ? "" : path.substring(slash);
    if (there.isEmpty()) {
      there = find(root, path.substring(0, slash));
    }
    if (there.isEmpty()) {
      return latin(path.getBytes(StandardCharsets.UTF_8));
    }
    try (Directory directory = there.get()) {
      return (latin(directory.path()) + latin(rest.getBytes(StandardCharsets.UTF_8)))
          .replace("//", "/");
    }
  }

  /** A directory of a root, links followed inside; empty when it is not there, or is none. */
  static Optional<Directory> find(Directory root, String path) throws IOException {
    try {
      byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
      return root.findDirectory(bytes, Directory.Resolve.IN_ROOT);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOTDIR) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Its root; stays this object's. */
  public Directory root() {
    return place.root();
  }

  /** Its root, and how a path in it is walked. */
  public CopyPlace place() {
    return place;
  }

  /** Tells in the events that files were taken out. */
  public void tellCopiedFrom(String path) {
    home.events().container(id, "archive-path", Map.of("path", path));
  }

  /** Tells in the events that files were put in. */
  public void tellCopiedTo(String path) {
    home.events().container(id, "extract-to-dir", Map.of("path", path));
  }

  /** Tells in the events that all of them were taken out. */
  public void tellExported() {
    home.events().container(id, "export", Map.of());
  }

  @Override
  public void close() throws IOException {
    place.root().close();
    hold.close();
  }
}
