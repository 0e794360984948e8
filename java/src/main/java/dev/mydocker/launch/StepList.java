package dev.mydocker.launch;

import dev.mydocker.spec.Causes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The steps of M or of I, in the order in which they are done; and the usual ones among them. */
final class StepList {
  static final long OPEN_TREE_CLONE = 1;
  static final long AT_EMPTY_PATH = 0x1000;
  static final long AT_RECURSIVE = 0x8000;

  private final Causes causes;
  private final List<Step> steps = new ArrayList<>();

  /**
   * An empty one.
   *
   * @param causes which flag, image field or default caused each part of the configuration
   */
  StepList(Causes causes) {
    this.causes = causes;
  }

  /** What is in it by now. */
  List<Step> steps() {
    return Collections.unmodifiableList(steps);
  }

  /** What caused a part of the configuration. */
  String cause(String key) {
    return causes.of(key);
  }

  void add(String why, Op op, Arg... args) {
    steps.add(Step.of(why, op, args));
  }

  void addAll(StepList others) {
    steps.addAll(others.steps);
  }

  /** Opens what must be there. */
  void open(int slot, Arg root, String path, String why) {
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

  /** Opens a directory, made if it is missing. */
  void makeDirectory(int slot, int root, String path, int mode, String why) {
    add(
        why,
        Op.OPEN,
        Arg.fd(slot),
        Arg.fd(root),
        Arg.text(path),
        Arg.number(1, "mkdir"),
        Arg.octal(mode),
        Arg.number(0));
  }

  /** Clones one mount, which is attached nowhere then. */
  void cloneMount(Arg at, String path, String why) {
    add(
        why,
        Op.OPEN_TREE,
        Arg.fd(Register.TREE),
        at,
        Arg.text(path),
        Arg.number(OPEN_TREE_CLONE, "OPEN_TREE_CLONE"));
  }

  /**
   * Clones the source of a bind mount.
   *
   * @param tree whether with all that is mounted below it
   * @param root the directory of the host in which the kernel resolves it; empty for the host's own
   */
  void cloneSource(String source, boolean tree, String root, String why) {
    long flags = OPEN_TREE_CLONE | (tree ? AT_RECURSIVE : 0);
    String names = tree ? "OPEN_TREE_CLONE|AT_RECURSIVE" : "OPEN_TREE_CLONE";
    Arg at = Arg.NONE;
    String path = source;
    if (!root.isEmpty()) {
      // A link in a volume leads to something in the volume: it is another container's word.
      open(Register.PART, Arg.NONE, root, why);
      open(Register.PART, Arg.fd(Register.PART), source.substring(root.length()), why);
      at = Arg.fd(Register.PART);
      path = "";
      flags |= AT_EMPTY_PATH;
      names += "|AT_EMPTY_PATH";
    }
    add(why, Op.OPEN_TREE, Arg.fd(Register.TREE), at, Arg.text(path), Arg.number(flags, names));
  }

  /** Attaches a mount to what is open as {@link Register#TARGET}. */
  void attach(int tree, String why) {
    add(why, Op.ATTACH, Arg.fd(tree), Arg.fd(Register.TARGET));
  }

  /** Takes what M sends next. */
  void receive(int slot, String why) {
    add(why, Op.RECV_FD, Arg.fd(slot), Arg.fd(Slot.TAKE));
  }

  /** Nothing that is mounted from here on may reach the host. */
  void leaveHost(boolean slave, String why) {
    long propagation = slave ? MountOptions.MS_SLAVE : MountOptions.MS_PRIVATE;
    add(
        why,
        Op.MOUNT,
        Arg.NONE,
        Arg.text("/"),
        Arg.NONE,
        Arg.number(
            MountOptions.MS_REC | propagation, slave ? "MS_REC|MS_SLAVE" : "MS_REC|MS_PRIVATE"),
        Arg.NONE);
  }

  /** Makes a mount read-only, and changes nothing else of it. */
  void makeReadonly(int tree, String why) {
    add(
        why,
        Op.MOUNT_ATTR,
        Arg.fd(tree),
        Arg.number(MountOptions.RDONLY, "MOUNT_ATTR_RDONLY"),
        Arg.number(0),
        Arg.number(0),
        Arg.number(0));
  }

  /** Takes both ids at once; see setresuid(2). */
  void become(long uid, long gid, String why) {
    add(why, Op.SETRESGID, Arg.number(gid));
    add(why, Op.SETRESUID, Arg.number(uid));
  }

  /** Gives the pipes of the standard streams to a user, who may then open them by their names. */
  void giveStreams(Stdio.Streams streams, long uid, long gid) {
    String why = "the user may open its own /dev/stdout";
    if (streams.stdin()) {
      add(why, Op.FCHOWN, Arg.fd(Slot.STDIN), Arg.number(uid), Arg.number(gid));
    }
    add(why, Op.FCHOWN, Arg.fd(Slot.STDOUT), Arg.number(uid), Arg.number(gid));
    add(why, Op.FCHOWN, Arg.fd(Slot.STDERR), Arg.number(uid), Arg.number(gid));
  }
}
