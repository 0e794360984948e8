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
  private static final int PR_SET_SECUREBITS = 28;

  /** capabilities(7): a change of ids leaves the capabilities. */
  private static final long NO_SETUID_FIXUP = 4;

  private static final String WHY = "the host's privileges, for the container's user namespace";
  private static final String HAND = "I has no privileges for this: M hands it over";

  private final Spec spec;
  private final PlanCompiler.Overlay overlay;
  private final StepList out;
  private int nodes;

  Handover(Spec spec, PlanCompiler.Overlay overlay, Causes causes) {
    this.spec = spec;
    this.overlay = overlay;
    this.out = new StepList(causes);
  }

  /** M's steps, in the order in which what follows was called. */
  StepList steps() {
    out.add("back to where the host's mounts are", Op.SETNS, Arg.fd(Slot.TAKE), mountNamespace());
    return out;
  }

  private static Arg mountNamespace() {
    return Arg.number(Namespace.MOUNT.flag(), "CLONE_NEW" + Namespace.MOUNT.suffix());
  }

  /** A pipe is its maker's, the host's root: /dev/stdout could not be opened by its name. */
  static void giveStreams(Stdio stdio, Spec.Process process, Spec spec, StepList out) {
    if (stdio instanceof Stdio.Streams streams) {
      out.giveStreams(
          streams, hostUid(spec, process.user().uid()), hostGid(spec, process.user().gid()));
    }
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
    out.add("M comes back to it", Op.OPEN_NS, Arg.fd(Slot.TAKE), Arg.text("/proc/self/ns/mnt"));
    out.add(WHY + ": a mount namespace to work in", Op.UNSHARE, mountNamespace());
    out.leaveHost(MountSteps.followsHost(spec), "no mount made here is seen by the host");
    out.add(
        "the user namespace, whose maps exist now",
        Op.RECV_FD,
        Arg.fd(Register.USERS),
        Arg.fd(Slot.GIVE));
    scratch();
    String own = overlay.upper().substring(0, overlay.upper().lastIndexOf('/'));
    idmapped(overlay.layers(), "/layers");
    idmapped(own, "/own");
    directory("/root");
    out.add("the layers are named relative to here", Op.CHDIR, Arg.text(overlay.target()));
    boolean idmapped = !ProcessSteps.isRootless(spec);
    if (idmapped) {
      become(hostUid(spec, 0), hostGid(spec, 0), "overlayfs works as who mounts it");
    }
    out.add(
        MountSteps.LAYERS,
        Op.MOUNT,
        Arg.text("overlay"),
        Arg.text("root"),
        Arg.text("overlay"),
        Arg.number(0),
        Arg.text(options(own)));
    if (idmapped) {
      become(0, 0, "and M is root again");
    }
    out.cloneMount(Arg.NONE, "root", HAND);
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
    out.become(uid, gid, why);
    if (root) {
      secure(0, "0", why);
    }
  }

  private void secure(long bits, String name, String why) {
    out.add(
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
    out.add(
        why,
        Op.FSMOUNT,
        Arg.fd(Register.SCRATCH),
        Arg.text("tmpfs"),
        Arg.texts(List.of("mode", "711", "size", "1m")),
        Arg.number(0));
    out.open(Register.TARGET, Arg.NONE, overlay.target(), why);
    out.attach(Register.SCRATCH, why);
  }

  private void directory(String path) {
    out.makeDirectory(Register.TARGET, Register.SCRATCH, path, 0700, WHY + ": a place for it");
  }

  private void idmapped(String directory, String at) {
    // Who is root of a user namespace alone may not do that with a disk of the host's
    // (mount_setattr(2)): there the files are on the disk what they are to be.
    boolean here = ProcessSteps.isRootless(spec);
    String why =
        out.cause("namespace:user")
            + (here ? ": unpacked for its ids" : ": ids on the disk are the container's");
    out.cloneMount(Arg.NONE, directory, why);
    if (!here) {
      out.add(why, Op.IDMAP, Arg.fd(Register.TREE), Arg.fd(Register.USERS));
    }
    directory(at);
    out.attach(Register.TREE, why);
  }

  private String options(String own) {
    List<String> names = new ArrayList<>();
    for (String layer : overlay.lower()) {
      boolean absolute = layer.startsWith("/");
      names.add(absolute ? "own" + layer.substring(own.length()) : "layers/" + layer);
    }
    String text = options(names, own);
    return text.length() <= MountSteps.DATA_LIMIT ? text : options(shortNames(names), own);
  }

  private List<String> shortNames(List<String> names) {
    List<String> links = new ArrayList<>();
    for (String name : names) {
      String link = Integer.toString(links.size(), Character.MAX_RADIX);
      out.add(
          MountSteps.SHORT_NAMES,
          Op.SYMLINK,
          Arg.fd(Register.SCRATCH),
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
        + MountSteps.overlayMode(spec);
  }

  /**
   * The source of a bind mount.
   *
   * @param root the directory of the host in which the kernel resolves it; empty for the host's
   */
  void bind(Spec.Mount mount, MountOptions options, String root) {
    String why = out.cause("mount:" + mount.destination());
    out.cloneSource(mount.source(), options.bind() == MountOptions.Bind.TREE, root, why);
    if (options.idmap()) {
      out.add(
          why + ": its ids are the container's",
          Op.IDMAP,
          Arg.fd(Register.TREE),
          Arg.fd(Register.USERS));
    }
    send();
  }

  /** A device node, of the container alone: what it does to the node it does to no other. */
  void device(Spec.Device device, int type) {
    String why = out.cause("device:" + device.path());
    String name = "node" + nodes++;
    out.add(
        why,
        Op.MKNOD,
        Arg.fd(Register.SCRATCH),
        Arg.text("/" + name),
        Arg.octal(type | device.fileMode().orElse(0666)),
        Arg.number(device.major()),
        Arg.number(device.minor()),
        Arg.number(hostUid(spec, device.uid().orElse(0))),
        Arg.number(hostGid(spec, device.gid().orElse(0))));
    out.cloneMount(Arg.fd(Register.SCRATCH), name, why);
    send();
  }

  /**
   * A connection of fuse(4). It is mounted in the user namespace of who has opened it, and neither
   * I nor the container's cgroup need have the right to open that device.
   */
  void view(String why) {
    out.add(why, Op.OPEN_AS, Arg.fd(Slot.VIEW), Arg.fd(Register.USERS), Arg.text("/dev/fuse"));
    out.add(HAND, Op.SEND_FD, Arg.fd(Slot.GIVE), Arg.fd(Slot.VIEW));
  }

  private void send() {
    out.add(HAND, Op.SEND_FD, Arg.fd(Slot.GIVE), Arg.fd(Register.TREE));
  }
}
