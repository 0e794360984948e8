package dev.mydocker.launch;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a process that joins a running container into a launch plan: a pure function.
 *
 * <p>The static monitor is its host: whoever is inside can only ever see a sealed memfd behind
 * /proc/PID/exe, which is not dumpable, and has no directory open when a path of the container is
 * resolved (CVE-2019-5736, CVE-2016-9962, CVE-2024-21626).
 */
public final class ExecCompiler {
  /** The slot of a pidfd of the container's first process. */
  public static final int FIRST_PROCESS = Slot.FREE + 6;

  /** The slot of a pidfd of this program, by which M finds back to its namespaces. */
  public static final int HOME = Slot.FREE + 7;

  /**
   * Everything such a plan is made from.
   *
   * @param id the container's id
   * @param container its OCI configuration
   * @param process what is executed in it
   * @param causes which flag, or what of the container, caused each part of it
   * @param stdio its standard input and output
   * @param seccomp the container's filter of system calls, compiled
   * @param moved whether the container has cgroups of version 1, into which I is moved
   * @param unified whether {@link Slot#CGROUP} is its cgroup of version 2
   * @param watched whether the container's monitor answers its sysinfo(2): then {@link
   *     Slot#VIEW_OUT} is a connection to it, {@link MonitorClient#offerListener}
   */
  public record Input(
      String id,
      Spec container,
      Spec.Process process,
      Causes causes,
      Stdio stdio,
      Optional<SeccompProgram> seccomp,
      boolean moved,
      boolean unified,
      boolean watched) {}

  /** With the mount namespace its root becomes the root and the working directory (setns(2)). */
  private static final List<Namespace> KINDS =
      List.of(Namespace.MOUNT, Namespace.NETWORK, Namespace.IPC, Namespace.UTS, Namespace.CGROUP);

  private final Input in;
  private final StepList monitor;
  private final StepList init;
  private final ProcessSteps steps;

  private ExecCompiler(Input in) {
    this.in = in;
    this.monitor = new StepList(in.causes());
    this.init = new StepList(in.causes());
    Optional<String> watch =
        in.watched()
            ? Optional.of("of the container: sysinfo(2) is answered by its monitor")
            : Optional.empty();
    this.steps =
        new ProcessSteps(in.process(), in.stdio(), in.seccomp(), watch, in.container(), init);
  }

  /** The plan of {@code input}. */
  public static LaunchPlan compile(Input input) {
    ExecCompiler compiler = new ExecCompiler(input);
    compiler.monitor();
    compiler.init();
    return new LaunchPlan(compiler.monitor.steps(), compiler.init.steps());
  }

  private void monitor() {
    long own =
        Slot.set(
            Slot.RECORDING,
            Slot.CLIENT,
            Slot.CONSOLE_IN,
            Slot.TO_STDIN,
            Slot.FROM_STDOUT,
            Slot.FROM_STDERR);
    long joiners =
        Slot.set(Slot.SYNC, Slot.CONSOLE_OUT, Slot.STDIN, Slot.STDOUT, Slot.STDERR, FIRST_PROCESS)
            | (in.watched() ? Slot.set(Slot.VIEW_OUT) : 0);
    long cgroup = in.unified() ? Slot.set(Slot.CGROUP) : 0;
    monitor.add(
        "before anything is joined: nothing of the host is mapped or open from here on",
        Op.EXEC_MONITOR,
        Arg.fd(Slot.MONITOR_IMAGE),
        Arg.texts(List.of("mydocker-monitor", in.id())),
        Arg.slots(own | joiners | cgroup | Slot.set(Slot.PLAN, HOME)));
    if (ProcessSteps.isHanded(in.container())) {
      Handover.giveStreams(in.stdio(), in.process(), in.container(), monitor);
    }
    ProcessSteps outside =
        new ProcessSteps(
            in.process(), in.stdio(), in.seccomp(), Optional.empty(), in.container(), monitor);
    outside.oomScore();
    outside.apparmor();
    // A PID namespace is joined by its joiner's children (setns(2)), and from its first moment I is
    // seen in it. Who may trace there must find the container's root behind /proc/PID/root, and not
    // the host's; so M has joined the rest before. Not with users of its own: nobody among them may
    // trace what is not dumpable, and M could not come back.
    boolean mapped = hasOwn(Namespace.USER);
    List<Namespace> all = new ArrayList<>(mapped ? List.of() : joined(KINDS));
    all.addAll(joined(List.of(Namespace.PID)));
    if (!all.isEmpty()) {
      join(all, monitor);
    }
    monitor.add(
        "the process that joins the container",
        Op.CLONE_INIT,
        Arg.number(0),
        Arg.slots(joiners),
        in.unified() ? Arg.fd(Slot.CGROUP) : Arg.NONE);
    if (!mapped) {
      monitor.add(
          "back again: M keeps nothing of the container alive",
          Op.SETNS,
          Arg.fd(HOME),
          // The others are the host's, and who is root of a user namespace cannot go back
          // there: then M has the container's until the command has ended.
          flags(ProcessSteps.isRootless(in.container()) ? List.of(Namespace.MOUNT) : KINDS));
    }
  }

  private void init() {
    steps.name("ns");
    if (in.moved()) {
      init.add(
          "the JVM moves it into the container's cgroups of version 1",
          Op.SYNC,
          Arg.fd(Slot.SYNC),
          Arg.number(PlanCompiler.PREPARED));
    }
    if (hasOwn(Namespace.USER)) {
      List<Namespace> kinds = new ArrayList<>(List.of(Namespace.USER));
      kinds.addAll(joined(KINDS));
      join(kinds, init);
      init.become(0, 0, "root of the user namespace");
    }
    if (in.stdio() instanceof Stdio.Terminal) {
      init.open(Register.ROOT, Arg.NONE, "/", "the container's root, for its terminals");
      steps.terminal();
    }
    steps.name("process");
    steps.prepare();
    steps.name("exec");
    steps.execute(false);
  }

  /**
   * Which of them are joined: the host's as well, as who execs may live in others than who ran the
   * container. But who is root of a user namespace has no power over the host's, and is in them.
   */
  private List<Namespace> joined(List<Namespace> kinds) {
    return ProcessSteps.isRootless(in.container())
        ? kinds.stream().filter(this::hasOwn).toList()
        : kinds;
  }

  private boolean hasOwn(Namespace kind) {
    for (Spec.Namespace n : in.container().linux().namespaces()) {
      if (n.type().equals(kind.oci())) {
        return true;
      }
    }
    return false;
  }

  /** setns(2) with a pidfd, Linux 5.8: all of them at once, and of exactly that process. */
  private static void join(List<Namespace> kinds, StepList who) {
    who.add(
        "where the container's first process lives", Op.SETNS, Arg.fd(FIRST_PROCESS), flags(kinds));
  }

  private static Arg flags(List<Namespace> kinds) {
    long flags = 0;
    List<String> names = new ArrayList<>();
    for (Namespace kind : kinds) {
      flags |= kind.flag();
      names.add("CLONE_NEW" + kind.suffix());
    }
    return Arg.number(flags, String.join("|", names));
  }
}
