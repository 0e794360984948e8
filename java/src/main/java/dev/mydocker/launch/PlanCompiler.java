package dev.mydocker.launch;

import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns an OCI configuration into a launch plan: a pure function, and the one place that decides in
 * which order things are done. Where the kernel forces an order, the reason stands at that step.
 */
public final class PlanCompiler {
  /** The point where I waits for the JVM: id maps, cgroup, network. */
  public static final int PREPARED = 1;

  /** Where a container with networks asks for names, in its own network namespace. */
  public static final String RESOLVER_ADDRESS = "127.0.0.11";

  /** The same as a number, the first byte the highest. */
  public static final int RESOLVER = 0x7f00000b;

  /** Where it listens: no port that the kernel gives away by itself, nor anybody known. */
  public static final int RESOLVER_PORT = 61053;

  private static final int ROOT = Slot.FREE;
  private static final int TREE = Slot.FREE + 1;
  private static final int TARGET = Slot.FREE + 2;
  private static final int HIERARCHIES = Slot.FREE + 5;
  private static final int PART = Slot.FREE + 6;
  private static final int VIEW = Slot.FREE + 7;
  private static final int ASIDE = Slot.FREE + 17;
  private static final long SOCK_STREAM = 1;
  private static final long SOCK_DGRAM = 2;

  /** The slot of a namespace to join: {@code FIRST_JOINED + namespace.ordinal()}. */
  public static final int FIRST_JOINED = Slot.FREE + 8;

  private static final Arg ROOT_FD = Arg.fd(ROOT);
  private static final long OPEN_TREE_CLONE = 1;
  private static final long AT_EMPTY_PATH = 0x1000;
  private static final long AT_RECURSIVE = 0x8000;
  private static final long RESOLVE_NO_SYMLINKS = Linux.RESOLVE_NO_SYMLINKS;

  /** Whoever reads /proc may read these (fuse(8)); the number is the mode of a directory. */
  private static final List<String> VIEW_OPTIONS =
      List.of(
          "source",
          "mydocker",
          "rootmode",
          "40000",
          "user_id",
          "0",
          "group_id",
          "0",
          "allow_other",
          "",
          "default_permissions",
          "");

  private static final long VIEW_ATTRIBUTES =
      MountOptions.NOSUID | MountOptions.NODEV | MountOptions.NOEXEC;

  /** mount(2), NOTES: one page at most, the smallest there is; with room for its end. */
  private static final int MOUNT_DATA_LIMIT = 4000;

  /**
   * The root file system.
   *
   * @param layers the directory that holds the layers
   * @param lower names below it, the uppermost layer first
   * @param upper what the container writes
   * @param work overlayfs's own directory beside {@code upper}
   * @param target where it is mounted, in the container's mount namespace only
   */
  public record Overlay(
      String layers, List<String> lower, String upper, String work, String target) {
    public Overlay {
      lower = List.copyOf(lower);
    }
  }

  /**
   * Everything a plan is made from.
   *
   * @param id the container's id
   * @param spec its OCI configuration
   * @param causes which flag, image field or default caused each part of it
   * @param overlay its root file system
   * @param stdio its standard input and output
   * @param entries the v1 cgroups it enters
   * @param unified whether {@link Slot#CGROUP} is its cgroup of version 2
   * @param cgroups where each cgroup hierarchy is mounted in it
   * @param fileSources bind sources that are files, not directories
   * @param within of a bind source that somebody else has a say in, the directory of the host in
   *     which it is resolved
   * @param view the files that show its limits, which its monitor serves
   * @param resolver whether its monitor is its name server, {@link #RESOLVER_ADDRESS}
   * @param init whether a small init stands in front of the command (--init)
   * @param seccomp the spec's filter of system calls, compiled
   */
  public record Input(
      String id,
      Spec spec,
      Causes causes,
      Overlay overlay,
      Stdio stdio,
      List<CgroupEntry> entries,
      boolean unified,
      List<CgroupMount> cgroups,
      Set<String> fileSources,
      Map<String, String> within,
      List<ViewFile> view,
      boolean resolver,
      boolean init,
      Optional<SeccompProgram> seccomp) {
    public Input {
      within = Map.copyOf(within);
      view = List.copyOf(view);
      entries = List.copyOf(entries);
      cgroups = List.copyOf(cgroups);
      fileSources = Set.copyOf(fileSources);
    }
  }

