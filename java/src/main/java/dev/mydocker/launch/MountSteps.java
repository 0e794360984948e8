package dev.mydocker.launch;

import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** A container's root file system and what is mounted in it, by I. */
final class MountSteps {
  private static final Arg ROOT = Arg.fd(Register.ROOT);

  /** mount(2), NOTES: one page at most, the smallest there is; with room for its end. */
  static final int DATA_LIMIT = 4000;

  static final String LAYERS = "the image's layers, and a layer of the container's own above them";
  static final String SHORT_NAMES =
      "many layers: short names for them, as mount(2) takes one page of options";

  /** How a mount's target is opened. */
  enum Target {
    /** It must be there. */
    THERE,
    DIRECTORY,
    FILE
  }

  private final PlanCompiler.Input in;
  private final Spec spec;
  private final Optional<Handover> handover;
  private final StepList out;

  /**
   * Steps of them.
   *
   * @param handover what M does for I, when that has no privileges on the host
   * @param out I's
   */
  MountSteps(PlanCompiler.Input in, Optional<Handover> handover, StepList out) {
    this.in = in;
    this.spec = in.spec();
    this.handover = handover;
    this.out = out;
  }

  /** What else overlayfs is told. */
  static String overlayMode(Spec spec) {
    // Nobody in a user namespace may set the trusted attributes that are usual (Linux 5.11).
    return ProcessSteps.isRootless(spec) ? ",userxattr" : "";
  }

  /** Whether what is mounted on the host is seen in it. */
  static boolean followsHost(Spec spec) {
    return spec.linux().rootfsPropagation().orElse("").endsWith("slave");
  }

  /** The root. */
  void root() {
    PlanCompiler.Overlay overlay = in.overlay();
    // What is mounted from here on must not reach the host: overlay, /proc and all the rest.
    boolean slave = followsHost(spec);
    out.leaveHost(
        slave,
        "no mount made here is seen by the host"
            + (slave ? "; " + out.cause("rootfsPropagation") + ": the host's are seen here" : ""));
    String why = "the new root: every path below is resolved inside it";
    if (handover.isPresent()) {
      handover.get().root(in.stdio());
      out.receive(Register.ROOT, LAYERS);
      out.attach(Register.ROOT, why);
      return;
    }
    String options = overlayOptions(overlay.lower());
    if (options.length() <= DATA_LIMIT) {
      out.add("the layers are named relative to here", Op.CHDIR, Arg.text(overlay.layers()));
    } else {
      options = overlayOptions(shortNames());
    }
    out.add(
        LAYERS,
        Op.MOUNT,
        Arg.text("overlay"),
        Arg.text(overlay.target()),
        Arg.text("overlay"),
        Arg.number(0),
        Arg.text(options));
    out.open(Register.ROOT, Arg.NONE, overlay.target(), why);
  }

  private String overlayOptions(List<String> lower) {
    return "lowerdir="
        + String.join(":", lower)
        + ",upperdir="
        + escaped(in.overlay().upper())
        + ",workdir="
        + escaped(in.overlay().work())
        + overlayMode(spec);
  }

  /** Overlayfs takes a backslash from before any character of a path (ovl_unescape). */
  private static String escaped(String path) {
    return path.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:");
  }

  /**
   * More layers than their names' lengths allow. Links with short names are made in a file system
   * of this mount namespace, where the overlay then covers them.
   */
  private List<String> shortNames() {
    PlanCompiler.Overlay overlay = in.overlay();
    out.add(
        SHORT_NAMES,
        Op.FSMOUNT,
        Arg.fd(Register.TREE),
        Arg.text("tmpfs"),
        Arg.texts(List.of("mode", "700")),
        Arg.number(0));
    out.open(Register.TARGET, Arg.NONE, overlay.target(), SHORT_NAMES);
    out.attach(Register.TREE, SHORT_NAMES);
    List<String> names = new ArrayList<>();
    for (String layer : overlay.lower()) {
      String name = Integer.toString(names.size(), Character.MAX_RADIX);
      String target = layer.startsWith("/") ? layer : overlay.layers() + "/" + layer;
      out.add(SHORT_NAMES, Op.SYMLINK, Arg.fd(Register.TREE), Arg.text(target), Arg.text(name));
      names.add(name);
    }
    out.add(SHORT_NAMES, Op.CHDIR, Arg.text(overlay.target()));
    return names;
  }

  /** All that the configuration names. */
  void mounts() {
    for (Spec.Mount mount : spec.mounts()) {
      mount(mount);
    }
  }

  private void mount(Spec.Mount mount) {
    MountOptions options = MountOptions.parse(mount.options());
    String why = out.cause("mount:" + mount.destination());
    if (mount.type().equals("cgroup") || mount.type().equals("cgroup2")) {
      cgroup(mount, options, why);
    } else if (options.bind() != MountOptions.Bind.NONE) {
      bind(mount, options, why);
    } else {
      target(mount.destination(), Target.DIRECTORY, why);
      List<String> data = new ArrayList<>();
      if (!mount.source().isEmpty()) {
        data.add("source");
        data.add(mount.source());
      }
      data.addAll(options.data());
      fileSystem(Register.TREE, mount.type(), data, options.attributes(), why);
      attach(why, options);
    }
  }

