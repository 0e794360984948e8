package dev.mydocker.explain;

import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Arg;
import dev.mydocker.launch.Namespace;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Step;
import dev.mydocker.spec.Rlimit;
import dev.mydocker.spec.Spec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Executes the operations of a plan symbolically: a descriptor's slot holds a path expression of
 * the shell, and each operation appends the commands that do the same.
 *
 * <p>Some operations change the process that does them, which a shell can only have done by a
 * program that changes itself and executes the rest (unshare, nsenter, setpriv, prlimit, setsid).
 * These are collected as wrappers; the next other operation makes the shell execute them with
 * another shell behind them, which goes on in the next part of the script.
 *
 * <p>Those behind pivot_root are an exception. In the image's root there is no program of the
 * host's, and a program that finds its libraries, ld.so.preload and nsswitch.conf in the image must
 * not have privileges. So the shell lets go of them first, in the host's root; then the script
 * outside pivots, which moves every process from the old root to the new one (pivot_root(2)); and
 * only then the last part goes on.
 */
final class ShellMachine {
  private static final long MS_REC = 0x4000;

  /** The flags whose bits are the same for mount(2) and mount_setattr(2). */
  private static final long MS_SAME = 0xf;

  private static final long AT_RECURSIVE = 0x8000;
  private static final long MOUNT_RDONLY = 1;
  private static final long ATIME = 0x70;
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int PR_SET_KEEPCAPS = 8;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int SIGKILL = 9;

  /** Digits a line: six instructions. */
  private static final int FILTER_LINE = 96;

  /** MOUNT_ATTR_* by their names in mount(8). */
  private static final Map<Long, String> FLAGS = flags();

  /** MS_* that change the propagation of a mount. */
  private static final Map<Long, String> PROPAGATIONS =
      Map.of(1L << 17, "unbindable", 1L << 18, "private", 1L << 19, "slave", 1L << 20, "shared");

  /** What a slot holds. */
  private sealed interface Held {
    /** A place that has a path: an expression of the shell. */
    record Place(String path) implements Held {}

    /**
     * A mount that has not been attached yet.
     *
     * @param command how it is mounted, up to its target
     * @param readOnly whether it becomes read-only once it is there
     */
    record Mount(String command, boolean readOnly) implements Held {}

    /** What a shell cannot make, so that nothing is done with it either. */
    record Nothing() implements Held {}
  }

  private final Spec spec;
  private final List<String> meeting;
  private final List<String> parts = new ArrayList<>();
  private final Map<Integer, Held> slots = new HashMap<>();
  private final List<String> wrappers = new ArrayList<>();
  private final Credentials credentials = new Credentials();
  private final StringBuilder limits = new StringBuilder();
  private StringBuilder out = new StringBuilder();
  private String why = "";
  private String workingDirectory = "/";

  /** What is written about wrappers: behind pivot_root not where the shell's own commands are. */
  private StringBuilder remarks = out;

  /**
   * @param spec where the namespaces to join are named
   * @param meeting what the script does at the meeting point, as commands of I
   */
  ShellMachine(Spec spec, List<String> meeting) {
    this.spec = spec;
    this.meeting = List.copyOf(meeting);
  }

  /** Does the steps, one after the other. */
  void run(List<Step> steps) {
    for (Step step : steps) {
      run(step);
    }
  }

  /** What has been written, in parts: each but the last ends by executing the next one. */
  List<String> parts() {
    List<String> all = new ArrayList<>(parts);
    all.add(out.toString());
    return all;
  }

  /** The wrappers that nothing has used yet, with a blank behind each; they are used up by this. */
  String takeWrappers() {
    collectCredentials();
    StringBuilder words = new StringBuilder();
    for (String wrapper : wrappers) {
      words.append(wrapper).append(' ');
    }
    wrappers.clear();
    return words.toString();
  }