  /**
   * A cgroup hierarchy inside the container.
   *
   * @param directory its directory below /sys/fs/cgroup, empty for v2 alone
   * @param type {@code cgroup} or {@code cgroup2}
   * @param options what fsconfig(2) is told: the controllers, or the hierarchy's name
   */
  public record CgroupMount(String directory, String type, List<String> options) {
    public CgroupMount {
      options = List.copyOf(options);
    }
  }

  private final Input in;
  private final Spec spec;
  private final Spec.Process process;
  private final ProcessSteps steps;

  /** Whether M, with the host's privileges, puts together what I cannot. */
  private final boolean handed;

  private final Optional<Handover> handover;
  private final List<Step> monitor = new ArrayList<>();
  private final List<Step> init = new ArrayList<>();

  private PlanCompiler(Input in) {
    this.in = in;
    this.spec = in.spec();
    this.process =
        spec.process().orElseThrow(() -> new IllegalArgumentException("the spec has no process"));
    Optional<String> watch =
        in.view().isEmpty()
            ? Optional.empty()
            : Optional.of(
                cause(in.view().get(0).cause(spec)) + ": sysinfo(2) is answered by the monitor");
    this.handed = ProcessSteps.isHanded(spec);
    this.handover =
        handed ? Optional.of(new Handover(spec, in.overlay(), in.causes())) : Optional.empty();
    this.steps =
        new ProcessSteps(process, in.causes(), in.stdio(), in.seccomp(), watch, spec, init);
  }

  /** The plan of {@code input}. */
  public static LaunchPlan compile(Input input) {
    PlanCompiler compiler = new PlanCompiler(input);
    compiler.monitor();
    compiler.init();
    if (compiler.handed) {
      // Between the clone and the monitor: a PID namespace of its own is what it has, too.
      int last = compiler.monitor.size() - 1;
      compiler.monitor.addAll(last, compiler.handover.get().steps());
    }
    return new LaunchPlan(compiler.monitor, compiler.init);
  }

  // ---- M ----------------------------------------------------------------------------------------

  /**
   * A container with PIDs of its own is cloned by the JVM's child; one that lives among other
   * processes' PIDs is cloned by the static monitor, which has nothing of the host mapped.
   */
  private void monitor() {
    boolean alone = has("pid");
    List<Step> clone = new ArrayList<>();
    if (joins(Namespace.PID)) {
      // A PID namespace is joined by its joiner's children (setns(2)), so M joins it.
      clone.add(setns(Namespace.PID));
    }
    clone.add(cloneInit());
    long first = initSlots() | Slot.set(Slot.PLAN) | (in.unified() ? Slot.set(Slot.CGROUP) : 0);
    long kept = monitorSlots() | (alone ? 0 : first);
    Step exec =
        Step.of(
            "M becomes the static monitor, from a sealed memfd: it outlives the JVM",
            Op.EXEC_MONITOR,
            Arg.fd(Slot.MONITOR_IMAGE),
            Arg.texts(List.of("mydocker-monitor", in.id())),
            Arg.slots(kept));
    if (!alone) {
      monitor.add(exec);
    }
    monitor.addAll(clone);
    if (alone) {
      monitor.add(exec);
    }
  }

  private Step cloneInit() {
    long flags = 0;
    StringBuilder names = new StringBuilder();
    StringBuilder why = new StringBuilder("namespaces of its own:");
    for (Namespace n : Namespace.values()) {
      if (n != Namespace.CGROUP && has(n.oci())) {
        flags |= n.flag();
        names.append(names.length() == 0 ? "" : "|").append("CLONE_NEW").append(n.suffix());
        why.append(' ').append(n.oci());
      }
    }
    return Step.of(
        flags == 0 ? "the container's first process" : why.toString(),
        Op.CLONE_INIT,
        Arg.number(flags, flags == 0 ? "0" : names.toString()),
        Arg.slots(initSlots()),
        in.unified() ? Arg.fd(Slot.CGROUP) : Arg.NONE);
  }

  private boolean joins(Namespace kind) {
    for (Spec.Namespace n : spec.linux().namespaces()) {
      if (n.type().equals(kind.oci()) && n.path().isPresent()) {
        return true;
      }
    }
    return false;
  }

