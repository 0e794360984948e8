package dev.mydocker.launch;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import java.util.ArrayList;
import java.util.List;

/**
 * What M does for a container with a user namespace of its own, and hands over to I as descriptors.
 *
 * <p>I has the privileges of its namespace only, in which the host's files belong to nobody: it can
 * mount no file system of a disk, make no device node, and not even look into a directory that is
 * its owner's alone. M has the host's. It waits for the namespace, whose maps exist by then; shows
 * the layers through idmapped mounts, which change no byte on the disk, and an overlay of them, in
 * a mount namespace that it leaves again; and sends that, the sources of the binds and the device
 * nodes, each as a mount that is attached nowhere. I attaches them in the order in which it needs
 * them, as root of its namespace.
 */
final class Handover {
  /** I's and M's register for the user namespace. */
  static final int USERS = Slot.FREE + 16;

  private static final int SCRATCH = Slot.FREE + 15;
  private static final int TREE = Slot.FREE + 1;
  private static final int TARGET = Slot.FREE + 2;
  private static final int PART = Slot.FREE + 6;
  private static final long OPEN_TREE_CLONE = 1;
  private static final long AT_EMPTY_PATH = 0x1000;
  private static final long AT_RECURSIVE = 0x8000;
  private static final int PAGE = 4000;
  private static final int PR_SET_SECUREBITS = 28;

  /** capabilities(7): a change of ids leaves the capabilities. */
  private static final long NO_SETUID_FIXUP = 4;

  private static final String WHY = "the host's privileges, for the container's user namespace";
  private static final String HAND = "I has no privileges for this: M hands it over";

  private final Spec spec;
  private final PlanCompiler.Overlay overlay;
  private final Causes causes;
  private final List<Step> out = new ArrayList<>();
  private int nodes;

  Handover(Spec spec, PlanCompiler.Overlay overlay, Causes causes) {
    this.spec = spec;
    this.overlay = overlay;
    this.causes = causes;
  }

  /** M's steps, in the order in which what follows was called. */
  List<Step> steps() {
    add("back to where the host's mounts are", Op.SETNS, Arg.fd(Slot.TAKE), mountNamespace());
    return out;
  }

  private static Arg mountNamespace() {
    return Arg.number(Namespace.MOUNT.flag(), "CLONE_NEW" + Namespace.MOUNT.suffix());
  }

  /** A pipe is its maker's, the host's root: /dev/stdout could not be opened by its name. */
  static void giveStreams(Stdio stdio, Spec.Process process, Spec spec, List<Step> out) {
    if (!(stdio instanceof Stdio.Streams streams)) {
      return;
    }
    long uid = hostUid(spec, process.user().uid());
    long gid = hostGid(spec, process.user().gid());
    String why = "the user may open its own /dev/stdout";
    if (streams.stdin()) {
      out.add(Step.of(why, Op.FCHOWN, Arg.fd(Slot.STDIN), Arg.number(uid), Arg.number(gid)));
    }
    out.add(Step.of(why, Op.FCHOWN, Arg.fd(Slot.STDOUT), Arg.number(uid), Arg.number(gid)));
    out.add(Step.of(why, Op.FCHOWN, Arg.fd(Slot.STDERR), Arg.number(uid), Arg.number(gid)));
  }

  private static long hostUid(Spec spec, long id) {
    return UserMaps.host(spec.linux().uidMappings(), id).orElse(-1);
  }

  private static long hostGid(Spec spec, long id) {
    return UserMaps.host(spec.linux().gidMappings(), id).orElse(-1);
  }

