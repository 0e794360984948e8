package dev.mydocker.launch;

import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Spec;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is in a container's /dev, and what its monitor shows it of the machine, by I. */
final class DeviceSteps {
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

  private final PlanCompiler.Input in;
  private final Spec spec;
  private final Optional<Handover> handover;
  private final MountSteps mounts;
  private final StepList out;

  /**
   * Steps of them.
   *
   * @param handover what M does for I, when that has no privileges on the host
   * @param mounts where they are attached
   * @param out I's
   */
  DeviceSteps(PlanCompiler.Input in, Optional<Handover> handover, MountSteps mounts, StepList out) {
    this.in = in;
    this.spec = in.spec();
    this.handover = handover;
    this.mounts = mounts;
    this.out = out;
  }

  /** Its nodes, and the usual links beside them. */
  void devices() {
    Set<String> made = new HashSet<>();
    for (Spec.Device device : spec.linux().devices()) {
      String parent = device.path().substring(0, device.path().lastIndexOf('/'));
      if (!parent.equals("/dev") && made.add(parent)) {
        mounts.target(parent, MountSteps.Target.DIRECTORY, out.cause("device:" + device.path()));
      }
      node(device);
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

  private void node(Spec.Device device) {
    int type =
        switch (device.type()) {
          case "b" -> Linux.S_IFBLK;
          case "p" -> Linux.S_IFIFO;
          default -> Linux.S_IFCHR;
        };
    String why = out.cause("device:" + device.path());
    if (handover.isPresent()) {
      handover.get().device(device, type);
      mounts.target(device.path(), MountSteps.Target.FILE, why);
      out.receive(Register.TREE, why);
      out.attach(Register.TREE, why);
      return;
    }
    out.add(
        why,
        Op.MKNOD,
        Arg.fd(Register.ROOT),
        Arg.text(device.path()),
        Arg.octal(type | device.fileMode().orElse(0666)),
        Arg.number(device.major()),
        Arg.number(device.minor()),
        Arg.number(device.uid().orElse(0)),
        Arg.number(device.gid().orElse(0)));
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
    out.add(
        "default: the usual links of /dev",
        Op.SYMLINK,
        Arg.fd(Register.ROOT),
        Arg.text(target),
        Arg.text(path));
  }

  /**
   * Its terminal, when it has one.
   *
   * @param steps of its process, whose terminal it is
   */
  void console(ProcessSteps steps) {
    if (!(in.stdio() instanceof Stdio.Terminal)) {
      return;
    }
    steps.terminal();
    String why = "--tty: the terminal is /dev/console as well";
    mounts.target("/dev/console", MountSteps.Target.FILE, why);
    out.add(
        why,
        Op.OPEN_TREE,
        Arg.fd(Register.TREE),
        Arg.fd(Register.TERMINAL),
        Arg.text(""),
        Arg.number(
            StepList.OPEN_TREE_CLONE | StepList.AT_EMPTY_PATH, "OPEN_TREE_CLONE|AT_EMPTY_PATH"));
    out.attach(Register.TREE, why);
  }

  /**
   * The monitor answers from the moment it has the connection, and each file that is looked for
   * here is asked of it.
   */
  void view() {
    if (in.view().isEmpty()) {
      return;
    }
    String why =
        out.cause(in.view().get(0).cause(spec)) + ": the monitor shows it in files of its own";
    if (handover.isPresent()) {
      handover.get().view(why);
      out.receive(Slot.VIEW, why);
    }
    out.add(
        why,
        Op.FSMOUNT_FD,
        Arg.fd(Register.VIEW),
        Arg.text("fuse"),
        Arg.texts(VIEW_OPTIONS),
        Arg.number(VIEW_ATTRIBUTES, MountOptions.names(VIEW_ATTRIBUTES)),
        Arg.fd(Slot.VIEW));
    out.add(why, Op.SEND_FD, Arg.fd(Slot.VIEW_OUT), Arg.fd(Slot.VIEW));
    // In the connection's place: held here too, it would not break with the monitor's end. Where
    // nobody looks any more, as the layers are mounted, and from where it goes with the host's
    // tree: until Linux 6.15 nothing can be cloned from a mount that is attached nowhere.
    if (handover.isPresent()) {
      // That directory is no id's of the container: it was opened before.
      out.add(
          why,
          Op.OPEN_TREE,
          Arg.fd(Slot.VIEW),
          Arg.fd(Register.ASIDE),
          Arg.text(""),
          Arg.number(StepList.AT_EMPTY_PATH, "AT_EMPTY_PATH"));
    } else {
      out.open(Slot.VIEW, Arg.NONE, in.overlay().layers(), why);
    }
    out.add(why, Op.ATTACH, Arg.fd(Register.VIEW), Arg.fd(Slot.VIEW));
    for (ViewFile file : in.view()) {
      String shows = out.cause(file.cause(spec)) + ": shown in " + file.path();
      mounts.target(file.path(), MountSteps.Target.THERE, shows);
      out.cloneMount(Arg.fd(Register.VIEW), file.file(), shows);
      out.attach(Register.TREE, shows);
    }
  }
}