  private void run(Step step) {
    Args a = new Args(step.args());
    switch (step.op()) {
      case CLONE_INIT -> wrap(step, unshare(a.number(0)) + " --fork --kill-child");
      case EXEC_MONITOR -> cannot(step, "unshare itself stays as the parent that waits");
      case OPEN_NS, OPEN_AS, RECV_FD, IDMAP ->
          cannot(step, "a shell has no such mount: " + step.op().call() + "(2)");
      case SETNS -> setns(step, a);
      case UNSHARE -> wrap(step, unshare(a.number(0)));
      case PRCTL -> prctl(step, a);
      case NAME -> phase(a.text(0));
      case SYNC -> does(step, meeting);
      case SEND_FD -> sendFd(step, a);
      case CHDIR -> chdir(step, a);
      case MOUNT -> mount(step, a);
      case FSMOUNT -> fsmount(step, a);
      case FSMOUNT_FD -> fsmountFd(step, a);
      case OPEN_TREE -> openTree(step, a);
      case ATTACH -> attach(step, a);
      case MOUNT_ATTR -> attributes(step, a);
      case OPEN -> open(step, a);
      case MKNOD -> mknod(step, a);
      case SYMLINK -> does(step, "link " + a.place(0) + " " + a.word(1) + " " + a.word(2));
      case WRITE_FILE -> writeFile(step, a);
      case MASK -> does(step, "mask " + a.place(0) + " " + a.word(1));
      case READONLY -> does(step, "read_only " + a.place(0) + " " + a.word(1));
      case PIVOT_ROOT -> pivot(step);
      case LOOPBACK_UP -> does(step, "ip link set lo up");
      case BIND -> cannot(step, "here no monitor answers at that address");
      case SETHOSTNAME -> does(step, "name hostname " + a.word(0));
      case SETDOMAINNAME -> does(step, "name domainname " + a.word(0));
      case RLIMIT -> rlimit(step, a);
      case UMASK -> does(step, "umask " + String.format("%04o", a.number(0)));
      case BOUNDING -> credential(step, "--bounding-set", Credentials.list(a.number(0)));
      case CAPSET -> capset(step, a);
      case AMBIENT -> credential(step, "--ambient-caps", Credentials.list(a.number(0)));
      case SETGROUPS -> groups(step, a);
      case SETRESGID -> credential(step, "--regid", Long.toString(a.number(0)));
      case SETRESUID -> credential(step, "--reuid", Long.toString(a.number(0)));
      case OPEN_PTY -> openPty(step, a);
      case FCHOWN -> cannot(step, "terminal, input and output stay their owner's, the caller's");
      case NEW_SESSION -> session(step, a);
      case KEYRING -> cannot(step, "here the keys are the caller's, and nobody sees them in /proc");
      case STDIO -> stdio(step, a);
      case CLOSE_OTHERS -> close(step);
      case WATCH -> cannot(step, "here no monitor answers it");
      case SECCOMP -> seccomp(step, a);
      case EXECVE -> execve(step, a);
      case EXEC_INIT -> execInit(step, a);
    }
  }

  // ---- what is written --------------------------------------------------------------------------

  private void does(Step step, String... commands) {
    does(step, List.of(commands));
  }

  private void does(Step step, List<String> commands) {
    because(step);
    for (String command : commands) {
      out.append(command).append('\n');
    }
  }

  /** The reason of what the shell itself does next. */
  private void because(Step step) {
    startPart();
    remark(out, step);
  }

  private void remark(StringBuilder text, Step step) {
    if (!step.why().equals(why)) {
      why = step.why();
      text.append('\n').append(Sh.comment(why)).append('\n');
    }
  }

  /** Says what is not done, or not in this way, and why. */
  private void cannot(Step step, String instead) {
    remark(out, step);
    out.append(Sh.comment("(" + step.op().name().toLowerCase(Locale.ROOT) + ": " + instead + ")"));
    out.append('\n');
  }

