package dev.mydocker.cgroup;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.UserNamespace;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The cgroup hierarchies of this host: v1, v2, or both side by side (hybrid); see cgroups(7).
 *
 * <p>Each controller is in one hierarchy, whose version decides the names of its files. A container
 * is put into all of them, named ones (systemd's) and a v2 hierarchy without controllers included:
 * otherwise it would see the host's part of those, and leave no trace of its processes there.
 *
 * <p>The device rules of a configuration are written into files of v1's devices controller; where
 * no hierarchy has it, a BPF program that is attached to the v2 cgroup enforces them.
 *
 * <p>Immutable; made once per process.
 */
public final class CgroupHost {

  /**
   * A hierarchy as it is mounted in a container.
   *
   * @param directory its directory below /sys/fs/cgroup, empty when v2 is alone
   * @param type {@code cgroup} or {@code cgroup2}
   * @param options what fsconfig(2) is told, key and value in turn, the value empty for a flag: the
   *     controllers, or the hierarchy's name
   */
  public record View(String directory, String type, List<String> options) {
    public View {
      options = List.copyOf(options);
    }
  }

  /**
   * What plans depend on beside the hierarchies.
   *
   * @param swapAccounting whether memory and swap can be limited together
   * @param cpus the CPUs of the v1 cpuset hierarchy's root; a new v1 cpuset has none of its own
   * @param mems its memory nodes
   * @param rootless whether they are an ordinary user's, who may load no device program
   */
  record Facts(boolean swapAccounting, String cpus, String mems, boolean rootless) {}

  private final List<Hierarchy> hierarchies;
  private final Facts facts;
  private final Optional<String> delegation;

  private CgroupHost(List<Hierarchy> hierarchies, Facts facts, Optional<String> delegation) {
    this.hierarchies = List.copyOf(hierarchies);
    this.facts = facts;
    this.delegation = delegation;
  }

  /** Reads what is mounted and which controllers there are. */
  public static CgroupHost detect() throws IOException {
    return UserNamespace.own().initial() ? detect("") : delegated("", Optional.empty());
  }

  /**
   * What an ordinary user has of this host: in a user namespace its cgroups are there to be seen,
   * and not to be written, but for those below one that was delegated.
   *
   * @param known where that was before, below the hierarchy; it serves for what is there already
   */
  public static CgroupHost delegated(Optional<String> known) throws IOException {
    return delegated("", known);
  }

  static CgroupHost delegated(String root, Optional<String> known) throws IOException {
    CgroupHost all = detect(root);
    CgroupHost none = new CgroupHost(List.of(), new Facts(false, "", "", true), Optional.empty());
    if (all.version() != 2 || all.hierarchies.size() != 1) {
      return none;
    }
    Hierarchy whole = all.hierarchies.get(0);
    Optional<String> found =
        known.isPresent()
            ? known
            : Delegation.find(root, whole.mountPoint(), text(root + "/proc/self/cgroup"));
    if (found.isEmpty() || !Delegation.isOwned(root + whole.mountPoint() + found.get())) {
      return none;
    }
    String place = whole.mountPoint() + found.get();
    List<String> controllers = MountTable.split(text(root + place + "/cgroup.controllers"), ' ');
    Hierarchy part = new Hierarchy(place, true, controllers, Optional.empty());
    boolean swap = swapIsLimitable(root, root + place);
    return new CgroupHost(List.of(part), new Facts(swap, "", "", true), found);
  }

  /** Where it was delegated, below the hierarchy; empty for root, who needs no delegation. */
  public Optional<String> delegation() {
    return delegation;
  }

  /** One without any cgroups: of who may not be moved into those there are. */
  public CgroupHost withoutAny() {
    return new CgroupHost(List.of(), new Facts(false, "", "", true), Optional.empty());
  }

  /**
   * Whether containers have no cgroups here at all: those of an ordinary user, to whom none was
   * delegated.
   */
  public boolean isEmpty() {
    return hierarchies.isEmpty();
  }

  /**
   * {@link #detect()} in a host whose files lie below a directory.
   *
   * @param root put in front of each path that is read, but not of those that are planned
   */
  static CgroupHost detect(String root) throws IOException {
    Set<String> v1 = MountTable.controllerNames(text(root + "/proc/cgroups"));
    List<Hierarchy> hierarchies = new ArrayList<>();
    boolean swap = false;
    String cpus = "";
    String mems = "";
    for (Hierarchy h : MountTable.hierarchies(text(root + "/proc/self/mountinfo"), v1)) {
      String mount = root + h.mountPoint();
      Hierarchy full =
          h.unified()
              ? h.withControllers(MountTable.split(text(mount + "/cgroup.controllers"), ' '))
              : h;
      hierarchies.add(full);
      if (full.controllers().contains("memory")) {
        swap =
            full.unified()
                ? swapIsLimitable(root, mount)
                : CgroupFile.exists(mount + "/memory.memsw.limit_in_bytes");
      }
      if (!h.unified() && h.controllers().contains("cpuset")) {
        cpus = text(mount + "/cpuset.cpus");
        mems = text(mount + "/cpuset.mems");
      }
    }
    return new CgroupHost(hierarchies, new Facts(swap, cpus, mems, false), Optional.empty());
  }

  private static String text(String path) throws KernelException {
    return CgroupFile.find(path).orElse("");
  }

  /**
   * The root of v2 has no limits, so a child tells: any that the memory controller is in. Where
   * there is none, the kernel can do it when it can swap at all and was not told otherwise.
   */
  private static boolean swapIsLimitable(String root, String mount) throws KernelException {
    byte[] path = CgroupFile.bytes(mount);
    try (Fd fd = CgroupFile.open(Linux.AT_FDCWD, path, Linux.O_RDONLY | Linux.O_DIRECTORY)) {
      for (byte[] child : CgroupFile.children(fd)) {
        String directory = mount + "/" + KernelException.printable(child);
        if (CgroupFile.exists(directory + "/memory.max")) {
          return CgroupFile.exists(directory + "/memory.swap.max");
        }
      }
    }
    return CgroupFile.exists(root + "/proc/swaps")
        && !MountTable.split(text(root + "/proc/cmdline"), ' ').contains("swapaccount=0");
  }

  List<Hierarchy> hierarchies() {
    return hierarchies;
  }

  /** 2 when v2 alone has the controllers, else 1. */
  public int version() {
    for (Hierarchy h : hierarchies) {
      if (!h.unified()) {
        return 1;
      }
    }
    return hierarchies.isEmpty() ? 1 : 2;
  }

  /** Whether the kernel has a controller, and this host mounts it. */
  public boolean hasController(String name) {
    return hierarchies.stream().anyMatch(h -> h.controllers().contains(name));
  }

  /** Whether memory and swap can be limited together. */
  public boolean swapAccounting() {
    return facts.swapAccounting();
  }

  /**
   * How a container sees the hierarchies: those of v1 by the names they have on the host, as Docker
   * shows them. A v2 hierarchy beside them is not shown, so that a program which looks for v2 does
   * not find one without the controllers.
   */
  public List<View> views() {
    List<View> views = new ArrayList<>(hierarchies.size());
    boolean alone = version() == 2;
    for (Hierarchy h : hierarchies) {
      if (h.unified() && alone) {
        views.add(new View("", "cgroup2", List.of()));
      } else if (!h.unified()) {
        views.add(new View(basename(h.mountPoint()), "cgroup", mountOptions(h)));
      }
    }
    return views;
  }

  private static String basename(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static List<String> mountOptions(Hierarchy h) {
    List<String> options = new ArrayList<>();
    for (String controller : h.controllers()) {
      options.add(controller);
      options.add("");
    }
    if (h.name().isPresent()) {
      options.add("name");
      options.add(h.name().get());
    }
    return options;
  }

  /**
   * What has to be done for a new cgroup with those limits: a pure function. A limit of -1 is what
   * a new cgroup has, so it needs no step and no controller.
   *
   * @param path below each hierarchy: {@code /mydocker/ID}
   * @throws IOException when a limit needs a controller that this host does not have
   */
  public List<CgroupStep> plan(String path, Spec.Resources resources, Causes causes)
      throws IOException {
    return new CgroupPlanner(hierarchies, facts, requirePath(path), causes).plan(resources);
  }

  /**
   * What takes a cgroup from some limits to others.
   *
   * @throws IOException when a limit needs a controller that this host does not have
   */
  public CgroupUpdate update(String path, Spec.Resources now, Spec.Resources wanted, Causes causes)
      throws IOException {
    return new CgroupUpdate(at(path), plan(path, now, causes), plan(path, wanted, causes));
  }

  /** The cgroup of that path, whether it exists or not. */
  public Cgroup at(String path) {
    return new Cgroup(hierarchies, requirePath(path));
  }

  /** At least two components, none of which leads elsewhere: the parent is never the host's own. */
  private static String requirePath(String path) {
    List<String> components = MountTable.split(path, '/');
    boolean good = path.startsWith("/") && components.size() >= 3 && !path.endsWith("/");
    for (String component : components.subList(Math.min(1, components.size()), components.size())) {
      good &= !component.isEmpty() && !component.equals(".") && !component.equals("..");
    }
    if (!good) {
      throw new IllegalArgumentException("not a cgroup path of ours: " + path);
    }
    return path;
  }
}