  private Step setns(Namespace kind) {
    return Step.of(
        cause("namespace:" + kind.oci()),
        Op.SETNS,
        Arg.fd(FIRST_JOINED + kind.ordinal()),
        Arg.number(kind.flag(), "CLONE_NEW" + kind.suffix()));
  }

  private static long monitorSlots() {
    return Slot.set(
        Slot.RECORDING,
        Slot.LIFE,
        Slot.RUN_DIRECTORY,
        Slot.CLIENT,
        Slot.CONSOLE_IN,
        Slot.TO_STDIN,
        Slot.FROM_STDOUT,
        Slot.FROM_STDERR,
        Slot.LISTEN,
        Slot.LOG,
        Slot.VIEW_IN,
        Slot.PORTS);
  }

  private long initSlots() {
    long joined = 0;
    for (Namespace kind : Namespace.values()) {
      joined |= joins(kind) ? Slot.set(FIRST_JOINED + kind.ordinal()) : 0;
    }
    return Slot.set(Slot.SYNC, Slot.CONSOLE_OUT, Slot.STDIN, Slot.STDOUT, Slot.STDERR)
        | (in.init() ? Slot.set(Slot.MONITOR_IMAGE) : 0)
        | (in.view().isEmpty() ? 0 : Slot.set(Slot.VIEW_OUT, Slot.VIEW))
        | (in.resolver() ? Slot.set(Slot.VIEW_OUT) : 0)
        | (handed ? Slot.set(Slot.TAKE) : 0)
        | joined;
  }

  // ---- I ----------------------------------------------------------------------------------------

  private void init() {
    steps.name("ns");
    add(
        "the JVM writes maps and makes links from outside",
        Op.SYNC,
        Arg.fd(Slot.SYNC),
        Arg.number(PREPARED));
    steps.enter(in.entries());
    for (Namespace kind : Namespace.values()) {
      // The user namespace first: it decides whether the others may be joined.
      if (joins(kind) && kind != Namespace.PID) {
        init.add(setns(kind));
      }
    }
    if (handed) {
      meetMonitor();
    }
    if (has("user")) {
      // The maps exist now: only as an id of the new namespace may anything be made in it.
      add("root of the user namespace", Op.SETRESGID, Arg.number(0));
      add("root of the user namespace", Op.SETRESUID, Arg.number(0));
    }
    if (has("cgroup")) {
      // Only now: the root of a cgroup namespace is where its maker is.
      add(
          cause("namespace:cgroup"),
          Op.UNSHARE,
          Arg.number(Namespace.CGROUP.flag(), "CLONE_NEWCGROUP"));
    }
    steps.name("mounts");
    root();
    for (Spec.Mount mount : spec.mounts()) {
      mount(mount);
    }
    devices();
    add(
        cause("cwd") + ": made if it is missing",
        Op.OPEN,
        Arg.fd(TARGET),
        ROOT_FD,
        Arg.text(process.cwd()),
        Arg.number(1, "mkdir"),
        Arg.octal(0755),
        Arg.number(0));
    sysctls();
    console();
    view();
    hidden();
    steps.name("root");
    identity();
    pivot();
    steps.name("process");
    steps.prepare();
    steps.name("exec");
    steps.execute(in.init());
  }

  /** Still with an id of the host's, which may open these. */
  private void meetMonitor() {
    add(
        "M shows the layers by it",
        Op.OPEN_NS,
        Arg.fd(Handover.USERS),
        Arg.text("/proc/self/ns/user"));
    add("M shows the layers by it", Op.SEND_FD, Arg.fd(Slot.TAKE), Arg.fd(Handover.USERS));
    open(TARGET, Arg.NONE, in.overlay().target(), "where the new root will be");
    if (!in.view().isEmpty()) {
      open(ASIDE, Arg.NONE, in.overlay().layers(), "where the monitor's files will be at first");
    }
    steps.oomScore();
  }

  /** What M sends next. */
  private void receive(int slot, String why) {
    add(why, Op.RECV_FD, Arg.fd(slot), Arg.fd(Slot.TAKE));
  }