  private void phase(String name) {
    startPart();
    String title = Printable.line(name);
    out.append("\n# ---- ").append(title).append(' ');
    out.append("-".repeat(Math.max(4, 70 - title.length()))).append('\n');
    why = "";
  }

  private void wrap(Step step, String program) {
    collectCredentials();
    remark(remarks, step);
    wrappers.add(program);
  }

  /** What stands behind wrappers is done by the shell that they execute. */
  private void startPart() {
    if (isPivoted()) {
      return;
    }
    String words = takeWrappers();
    if (!words.isEmpty()) {
      out.append("exec ").append(words).append("sh \"$own/").append(parts.size() + 2);
      out.append("\"\n");
      nextPart();
      remarks = out;
    }
  }

  private void nextPart() {
    parts.add(out.toString());
    out = new StringBuilder();
    why = "";
  }

  private boolean isPivoted() {
    return remarks != out;
  }

  // ---- namespaces and process -------------------------------------------------------------------

  private static String unshare(long flags) {
    StringBuilder program = new StringBuilder("unshare");
    for (Namespace n : Namespace.values()) {
      if ((flags & n.flag()) == 0) {
        continue;
      }
      switch (n) {
        // The maps come later: until then only ambient capabilities survive an execve.
        case USER -> program.append(" --user --keep-caps");
        // The next steps say how mounts propagate, not unshare's default.
        case MOUNT -> program.append(" --mount --propagation unchanged");
        case NETWORK -> program.append(" --net");
        case PID, IPC, UTS, CGROUP -> program.append(" --").append(n.oci());
      }
    }
    return program.toString();
  }

  private void setns(Step step, Args a) {
    for (Namespace kind : Namespace.values()) {
      if (kind.flag() == a.number(1)) {
        String option = kind == Namespace.NETWORK ? "net" : kind.oci();
        for (Spec.Namespace n : spec.linux().namespaces()) {
          if (n.type().equals(kind.oci()) && n.path().isPresent()) {
            wrap(step, "nsenter --" + option + "=" + Sh.quote(n.path().get()) + " --");
            return;
          }
        }
      }
    }
    cannot(step, "which namespace is meant is not in the configuration");
  }

  private void prctl(Step step, Args a) {
    switch ((int) a.number(0)) {
      case PR_SET_NO_NEW_PRIVS -> credential(step, "--no-new-privs", "");
      case PR_SET_KEEPCAPS -> cannot(step, "setpriv does that itself");
      case PR_SET_PDEATHSIG -> {
        String signal = a.number(1) == SIGKILL ? "KILL" : Long.toString(a.number(1));
        credential(step, "--pdeathsig", signal);
      }
      default -> cannot(step, "no program does " + step.shown());
    }
  }

  private void rlimit(Step step, Args a) {
    String name = Rlimit.values()[(int) a.number(0)].option();
    String option = "--" + name + "=" + limit(a.number(1)) + ":" + limit(a.number(2));
    limits.append(' ').append(option);
    below(step, "prlimit " + option);
  }

  private static String limit(long value) {
    return value == -1 ? "unlimited" : Long.toUnsignedString(value);
  }

  private void credential(Step step, String option, String value) {
    below(step, "setpriv " + option + (value.isEmpty() ? "" : " " + value));
    credentials.set(option, value);
  }

  /** Says which program will do it, when it executes the rest. */
  private void below(Step step, String program) {
    remark(remarks, step);
    remarks.append(Sh.comment("(below: " + program + ")")).append('\n');
  }

  private void capset(Step step, Args a) {
    credential(step, "--inh-caps", Credentials.list(a.number(2)));
    remarks.append(
        "# Permitted and effective set come from execve, capabilities(7): root gets the\n");
    remarks.append("# bounding set, everybody else the ambient one.\n");
  }

