package dev.mydocker.launch;

import dev.mydocker.spec.Capability;
import dev.mydocker.spec.Rlimit;
import dev.mydocker.spec.Spec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What I does for its own process once it is where the command shall run: the same for a
 * container's first process and for one that joins it later.
 */
final class ProcessSteps {
  private static final int PR_SET_KEEPCAPS = 8;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int SIGKILL = 9;

  private static final long SYS_ADMIN = 1L << Capability.CAP_SYS_ADMIN.ordinal();

  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final Spec.Capabilities NO_CAPABILITIES =
      new Spec.Capabilities(List.of(), List.of(), List.of(), List.of(), List.of());

  private final Spec.Process process;
  private final Stdio stdio;
  private final Optional<SeccompProgram> filter;
  private final Optional<String> watch;
  private final boolean handed;
  private final boolean groupsAreChosen;
  private final StepList out;

  /**
   * Steps of that process.
   *
   * @param filter of its system calls
   * @param watch why its sysinfo(2) is answered by the container's monitor; empty: it is not
   * @param container whose process it is
   * @param out where they are added
   */
  ProcessSteps(
      Spec.Process process,
      Stdio stdio,
      Optional<SeccompProgram> filter,
      Optional<String> watch,
      Spec container,
      StepList out) {
    this.process = process;
    this.stdio = stdio;
    this.filter = filter;
    this.watch = watch;
    // Then M has given the streams to its user already.
    this.handed = isHanded(container);
    this.groupsAreChosen = hasGroups(container);
    this.out = out;
  }

  /** Whether M hands over what a container's first process has no privileges for. */
  static boolean isHanded(Spec container) {
    return !container.linux().uidMappings().isEmpty()
        && container.annotations().containsKey(Spec.USERNS);
  }

  /** Whether it lives in the user namespace of an ordinary user. */
  static boolean isRootless(Spec container) {
    return container.annotations().containsKey(Spec.ROOTLESS);
  }

  /** Whether its processes may choose their groups: not where an ordinary user has one id only. */
  static boolean hasGroups(Spec container) {
    return !Spec.ROOTLESS_SINGLE.equals(container.annotations().get(Spec.ROOTLESS));
  }

  /** Tells ps and strace where the launch is. */
  void name(String phase) {
    add("ps and strace show the phase", Op.NAME, Arg.text("mydocker:" + phase));
  }

  /** Into the cgroups of version 1; through the host's files, of which it still is the owner. */
  void enter(List<CgroupEntry> entries) {
    for (CgroupEntry entry : entries) {
      add(entry.why(), Op.WRITE_FILE, Arg.NONE, Arg.text(entry.file()), Arg.content("0"));
    }
  }

  /** How soon the kernel kills it for want of memory; through the host's /proc. */
  void oomScore() {
    if (process.oomScoreAdj().isPresent()) {
      add(
          cause("oomScoreAdj"),
          Op.WRITE_FILE,
          Arg.NONE,
          Arg.text("/proc/self/oom_score_adj"),
          Arg.content(Integer.toString(process.oomScoreAdj().getAsInt())));
    }
  }

  /**
   * The profile that execve enters; through the host's /proc, as the container's may be another.
   */
  void apparmor() {
    if (process.apparmorProfile().isPresent()) {
      add(
          cause("apparmor"),
          Op.WRITE_FILE,
          Arg.NONE,
          Arg.text("/proc/self/attr/apparmor/exec"),
          Arg.content("exec " + process.apparmorProfile().get()));
    }
  }

  /** Opens the terminal of the root, when there is one; the monitor gets the other end. */
  void terminal() {
    if (!(stdio instanceof Stdio.Terminal size)) {
      return;
    }
    String why = "--tty: a terminal of the container's own devpts";
    add(
        why,
        Op.OPEN_PTY,
        Arg.fd(Register.PTY),
        Arg.fd(Register.TERMINAL),
        Arg.fd(Register.ROOT),
        Arg.number(size.rows()),
        Arg.number(size.columns()));
    add(
        why + ", owned by its user",
        Op.FCHOWN,
        Arg.fd(Register.TERMINAL),
        Arg.number(process.user().uid()),
        Arg.number(-1));
    add(
        "the monitor holds the other end",
        Op.SEND_FD,
        Arg.fd(Slot.CONSOLE_OUT),
        Arg.fd(Register.PTY));
  }

  /** Limits, streams, working directory and credentials, in this order. */
  void prepare() {
    for (Spec.RlimitEntry limit : process.rlimits()) {
      add(
          cause("rlimit:" + limit.type()),
          Op.RLIMIT,
          Arg.number(Rlimit.valueOf(limit.type()).number(), limit.type()),
          limit(limit.soft()),
          limit(limit.hard()));
    }
    add("default: keys of its own, not its caller's", Op.KEYRING);
    streams();
    add("default", Op.UMASK, Arg.octal(process.user().umask().orElse(022)));
    add(cause("cwd"), Op.CHDIR, Arg.text(process.cwd()));
    credentials();
  }

  private static Arg limit(long value) {
    return Arg.number(value, value == -1 ? "unlimited" : Long.toUnsignedString(value));
  }