  private void root() {
    Overlay overlay = in.overlay();
    // What is mounted from here on must not reach the host: overlay, /proc and all the rest.
    boolean slave = spec.linux().rootfsPropagation().orElse("").endsWith("slave");
    add(
        "no mount made here is seen by the host"
            + (slave ? "; " + cause("rootfsPropagation") + ": the host's are seen here" : ""),
        Op.MOUNT,
        Arg.NONE,
        Arg.text("/"),
        Arg.NONE,
        slave
            ? Arg.number(MountOptions.MS_REC | MountOptions.MS_SLAVE, "MS_REC|MS_SLAVE")
            : Arg.number(MountOptions.MS_REC | MountOptions.MS_PRIVATE, "MS_REC|MS_PRIVATE"),
        Arg.NONE);
    if (handed) {
      handover.get().root(in.stdio());
      receive(ROOT, "the image's layers, and a layer of the container's own above them");
      add(
          "the new root: every path below is resolved inside it",
          Op.ATTACH,
          ROOT_FD,
          Arg.fd(TARGET));
      return;
    }
    String options = overlayOptions(overlay.lower());
    if (options.length() <= MOUNT_DATA_LIMIT) {
      add("the layers are named relative to here", Op.CHDIR, Arg.text(overlay.layers()));
    } else {
      options = overlayOptions(shortNames());
    }
    add(
        "the image's layers, and a layer of the container's own above them",
        Op.MOUNT,
        Arg.text("overlay"),
        Arg.text(overlay.target()),
        Arg.text("overlay"),
        Arg.number(0),
        Arg.text(options));
    add(
        "the new root: every path below is resolved inside it",
        Op.OPEN,
        ROOT_FD,
        Arg.NONE,
        Arg.text(overlay.target()),
        Arg.number(0),
        Arg.number(0),
        Arg.number(0));
  }

  private String overlayOptions(List<String> lower) {
    return "lowerdir="
        + String.join(":", lower)
        + ",upperdir="
        + escaped(in.overlay().upper())
        + ",workdir="
        + escaped(in.overlay().work())
        // Nobody in a user namespace may set the trusted attributes that are usual (Linux 5.11).
        + (ProcessSteps.isRootless(spec) ? ",userxattr" : "");
  }

  /** Overlayfs takes a backslash from before any character of a path (ovl_unescape). */
  private static String escaped(String path) {
    return path.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:");
  }