  private void groups(Step step, Args a) {
    ByteBuffer gids = ByteBuffer.wrap(a.bytes(0).value()).order(ByteOrder.nativeOrder());
    StringBuilder list = new StringBuilder();
    while (gids.remaining() >= Integer.BYTES) {
      list.append(list.length() == 0 ? "" : ",").append(gids.getInt() & 0xffffffffL);
    }
    if (list.length() == 0) {
      credential(step, "--clear-groups", "");
    } else {
      credential(step, "--groups", list.toString());
    }
  }

  /**
   * No shell installs a filter, and few programs do: a line of perl makes the system call. It has
   * to come before setpriv lets go of what the call asks for, so what else stands here is done
   * under the filter.
   */
  private void seccomp(Step step, Args a) {
    remark(remarks, step);
    remarks.append(
        "# (below: perl makes the system call, the first of these programs, as it needs\n");
    remarks.append("# privileges; the programs behind it must get along with the filter)\n");
    remarks.append("filter='\n");
    String digits = HexFormat.of().formatHex(a.bytes(0).value());
    for (int at = 0; at < digits.length(); at += FILTER_LINE) {
      int end = Math.min(digits.length(), at + FILTER_LINE);
      remarks.append(digits, at, end).append('\n');
    }
    remarks.append("'\n");
    wrappers.add(0, "perl -e \"$install_filter\" \"$filter\" " + a.number(1));
  }

  private void collectCredentials() {
    credentials.take().ifPresent(wrappers::add);
  }

  private void session(Step step, Args a) {
    if (a.isNone(0)) {
      below(step, "setsid");
      wrappers.add("setsid");
    } else {
      cannot(step, "it stays in the session of the terminal that it was started from");
    }
  }

  private void chdir(Step step, Args a) {
    if (!isPivoted()) {
      does(step, "cd " + a.word(0));
      return;
    }
    workingDirectory = a.text(0);
    String inside = Sh.quote(workingDirectory + "/.");
    does(
        step,
        "# (below: env -C; mydocker goes there while it is still root)",
        "[ -x " + inside + " ] || die 'the working directory cannot be entered' 126");
  }

  private void stdio(Step step, Args a) {
    List<String> commands = new ArrayList<>();
    String[] redirections = {"</dev/null", ">/dev/null", "2>/dev/null"};
    for (int i = 0; i < redirections.length; i++) {
      if (a.isNone(i)) {
        commands.add("exec " + redirections[i]);
      }
    }
    commands.add("# (what is not redirected is the caller's own)");
    does(step, commands);
  }

  private void close(Step step) {
    does(
        step,
        "# (A shell knows descriptors of one digit; one above, inherited from the caller, stays.)",
        "exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-");
  }

  private void openPty(Step step, Args a) {
    int terminal = a.slot(1);
    slots.put(terminal, new Held.Place('"' + "$" + Slot.name(terminal) + '"'));
    cannot(step, "a shell makes no terminal; the caller's is used, whatever its size");
    does(step, Slot.name(terminal) + "=$(tty) || die 'start this script from a terminal' 125");
  }

  // ---- files and mounts -------------------------------------------------------------------------

  private void mount(Step step, Args a) {
    long flags = a.number(3);
    for (Map.Entry<Long, String> p : PROPAGATIONS.entrySet()) {
      if ((flags & p.getKey()) != 0) {
        String option = ((flags & MS_REC) != 0 ? "r" : "") + p.getValue();
        does(step, "mount --make-" + option + " -- " + a.word(1));
        return;
      }
    }
    if ((flags & ~MS_SAME) != 0) {
      cannot(step, "not all of these flags have a name in mount(8): " + step.shown());
    }
    StringBuilder options = new StringBuilder(names(flags & MS_SAME));
    if (!a.isNone(4) && !a.text(4).isEmpty()) {
      options.append(options.length() == 0 ? "" : ",").append(a.text(4));
    }
    StringBuilder command = new StringBuilder("mount");
    if (!a.isNone(2)) {
      command.append(" -t ").append(a.word(2));
    }
    if (options.length() > 0) {
      command.append(" -o ").append(Sh.quote(options.toString()));
    }
    command.append(" -- ").append(a.isNone(0) ? "none" : a.word(0)).append(' ').append(a.word(1));
    does(step, command.toString());
  }