  /** The root file system, which I receives first. */
  void root(Stdio stdio) {
    giveStreams(stdio, spec.process().orElseThrow(), spec, out);
    // In the place of I's end of the socket: held here too, it would not break with I's end.
    add("M comes back to it", Op.OPEN_NS, Arg.fd(Slot.TAKE), Arg.text("/proc/self/ns/mnt"));
    add(WHY + ": a mount namespace to work in", Op.UNSHARE, mountNamespace());
    boolean slave = spec.linux().rootfsPropagation().orElse("").endsWith("slave");
    long propagation = slave ? MountOptions.MS_SLAVE : MountOptions.MS_PRIVATE;
    add(
        "no mount made here is seen by the host",
        Op.MOUNT,
        Arg.NONE,
        Arg.text("/"),
        Arg.NONE,
        Arg.number(
            MountOptions.MS_REC | propagation, slave ? "MS_REC|MS_SLAVE" : "MS_REC|MS_PRIVATE"),
        Arg.NONE);
    add("the user namespace, whose maps exist now", Op.RECV_FD, Arg.fd(USERS), Arg.fd(Slot.GIVE));
    scratch();
    String own = overlay.upper().substring(0, overlay.upper().lastIndexOf('/'));
    idmapped(overlay.layers(), "/layers");
    idmapped(own, "/own");
    directory("/root");
    add("the layers are named relative to here", Op.CHDIR, Arg.text(overlay.target()));
    boolean idmapped = !ProcessSteps.isRootless(spec);
    if (idmapped) {
      become(hostUid(spec, 0), hostGid(spec, 0), "overlayfs works as who mounts it");
    }
    add(
        "the image's layers, and a layer of the container's own above them",
        Op.MOUNT,
        Arg.text("overlay"),
        Arg.text("root"),
        Arg.text("overlay"),
        Arg.number(0),
        Arg.text(options(own)));
    if (idmapped) {
      become(0, 0, "and M is root again");
    }
    tree(Arg.NONE, "root", OPEN_TREE_CLONE, "OPEN_TREE_CLONE", HAND);
    send();
  }

  /**
   * Takes an id and keeps the capabilities. The id 0 is none that an idmapped layer knows: nothing
   * could be made in it, as overlayfs does with its mounter's id and capabilities.
   */
  private void become(long uid, long gid, String why) {
    boolean root = uid == 0;
    if (!root) {
      secure(NO_SETUID_FIXUP, "SECBIT_NO_SETUID_FIXUP", why);
    }
    add(why, Op.SETRESGID, Arg.number(gid));
    add(why, Op.SETRESUID, Arg.number(uid));
    if (root) {
      secure(0, "0", why);
    }
  }

  private void secure(long bits, String name, String why) {
    add(
        why,
        Op.PRCTL,
        Arg.number(PR_SET_SECUREBITS, "PR_SET_SECUREBITS"),
        Arg.number(bits, name),
        Arg.number(0),
        Arg.number(0),
        Arg.number(0));
  }

  /** A file system of its own, for what is needed on the way. */
  private void scratch() {
    String why = WHY + ": where it is put together";
    add(
        why,
        Op.FSMOUNT,
        Arg.fd(SCRATCH),
        Arg.text("tmpfs"),
        Arg.texts(List.of("mode", "711", "size", "1m")),
        Arg.number(0));
    open(TARGET, Arg.NONE, overlay.target(), why);
    add(why, Op.ATTACH, Arg.fd(SCRATCH), Arg.fd(TARGET));
  }

  private void directory(String path) {
    add(
        WHY + ": a place for it",
        Op.OPEN,
        Arg.fd(TARGET),
        Arg.fd(SCRATCH),
        Arg.text(path),
        Arg.number(1, "mkdir"),
        Arg.octal(0700),
        Arg.number(0));
  }

  private void idmapped(String directory, String at) {
    // Who is root of a user namespace alone may not do that with a disk of the host's
    // (mount_setattr(2)): there the files are on the disk what they are to be.
    boolean here = ProcessSteps.isRootless(spec);
    String why =
        cause("namespace:user")
            + (here ? ": unpacked for its ids" : ": ids on the disk are the container's");
    tree(Arg.NONE, directory, OPEN_TREE_CLONE, "OPEN_TREE_CLONE", why);
    if (!here) {
      add(why, Op.IDMAP, Arg.fd(TREE), Arg.fd(USERS));
    }
    directory(at);
    add(why, Op.ATTACH, Arg.fd(TREE), Arg.fd(TARGET));
  }