  /**
   * More layers than their names' lengths allow: mount(2) takes one page of options. Links with
   * short names are made in a file system of this mount namespace, where the overlay then covers
   * them.
   */
  private List<String> shortNames() {
    String why = "many layers: short names for them, as mount(2) takes one page of options";
    Overlay overlay = in.overlay();
    add(
        why,
        Op.FSMOUNT,
        Arg.fd(TREE),
        Arg.text("tmpfs"),
        Arg.texts(List.of("mode", "700")),
        Arg.number(0));
    open(TARGET, Arg.NONE, overlay.target(), why);
    add(why, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
    List<String> names = new ArrayList<>();
    for (String layer : overlay.lower()) {
      String name = Integer.toString(names.size(), Character.MAX_RADIX);
      String target = layer.startsWith("/") ? layer : overlay.layers() + "/" + layer;
      add(why, Op.SYMLINK, Arg.fd(TREE), Arg.text(target), Arg.text(name));
      names.add(name);
    }
    add(why, Op.CHDIR, Arg.text(overlay.target()));
    return names;
  }

  private void mount(Spec.Mount mount) {
    MountOptions options = MountOptions.parse(mount.options());
    String why = cause("mount:" + mount.destination());
    if (mount.type().equals("cgroup") || mount.type().equals("cgroup2")) {
      cgroup(mount, options, why);
    } else if (options.bind() != MountOptions.Bind.NONE) {
      bind(mount, options, why);
    } else {
      target(mount.destination(), 1, why);
      List<String> data = new ArrayList<>();
      if (!mount.source().isEmpty()) {
        data.add("source");
        data.add(mount.source());
      }
      data.addAll(options.data());
      add(
          why,
          Op.FSMOUNT,
          Arg.fd(TREE),
          Arg.text(mount.type()),
          Arg.texts(data),
          options.attributes());
      attach(why, options);
    }
  }

  /**
   * Opens a mount's target, made if it is missing and {@code create} is not 0. /proc, /sys and /dev
   * must be plain directories: a link in their place could make a mask cover something else
   * (CVE-2019-19921), or put the nodes where they are not looked for.
   */
  private void target(String destination, int create, String why) {
    boolean kernels =
        create == 0
            || destination.equals("/proc")
            || destination.equals("/sys")
            || destination.equals("/dev");
    add(
        why,
        Op.OPEN,
        Arg.fd(TARGET),
        ROOT_FD,
        Arg.text(destination),
        Arg.number(create, create == 0 ? "0" : create == 1 ? "mkdir" : "create"),
        Arg.octal(create == 1 ? 0755 : 0644),
        kernels ? Arg.number(RESOLVE_NO_SYMLINKS, "RESOLVE_NO_SYMLINKS") : Arg.number(0));
  }

  private void attach(String why, MountOptions options) {
    add(why, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
    boolean bind = options.bind() != MountOptions.Bind.NONE;
    long set = bind ? options.set() : 0;
    long clear = bind ? options.clear() : 0;
    if (set == 0 && clear == 0 && options.propagation() == 0) {
      return;
    }
    boolean times = ((set | clear) & MountOptions.ATIME) != 0;
    add(
        why,
        Op.MOUNT_ATTR,
        Arg.fd(TREE),
        Arg.number(set, MountOptions.names(set)),
        // The times are one field, not bits: mount_setattr(2) wants all of it cleared first.
        times
            ? Arg.number(clear | MountOptions.ATIME, MountOptions.names(clear | MountOptions.ATIME))
            : Arg.number(clear, MountOptions.names(clear)),
        Arg.number(options.propagation()),
        Arg.number(options.recursive() ? 1 : 0, options.recursive() ? "AT_RECURSIVE" : "0"));
  }

  private void bind(Spec.Mount mount, MountOptions options, String why) {
    boolean tree = options.bind() == MountOptions.Bind.TREE;
    long flags = OPEN_TREE_CLONE | (tree ? AT_RECURSIVE : 0);
    String names = tree ? "OPEN_TREE_CLONE|AT_RECURSIVE" : "OPEN_TREE_CLONE";
    Optional<String> root = Optional.ofNullable(in.within().get(mount.source()));
    if (handed) {
      handover.get().bind(mount, options, root.orElse(""));
      receive(TREE, why);
    } else if (root.isPresent()) {
      // A link in a volume leads to something in the volume: it is another container's word.
      open(PART, Arg.NONE, root.get(), why);
      open(PART, Arg.fd(PART), mount.source().substring(root.get().length()), why);
      add(
          why,
          Op.OPEN_TREE,
          Arg.fd(TREE),
          Arg.fd(PART),
          Arg.text(""),
          Arg.number(flags | AT_EMPTY_PATH, names + "|AT_EMPTY_PATH"));
    } else {
      add(
          why,
          Op.OPEN_TREE,
          Arg.fd(TREE),
          Arg.NONE,
          Arg.text(mount.source()),
          Arg.number(flags, names));
    }
    target(mount.destination(), in.fileSources().contains(mount.source()) ? 2 : 1, why);
    attach(why, options);
  }

  /** Opens what must be there. */
  private void open(int slot, Arg root, String path, String why) {
    add(
        why,
        Op.OPEN,
        Arg.fd(slot),
        root,
        Arg.text(path),
        Arg.number(0),
        Arg.number(0),
        Arg.number(0));
  }

  /** cgroup v1: a tmpfs that holds a directory for each hierarchy; v2: one file system. */
  private void cgroup(Spec.Mount mount, MountOptions options, String why) {
    boolean alone = in.cgroups().size() == 1 && in.cgroups().get(0).directory().isEmpty();
    if (!alone) {
      target(mount.destination(), 1, why);
      add(
          why,
          Op.FSMOUNT,
          Arg.fd(HIERARCHIES),
          Arg.text("tmpfs"),
          Arg.texts(List.of("source", "tmpfs", "mode", "755")),
          Arg.number(
              options.set() & ~MountOptions.RDONLY,
              MountOptions.names(options.set() & ~MountOptions.RDONLY)));
      add(why, Op.ATTACH, Arg.fd(HIERARCHIES), Arg.fd(TARGET));
    }
    for (CgroupMount hierarchy : in.cgroups()) {
      String directory =
          hierarchy.directory().isEmpty()
              ? mount.destination()
              : mount.destination() + "/" + hierarchy.directory();
      target(directory, 1, why);
      add(
          why,
          Op.FSMOUNT,
          Arg.fd(TREE),
          Arg.text(hierarchy.type()),
          Arg.texts(sourced(hierarchy)),
          options.attributes());
      add(why, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
    }
    if (!alone && (options.set() & MountOptions.RDONLY) != 0) {
      // Only now: the mount points of the hierarchies had to be made in it.
      add(
          why,
          Op.MOUNT_ATTR,
          Arg.fd(HIERARCHIES),
          Arg.number(MountOptions.RDONLY, "MOUNT_ATTR_RDONLY"),
          Arg.number(0),
          Arg.number(0),
          Arg.number(0));
    }
  }

  private static List<String> sourced(CgroupMount hierarchy) {
    List<String> options = new ArrayList<>(List.of("source", "cgroup"));
    options.addAll(hierarchy.options());
    return options;
  }

  private void devices() {
    Set<String> made = new HashSet<>();
    for (Spec.Device device : spec.linux().devices()) {
      int type =
          switch (device.type()) {
            case "b" -> Linux.S_IFBLK;
            case "p" -> Linux.S_IFIFO;
            default -> Linux.S_IFCHR;
          };
      String parent = device.path().substring(0, device.path().lastIndexOf('/'));
      if (!parent.equals("/dev") && made.add(parent)) {
        target(parent, 1, cause("device:" + device.path()));
      }
      if (handed) {
        handover.get().device(device, type);
        target(device.path(), 2, cause("device:" + device.path()));
        receive(TREE, cause("device:" + device.path()));
        add(cause("device:" + device.path()), Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
        continue;
      }
      add(
          cause("device:" + device.path()),
          Op.MKNOD,
          ROOT_FD,
          Arg.text(device.path()),
          Arg.octal(type | device.fileMode().orElse(0666)),
          Arg.number(device.major()),
          Arg.number(device.minor()),
          Arg.number(device.uid().orElse(0)),
          Arg.number(device.gid().orElse(0)));
    }
    if (bindsDev()) {
      return;
    }
    link("/proc/self/fd", "/dev/fd");
    link("/proc/self/fd/0", "/dev/stdin");
    link("/proc/self/fd/1", "/dev/stdout");
    link("/proc/self/fd/2", "/dev/stderr");
    link("pts/ptmx", "/dev/ptmx");
  }

  /** Whether /dev is a directory of the host, in which nothing is made. */
  private boolean bindsDev() {
    for (Spec.Mount mount : spec.mounts()) {
      if (mount.destination().equals("/dev") && !mount.type().equals("tmpfs")) {
        return true;
      }
    }
    return false;
  }

  private void link(String target, String path) {
    add("default: the usual links of /dev", Op.SYMLINK, ROOT_FD, Arg.text(target), Arg.text(path));
  }

  private void sysctls() {
    spec.linux()
        .sysctl()
        .forEach(
            (key, value) ->
                add(
                    cause("sysctl:" + key),
                    Op.WRITE_FILE,
                    ROOT_FD,
                    Arg.text("/proc/sys/" + key.replace('.', '/')),
                    Arg.content(value)));
  }

  private void console() {
    if (!(in.stdio() instanceof Stdio.Terminal)) {
      return;
    }
    steps.terminal(ROOT);
    String why = "--tty: the terminal is /dev/console as well";
    target("/dev/console", 2, why);
    add(
        why,
        Op.OPEN_TREE,
        Arg.fd(TREE),
        Arg.fd(ProcessSteps.TERMINAL),
        Arg.text(""),
        Arg.number(OPEN_TREE_CLONE | AT_EMPTY_PATH, "OPEN_TREE_CLONE|AT_EMPTY_PATH"));
    add(why, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
  }

  /**
   * The monitor answers from the moment it has the connection, and each file that is looked for
   * here is asked of it.
   */
  private void view() {
    if (in.view().isEmpty()) {
      return;
    }
    String why = cause(in.view().get(0).cause(spec)) + ": the monitor shows it in files of its own";
    if (handed) {
      handover.get().view(why);
      receive(Slot.VIEW, why);
    }
    add(
        why,
        Op.FSMOUNT_FD,
        Arg.fd(VIEW),
        Arg.text("fuse"),
        Arg.texts(VIEW_OPTIONS),
        Arg.number(VIEW_ATTRIBUTES, MountOptions.names(VIEW_ATTRIBUTES)),
        Arg.fd(Slot.VIEW));
    add(why, Op.SEND_FD, Arg.fd(Slot.VIEW_OUT), Arg.fd(Slot.VIEW));
    // In the connection's place: held here too, it would not break with the monitor's end. Where
    // nobody looks any more, as the layers are mounted, and from where it goes with the host's
    // tree: until Linux 6.15 nothing can be cloned from a mount that is attached nowhere.
    if (handed) {
      // That directory is no id's of the container: it was opened before.
      add(
          why,
          Op.OPEN_TREE,
          Arg.fd(Slot.VIEW),
          Arg.fd(ASIDE),
          Arg.text(""),
          Arg.number(AT_EMPTY_PATH, "AT_EMPTY_PATH"));
    } else {
      open(Slot.VIEW, Arg.NONE, in.overlay().layers(), why);
    }
    add(why, Op.ATTACH, Arg.fd(VIEW), Arg.fd(Slot.VIEW));
    for (ViewFile file : in.view()) {
      String shows = cause(file.cause(spec)) + ": shown in " + file.path();
      target(file.path(), 0, shows);
      add(
          shows,
          Op.OPEN_TREE,
          Arg.fd(TREE),
          Arg.fd(VIEW),
          Arg.text(file.file()),
          Arg.number(OPEN_TREE_CLONE, "OPEN_TREE_CLONE"));
      add(shows, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
    }
  }

  private void hidden() {
    // A name that is there twice is hidden once.
    for (String path : new LinkedHashSet<>(spec.linux().maskedPaths())) {
      add(cause("masked:" + path), Op.MASK, ROOT_FD, Arg.text(path));
    }
    for (String path : spec.linux().readonlyPaths()) {
      add(cause("readonly:" + path), Op.READONLY, ROOT_FD, Arg.text(path));
    }
  }

  private void identity() {
    if (has("network")) {
      add("its own network has one link, lo: up", Op.LOOPBACK_UP);
    }
    if (in.resolver()) {
      serve(SOCK_DGRAM, "SOCK_DGRAM");
      serve(SOCK_STREAM, "SOCK_STREAM");
    }
    if (has("uts")) {
      spec.hostname().ifPresent(h -> add(cause("hostname"), Op.SETHOSTNAME, Arg.text(h)));
      spec.domainname().ifPresent(d -> add(cause("domainname"), Op.SETDOMAINNAME, Arg.text(d)));
    }
  }

  /** Before there is anybody in the container who could take the port. */
  private void serve(long type, String name) {
    String why = "containers of its networks have names: the monitor answers who asks for them";
    add(
        why,
        Op.BIND,
        Arg.fd(TREE),
        Arg.number(type, name),
        Arg.number(RESOLVER, RESOLVER_ADDRESS),
        Arg.number(RESOLVER_PORT));
    add(why, Op.SEND_FD, Arg.fd(Slot.VIEW_OUT), Arg.fd(TREE));
  }

  private void pivot() {
    if (!handed) {
      steps.oomScore();
    }
    steps.apparmor();
    if (spec.root().readonly()) {
      // Only now: the mount points above had to be made in it.
      add(
          cause("root.readonly"),
          Op.MOUNT_ATTR,
          ROOT_FD,
          Arg.number(MountOptions.RDONLY, "MOUNT_ATTR_RDONLY"),
          Arg.number(0),
          Arg.number(0),
          Arg.number(0));
    }
    add("the image becomes /, and the host's tree is gone", Op.PIVOT_ROOT, ROOT_FD);
  }

  // ---- helpers ----------------------------------------------------------------------------------

  /** Whether it gets such a namespace of its own. */
  private boolean has(String type) {
    for (Spec.Namespace n : spec.linux().namespaces()) {
      if (n.type().equals(type) && n.path().isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private String cause(String key) {
    return in.causes().of(key);
  }

  private void add(String why, Op op, Arg... args) {
    init.add(Step.of(why, op, args));
  }
}