  private void fsmount(Step step, Args a) {
    because(step);
    String source = "none";
    List<String> options = new ArrayList<>();
    long attributes = a.number(3);
    String flags = names(attributes & ~MOUNT_RDONLY);
    if (!flags.isEmpty()) {
      options.add(flags);
    }
    List<String> data = a.texts(2);
    for (int i = 0; i + 1 < data.size(); i += 2) {
      String value = data.get(i + 1);
      if (data.get(i).equals("source")) {
        source = value;
      } else {
        options.add(value.isEmpty() ? data.get(i) : data.get(i) + "=" + value);
        if (value.indexOf(',') >= 0) {
          cannot(step, "mount(8) takes the comma in the next option for its end");
        }
      }
    }
    String command = "mount -t " + a.word(1);
    if (!options.isEmpty()) {
      command += " -o " + Sh.quote(String.join(",", options));
    }
    command += " -- " + Sh.quote(source);
    slots.put(a.slot(0), new Held.Mount(command, (attributes & MOUNT_RDONLY) != 0));
  }

  private void fsmountFd(Step step, Args a) {
    cannot(step, "a shell serves no file system: those files show the host's machine here");
    slots.put(a.slot(0), new Held.Nothing());
  }

  private void sendFd(Step step, Args a) {
    boolean view = a.slot(0) == Slot.VIEW_OUT;
    cannot(step, view ? "here no monitor serves it" : "the terminal is the caller's own");
  }

  private void openTree(Step step, Args a) {
    if (!a.isNone(1) && slots.get(a.slot(1)) instanceof Held.Nothing nothing) {
      slots.put(a.slot(0), nothing);
      return;
    }
    because(step);
    String kind = (a.number(3) & AT_RECURSIVE) != 0 ? "--rbind" : "--bind";
    String source = a.isNone(1) ? a.word(2) : place(step, a.slot(1));
    if (!a.isNone(1) && !a.text(2).isEmpty()) {
      source += "/" + a.word(2);
    }
    slots.put(a.slot(0), new Held.Mount("mount " + kind + " -- " + source, false));
  }

  private void attach(Step step, Args a) {
    if (slots.get(a.slot(0)) instanceof Held.Nothing) {
      return;
    }
    String target = place(step, a.slot(1));
    if (slots.get(a.slot(0)) instanceof Held.Mount mount) {
      does(step, mount.command() + " " + target);
      if (mount.readOnly()) {
        // "-o ro" from the start would make the file system itself read-only, not this mount.
        does(step, "mount -o remount,bind,ro -- " + target);
      }
      // A variable of its own: the target's is used again for the next mount's.
      String variable = Slot.name(a.slot(0));
      does(step, variable + "=" + target);
      slots.put(a.slot(0), new Held.Place("\"$" + variable + "\""));
    } else {
      cannot(step, "nothing is mounted that could be attached");
    }
  }

  private void attributes(Step step, Args a) {
    String target = place(step, a.slot(0));
    boolean recursive = a.number(4) != 0;
    String options = changes(a.number(1), a.number(2));
    if (!options.isEmpty()) {
      does(
          step,
          recursive
              ? "change_all " + target + " " + options
              : "mount -o remount,bind," + options + " -- " + target);
    }
    String propagation = PROPAGATIONS.get(a.number(3));
    if (propagation != null) {
      does(step, "mount --make-" + (recursive ? "r" : "") + propagation + " -- " + target);
    }
  }