  private String options(String own) {
    List<String> names = new ArrayList<>();
    for (String layer : overlay.lower()) {
      boolean absolute = layer.startsWith("/");
      names.add(absolute ? "own" + layer.substring(own.length()) : "layers/" + layer);
    }
    String text = options(names, own);
    return text.length() <= PAGE ? text : options(shortNames(names), own);
  }

  /** mount(2) takes one page of options. */
  private List<String> shortNames(List<String> names) {
    List<String> links = new ArrayList<>();
    for (String name : names) {
      String link = Integer.toString(links.size(), Character.MAX_RADIX);
      add(
          "many layers: short names for them, as mount(2) takes one page of options",
          Op.SYMLINK,
          Arg.fd(SCRATCH),
          Arg.text(name),
          Arg.text("/" + link));
      links.add(link);
    }
    return links;
  }

  private String options(List<String> lower, String own) {
    return "lowerdir="
        + String.join(":", lower)
        + ",upperdir=own"
        + overlay.upper().substring(own.length())
        + ",workdir=own"
        + overlay.work().substring(own.length())
        // See PlanCompiler.overlayOptions.
        + (ProcessSteps.isRootless(spec) ? ",userxattr" : "");
  }

  /**
   * The source of a bind mount.
   *
   * @param root the directory of the host in which the kernel resolves it; empty for the host's
   */
  void bind(Spec.Mount mount, MountOptions options, String root) {
    String why = cause("mount:" + mount.destination());
    boolean recursive = options.bind() == MountOptions.Bind.TREE;
    long flags = OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0);
    String names = recursive ? "OPEN_TREE_CLONE|AT_RECURSIVE" : "OPEN_TREE_CLONE";
    if (root.isEmpty()) {
      tree(Arg.NONE, mount.source(), flags, names, why);
    } else {
      open(PART, Arg.NONE, root, why);
      open(PART, Arg.fd(PART), mount.source().substring(root.length()), why);
      tree(Arg.fd(PART), "", flags | AT_EMPTY_PATH, names + "|AT_EMPTY_PATH", why);
    }
    if (options.idmap()) {
      add(why + ": its ids are the container's", Op.IDMAP, Arg.fd(TREE), Arg.fd(USERS));
    }
    send();
  }

  /** A device node, of the container alone: what it does to the node it does to no other. */
  void device(Spec.Device device, int type) {
    String why = cause("device:" + device.path());
    String name = "node" + nodes++;
    add(
        why,
        Op.MKNOD,
        Arg.fd(SCRATCH),
        Arg.text("/" + name),
        Arg.octal(type | device.fileMode().orElse(0666)),
        Arg.number(device.major()),
        Arg.number(device.minor()),
        Arg.number(hostUid(spec, device.uid().orElse(0))),
        Arg.number(hostGid(spec, device.gid().orElse(0))));
    tree(Arg.fd(SCRATCH), name, OPEN_TREE_CLONE, "OPEN_TREE_CLONE", why);
    send();
  }

  /**
   * A connection of fuse(4). It is mounted in the user namespace of who has opened it, and neither
   * I nor the container's cgroup need have the right to open that device.
   */
  void view(String why) {
    add(why, Op.OPEN_AS, Arg.fd(Slot.VIEW), Arg.fd(USERS), Arg.text("/dev/fuse"));
    add(HAND, Op.SEND_FD, Arg.fd(Slot.GIVE), Arg.fd(Slot.VIEW));
  }

  private void tree(Arg at, String path, long flags, String names, String why) {
    add(why, Op.OPEN_TREE, Arg.fd(TREE), at, Arg.text(path), Arg.number(flags, names));
  }

  private void send() {
    add(HAND, Op.SEND_FD, Arg.fd(Slot.GIVE), Arg.fd(TREE));
  }

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

  private String cause(String key) {
    return causes.of(key);
  }

  private void add(String why, Op op, Arg... args) {
    out.add(Step.of(why, op, args));
  }
}
