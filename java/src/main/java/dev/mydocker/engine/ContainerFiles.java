package dev.mydocker.engine;

import dev.mydocker.image.CopyPlace;
import dev.mydocker.image.Owners;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

  /**
   * A container's root.
   *
   * @param mounts whether one that does not run has its volumes, and what else of this host is to
   *     be mounted in it
   */
  static ContainerFiles open(Home home, String id, boolean mounts) throws IOException {
    ContainerHold hold = ContainerHold.of(home, id);
    try {
      Spec spec = StoredSpec.read(home.store(), id).spec();
      CopyPlace place =
          hold.process().isPresent()
              ? running(spec, hold.process().get())
              : resting(home, id, spec, mounts);
      return new ContainerFiles(home, id, hold, place);
    } catch (IOException | RuntimeException e) {
      hold.close();
      throw e;
    }
  }

  private static CopyPlace running(Spec spec, FirstProcess process) throws IOException {
    Directory root = process.root();
    try {
      return new CopyPlace(root, kernels(spec, root), List.of(), owners(spec.linux()));
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  /** What runs shows its files by idmapped mounts; what rests is looked at without. */
  private static Optional<Owners> owners(Spec.Linux linux) {
    return users(linux).map(ContainerFiles::owners);
  }

  /** The ids that a container has of its own. */
  static Optional<UserMaps> users(Spec.Linux linux) {
    return linux.uidMappings().isEmpty()
        ? Optional.empty()
        : Optional.of(new UserMaps(linux.uidMappings(), linux.gidMappings()));
  }

  /** Whose its files are then. */
  static Owners owners(UserMaps users) {
    return new Owners(ranges(users.uids()), ranges(users.gids()));
  }

  private static List<Owners.Range> ranges(List<Spec.IdMapping> mappings) {
    List<Owners.Range> ranges = new ArrayList<>();
    for (Spec.IdMapping m : mappings) {
      ranges.add(new Owners.Range(m.containerId(), m.hostId(), m.size()));
    }
    return ranges;
  }

  /** The mounts that are no files of anybody: /proc, /dev, memory. */
  private static Set<Long> kernels(Spec spec, Directory root) throws IOException {
    Set<Long> mounts = new HashSet<>();
    for (Spec.Mount mount : spec.mounts()) {
      if (!mount.source().startsWith("/")) {
        Optional<Directory> there =
            find(root, mount.destination(), Directory.Resolve.IN_MOUNTED_ROOT);
        if (there.isPresent()) {
          try (Directory directory = there.get()) {
            mounts.add(directory.stat().mountId());
          }
        }
      }
    }
    mounts.remove(root.stat().mountId());
    return mounts;
  }

  private static CopyPlace resting(Home home, String id, Spec spec, boolean mounts)
      throws IOException {
    ContainerRecord record =
        home.store().find(id).orElseThrow(() -> ContainerException.notFound(id));
    ContainerLayer layer = ContainerLayer.of(home, record);
    layer.prepare();
    Directory root = layer.mount(spec.root().readonly());
    Optional<Owners> owners = Home.owners(users(spec.linux()));
    try {
      if (!mounts) {
        return CopyPlace.whole(root, owners);
      }
      Map<String, String> within = Blueprint.within(spec, record.settings().volumes());
      RestingMounts all = new RestingMounts(root, spec.root().readonly(), within);
      List<String> covered = new ArrayList<>();
      for (Spec.Mount left :
          all.attach(StoredSpec.hostMounts(spec, home.roots().running().resolve(id)))) {
        covered.add(place(left.destination(), root));
      }
      return new CopyPlace(root, Set.of(), covered, owners);
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  /** A path without links, one char per byte; of what is not there, as far as its directory is. */
  private static String place(String path, Directory root) throws IOException {
    int slash = path.lastIndexOf('/');
    Directory.Resolve resolve = Directory.Resolve.IN_MOUNTED_ROOT;
    Optional<Directory> there = find(root, path, resolve);
    String rest = there.isPresent() ? "" : path.substring(slash);
    if (there.isEmpty()) {
      there = find(root, path.substring(0, slash), resolve);
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
  static Optional<Directory> find(Directory root, String path, Directory.Resolve resolve)
      throws IOException {
    try {
      return root.findDirectory(path.getBytes(StandardCharsets.UTF_8), resolve);
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

  @Override
  public void close() throws IOException {
    place.root().close();
    hold.close();
  }
}