  private void streams() {
    boolean terminal = stdio instanceof Stdio.Terminal;
    add(
        terminal ? "a session, and its controlling terminal" : "a session of its own",
        Op.NEW_SESSION,
        terminal ? Arg.fd(Register.TERMINAL) : Arg.NONE);
    if (stdio instanceof Stdio.Streams streams) {
      Spec.User user = process.user();
      if (user.uid() != 0 && !handed) {
        // So that /dev/stdout can be opened again by its name.
        out.giveStreams(streams, user.uid(), -1);
      }
      add(
          streams.stdin()
              ? "--interactive: its input is ours"
              : "no --interactive: /dev/null as input",
          Op.STDIO,
          streams.stdin() ? Arg.fd(Slot.STDIN) : Arg.NONE,
          Arg.fd(Slot.STDOUT),
          Arg.fd(Slot.STDERR));
    } else {
      add(
          "--tty",
          Op.STDIO,
          Arg.fd(Register.TERMINAL),
          Arg.fd(Register.TERMINAL),
          Arg.fd(Register.TERMINAL));
    }
  }

  /**
   * The order of capabilities(7): the bounding set while CAP_SETPCAP is held, then the ids with the
   * capabilities kept across the change, then the sets themselves.
   */
  private void credentials() {
    Spec.User user = process.user();
    Spec.Capabilities caps = process.capabilities().orElse(NO_CAPABILITIES);
    long effective = mask(caps.effective());
    long permitted = mask(caps.permitted());
    long inheritable = mask(caps.inheritable());
    long ambient = mask(caps.ambient());
    String why = cause("capabilities");
    if (process.noNewPrivileges()) {
      prctl(cause("noNewPrivileges"), PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS", 1);
    }
    add(why, Op.BOUNDING, set(mask(caps.bounding())));
    prctl("capabilities stay while the user changes", PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 1);
    ByteBuffer groups =
        ByteBuffer.allocate(4 * user.additionalGids().size()).order(ByteOrder.nativeOrder());
    for (long gid : user.additionalGids()) {
      groups.putInt((int) gid);
    }
    if (groupsAreChosen) {
      add(
          cause("user"),
          Op.SETGROUPS,
          new Arg.Bytes(groups.array(), user.additionalGids().toString()));
    }
    out.become(user.uid(), user.gid(), cause("user"));
    if ((filter.isPresent() || watch.isPresent()) && !process.noNewPrivileges()) {
      // seccomp(2) asks for it, or for no_new_privs. execve takes it: it keeps what is in the
      // bounding set or ambient, capabilities(7). So a filter comes last, and what it forbids is
      // nothing that the launch needs.
      effective |= SYS_ADMIN;
      permitted |= SYS_ADMIN;
      why += "; until execve CAP_SYS_ADMIN, for seccomp";
    }
    add(why, Op.CAPSET, set(effective), set(permitted), set(inheritable));
    if (ambient != 0) {
      add(why, Op.AMBIENT, set(ambient));
    }
    // After the change of user, which clears it (prctl(2)).
    prctl("it dies with its monitor", PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG", SIGKILL);
  }

  private void prctl(String why, int option, String name, long value) {
    add(
        why,
        Op.PRCTL,
        Arg.number(option, name),
        Arg.number(value),
        Arg.number(0),
        Arg.number(0),
        Arg.number(0));
  }

  private static long mask(List<String> names) {
    long bits = 0;
    for (String name : names) {
      bits |= 1L << Capability.valueOf(name).ordinal();
    }
    return bits;
  }

  private static Arg set(long capabilities) {
    return Arg.number(capabilities, "0x" + Long.toHexString(capabilities));
  }

  /**
   * The last steps: nothing stays open, and the command is executed.
   *
   * @param init whether a small init stands in front of it
   */
  void execute(boolean init) {
    long kept = Slot.set(Slot.SYNC) | (init ? Slot.set(Slot.MONITOR_IMAGE) : 0);
    if (watch.isPresent()) {
      // Before the socket to the monitor is closed, and before a filter that may not let it be
      // used.
      add(watch.get(), Op.WATCH, SysinfoFilter.arg(), Arg.fd(Slot.VIEW_OUT));
    }
    add("nothing of the host stays open", Op.CLOSE_OTHERS, Arg.slots(kept));
    if (filter.isPresent()) {
      add(cause("seccomp"), Op.SECCOMP, filter.get().arg(), filter.get().flagsArg());
    }
    if (init) {
      List<String> argv = new ArrayList<>();
      argv.add("mydocker-init");
      argv.addAll(process.args());
      add(
          "--init: a small init reaps and forwards signals",
          Op.EXEC_INIT,
          Arg.fd(Slot.MONITOR_IMAGE),
          Arg.texts(argv),
          Arg.texts(process.env()));
      return;
    }
    add(
        cause("args"),
        Op.EXECVE,
        Arg.texts(candidates(process.args().get(0), process.env())),
        Arg.texts(process.args()),
        Arg.texts(process.env()));
  }

  /** Where execvp(3) would look for the command, in the container's own PATH. */
  static List<String> candidates(String command, List<String> env) {
    if (command.isEmpty() || command.indexOf('/') >= 0) {
      return List.of(command);
    }
    String path = DEFAULT_PATH;
    for (String entry : env) {
      if (entry.startsWith("PATH=")) {
        path = entry.substring(5);
      }
    }
    List<String> out = new ArrayList<>();
    int start = 0;
    while (start <= path.length()) {
      int end = path.indexOf(':', start);
      end = end < 0 ? path.length() : end;
      String directory = path.substring(start, end);
      out.add(directory.isEmpty() ? "./" + command : directory + "/" + command);
      start = end + 1;
    }
    return out;
  }

  private String cause(String key) {
    return out.cause(key);
  }

  private void add(String why, Op op, Arg... args) {
    out.add(why, op, args);
  }
}