  /** Attributes to set and to clear as mount(8) names them; it keeps those that are not named. */
  private static String changes(long set, long clear) {
    List<String> options = new ArrayList<>();
    if ((clear & ATIME) == ATIME) {
      // One field of three values: "atime" clears what was there.
      options.add("atime");
      if ((set & ATIME) == 0) {
        options.add("relatime");
      }
    }
    FLAGS.forEach(
        (bit, name) -> {
          if ((set & bit) != 0) {
            options.add(name);
          } else if ((clear & bit) != 0 && (bit & ATIME) == 0) {
            options.add(name.equals("ro") ? "rw" : name.substring("no".length()));
          }
        });
    return String.join(",", options);
  }

  private static String names(long attributes) {
    List<String> names = new ArrayList<>();
    FLAGS.forEach(
        (bit, name) -> {
          if ((attributes & bit) != 0) {
            names.add(name);
          }
        });
    return String.join(",", names);
  }

  private static Map<Long, String> flags() {
    Map<Long, String> flags = new LinkedHashMap<>();
    flags.put(MOUNT_RDONLY, "ro");
    flags.put(2L, "nosuid");
    flags.put(4L, "nodev");
    flags.put(8L, "noexec");
    flags.put(0x10L, "noatime");
    flags.put(0x20L, "strictatime");
    flags.put(0x80L, "nodiratime");
    return flags;
  }

  private void open(Step step, Args a) {
    String variable = Slot.name(a.slot(0));
    slots.put(a.slot(0), new Held.Place("\"$" + variable + '"'));
    if (a.isNone(1)) {
      does(step, variable + "=" + a.word(2));
      return;
    }
    String where = a.place(1) + " " + a.word(2);
    String mode = String.format(" %04o", a.number(4));
    String command =
        switch ((int) a.number(3)) {
          case 1 -> "directory " + where + mode;
          case 2 -> "file " + where + mode;
          default -> "existing " + where;
        };
    boolean plain = (a.number(5) & Linux.RESOLVE_NO_SYMLINKS) != 0;
    List<String> commands = new ArrayList<>();
    if (plain) {
      commands.add("plain " + where);
    }
    commands.add(command + "; " + variable + "=$at");
    does(step, commands);
  }

  private void mknod(Step step, Args a) {
    String type =
        switch ((int) a.number(2) & Linux.S_IFMT) {
          case Linux.S_IFBLK -> "b";
          case Linux.S_IFIFO -> "p";
          case Linux.S_IFCHR -> "c";
          default -> "";
        };
    if (type.isEmpty()) {
      cannot(step, "mknod(1) makes no such file: " + step.shown());
      return;
    }
    String mode = String.format("%04o", a.number(2) & 07777);
    String device = type.equals("p") ? "" : " " + a.number(3) + " " + a.number(4);
    String owner = a.number(5) + ":" + a.number(6);
    does(
        step,
        "node " + a.place(0) + " " + a.word(1) + " " + mode + " " + owner + " " + type + device);
  }

  private void writeFile(Step step, Args a) {
    String print = Sh.print(a.bytes(2));
    if (a.isNone(0)) {
      does(step, print + " > " + a.word(1));
    } else {
      does(step, "existing " + a.place(0) + " " + a.word(1), print + " > \"$at\"");
    }
  }

  private void pivot(Step step) {
    does(
        step,
        "# (That is done by the script outside. No program of the host is found after it, and none",
        "# of the image may be trusted with privileges: so they are given up before it. Only env"
            + " is",
        "# needed later; no path leads to its directory, which is this shell's working directory.)",
        "mount --bind \"$own/tools\" \"$own/tools\"",
        "mount -o remount,bind,ro,exec \"$own/tools\"",
        "cd \"$own/tools\"");
    remarks = new StringBuilder();
    nextPart();
    out.append("echo ready >&8\nread -r pivoted <&9\n# Here the image is /.\n");
  }

  private String place(Step step, int slot) {
    if (slots.get(slot) instanceof Held.Place p) {
      return p.path();
    }
    cannot(step, "nothing has been opened as " + Slot.name(slot));
    return "\"$" + Slot.name(slot) + '"';
  }

  // ---- the end ----------------------------------------------------------------------------------