  private void fileSystem(int tree, String type, List<String> data, Arg attributes, String why) {
    out.add(why, Op.FSMOUNT, Arg.fd(tree), Arg.text(type), Arg.texts(data), attributes);
  }

  /**
   * Opens a mount's target, made if it is missing and need not be there. /proc, /sys and /dev must
   * be plain directories: a link in their place could make a mask cover something else
   * (CVE-2019-19921), or put the nodes where they are not looked for.
   */
  void target(String destination, Target kind, String why) {
    boolean kernels =
        kind == Target.THERE
            || destination.equals("/proc")
            || destination.equals("/sys")
            || destination.equals("/dev");
    out.add(
        why,
        Op.OPEN,
        Arg.fd(Register.TARGET),
        ROOT,
        Arg.text(destination),
        switch (kind) {
          case THERE -> Arg.number(0, "0");
          case DIRECTORY -> Arg.number(1, "mkdir");
          case FILE -> Arg.number(2, "create");
        },
        Arg.octal(kind == Target.DIRECTORY ? 0755 : 0644),
        kernels ? Arg.number(Linux.RESOLVE_NO_SYMLINKS, "RESOLVE_NO_SYMLINKS") : Arg.number(0));
  }

  private void attach(String why, MountOptions options) {
    out.attach(Register.TREE, why);
    boolean bind = options.bind() != MountOptions.Bind.NONE;
    long set = bind ? options.set() : 0;
    long clear = bind ? options.clear() : 0;
    if (set == 0 && clear == 0 && options.propagation() == 0) {
      return;
    }
    // The times are one field, not bits: mount_setattr(2) wants all of it cleared first.
    boolean times = ((set | clear) & MountOptions.ATIME) != 0;
    long cleared = times ? clear | MountOptions.ATIME : clear;
    out.add(
        why,
        Op.MOUNT_ATTR,
        Arg.fd(Register.TREE),
        Arg.number(set, MountOptions.names(set)),
        Arg.number(cleared, MountOptions.names(cleared)),
        Arg.number(options.propagation()),
        Arg.number(options.recursive() ? 1 : 0, options.recursive() ? "AT_RECURSIVE" : "0"));
  }

  private void bind(Spec.Mount mount, MountOptions options, String why) {
    boolean tree = options.bind() == MountOptions.Bind.TREE;
    String root = in.within().getOrDefault(mount.source(), "");
    if (handover.isPresent()) {
      handover.get().bind(mount, options, root);
      out.receive(Register.TREE, why);
    } else {
      out.cloneSource(mount.source(), tree, root, why);
    }
    boolean file = in.fileSources().contains(mount.source());
    target(mount.destination(), file ? Target.FILE : Target.DIRECTORY, why);
    attach(why, options);
  }

  /** cgroup v1: a tmpfs that holds a directory for each hierarchy; v2: one file system. */
  private void cgroup(Spec.Mount mount, MountOptions options, String why) {
    boolean alone = in.cgroups().size() == 1 && in.cgroups().get(0).directory().isEmpty();
    if (!alone) {
      target(mount.destination(), Target.DIRECTORY, why);
      long attributes = options.set() & ~MountOptions.RDONLY;
      fileSystem(
          Register.HIERARCHIES,
          "tmpfs",
          List.of("source", "tmpfs", "mode", "755"),
          Arg.number(attributes, MountOptions.names(attributes)),
          why);
      out.attach(Register.HIERARCHIES, why);
    }
    for (PlanCompiler.CgroupMount hierarchy : in.cgroups()) {
      String directory =
          hierarchy.directory().isEmpty()
              ? mount.destination()
              : mount.destination() + "/" + hierarchy.directory();
      target(directory, Target.DIRECTORY, why);
      List<String> data = new ArrayList<>(List.of("source", "cgroup"));
      data.addAll(hierarchy.options());
      fileSystem(Register.TREE, hierarchy.type(), data, options.attributes(), why);
      out.attach(Register.TREE, why);
    }
    if (!alone && (options.set() & MountOptions.RDONLY) != 0) {
      // Only now: the mount points of the hierarchies had to be made in it.
      out.makeReadonly(Register.HIERARCHIES, why);
    }
  }

  /** What nobody in it may see, or write. */
  void hidden() {
    // A name that is there twice is hidden once.
    for (String path : new LinkedHashSet<>(spec.linux().maskedPaths())) {
      out.add(out.cause("masked:" + path), Op.MASK, ROOT, Arg.text(path));
    }
    for (String path : spec.linux().readonlyPaths()) {
      out.add(out.cause("readonly:" + path), Op.READONLY, ROOT, Arg.text(path));
    }
  }

  /** The container's root becomes the root. */
  void pivot() {
    if (spec.root().readonly()) {
      // Only now: all mount points had to be made in it.
      out.makeReadonly(Register.ROOT, out.cause("root.readonly"));
    }
    out.add("the image becomes /, and the host's tree is gone", Op.PIVOT_ROOT, ROOT);
  }
}