  private void execve(Step step, Args a) {
    List<String> candidates = a.texts(0);
    List<String> argv = a.texts(1);
    if (candidates.size() == 1) {
      execute(step, Sh.quote(candidates.get(0)), argv, a.texts(2));
      return;
    }
    if (a.texts(2).stream().anyMatch(e -> e.startsWith("PATH="))) {
      // execvp(3) in env walks the same list, and argv[0] stays as it was given.
      cannot(step, "env looks for it in this order: " + String.join(" ", candidates));
      execute(step, Sh.quote(argv.get(0)), argv, a.texts(2));
      return;
    }
    StringBuilder words = new StringBuilder();
    candidates.forEach(c -> words.append(' ').append(Sh.quote(c)));
    does(
        step,
        "command=" + Sh.quote(argv.get(0)),
        "for candidate in" + words + "; do",
        "  if [ -f \"$candidate\" ] && [ -x \"$candidate\" ]; then",
        "    command=$candidate",
        "    break",
        "  fi",
        "done");
    execute(step, "\"$command\"", argv, a.texts(2));
  }

  private void execInit(Step step, Args a) {
    List<String> argv = a.texts(1);
    if (argv.size() < 2) {
      cannot(step, "there is no command");
      return;
    }
    cannot(step, "that init is inside mydocker: here the command itself is PID 1");
    List<String> command = argv.subList(1, argv.size());
    execute(step, Sh.quote(command.get(0)), command, a.texts(2));
  }

  private void execute(Step step, String command, List<String> argv, List<String> env) {
    remark(out, step);
    if (isPivoted()) {
      letGo();
    }
    if (argv.get(0).indexOf('=') >= 0) {
      out.append("die 'env cannot execute a command with \"=\" in its name' 125\n");
      return;
    }
    if (env.stream().anyMatch(entry -> entry.indexOf('=') <= 0)) {
      cannot(step, "env passes on nothing without a name and \"=\": such entries are left out");
    }
    out.append("exec ./loader --library-path . ./env -i --default-signal -C ");
    out.append(Sh.quote(workingDirectory)).append(" -- \\\n");
    for (String entry : env) {
      if (entry.indexOf('=') > 0) {
        out.append("  ").append(Sh.quote(entry)).append(" \\\n");
      }
    }
    out.append("  ").append(command);
    for (String argument : argv.subList(1, argv.size())) {
      out.append(' ').append(Sh.quote(argument));
    }
    out.append('\n');
  }

  /** Ends the part before the last one: each program changes the process and executes the next. */
  private void letGo() {
    if (limits.length() > 0) {
      wrappers.add(0, "prlimit" + limits);
      limits.setLength(0);
    }
    collectCredentials();
    remarks.append("exec ");
    wrappers.forEach(wrapper -> remarks.append(wrapper).append(" \\\n  "));
    wrappers.clear();
    int last = parts.size() - 1;
    remarks.append("sh \"$own/").append(parts.size() + 1).append("\"\n");
    parts.set(last, parts.get(last) + remarks);
    remarks = new StringBuilder();
  }

  /** The arguments of a step, by their kinds. */
  private record Args(List<Arg> values) {
    long number(int i) {
      return ((Arg.Number) values.get(i)).value();
    }

    String text(int i) {
      return ((Arg.Text) values.get(i)).value();
    }

    String word(int i) {
      return Sh.quote(text(i));
    }

    int slot(int i) {
      return ((Arg.Fd) values.get(i)).slot();
    }

    /** The variable of a slot's path. */
    String place(int i) {
      return "\"$" + Slot.name(slot(i)) + '"';
    }

    List<String> texts(int i) {
      return ((Arg.Texts) values.get(i)).values();
    }

    Arg.Bytes bytes(int i) {
      return (Arg.Bytes) values.get(i);
    }

    boolean isNone(int i) {
      return values.get(i) instanceof Arg.None;
    }
  }
}
