package dev.mydocker.launch;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
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

  /** The slot of a namespace to join: {@code FIRST_JOINED + namespace.ordinal()}. */
  public static final int FIRST_JOINED = Register.JOINED;

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
  private final StepList monitor;
  private final StepList init;
  private final NamespaceSteps namespaces;

  /** What M, with the host's privileges, puts together when I cannot. */
  private final Optional<Handover> handover;

  private PlanCompiler(Input in) {
    this.in = in;
    this.spec = in.spec();
    this.monitor = new StepList(in.causes());
    this.init = new StepList(in.causes());
    this.namespaces = new NamespaceSteps(spec, init);
    this.handover =
        ProcessSteps.isHanded(spec)
            ? Optional.of(new Handover(spec, in.overlay(), in.causes()))
            : Optional.empty();
  }

  /** The plan of {@code input}. */
  public static LaunchPlan compile(Input input) {
    PlanCompiler compiler = new PlanCompiler(input);
    compiler.init();
    compiler.monitor();
    return new LaunchPlan(compiler.monitor.steps(), compiler.init.steps());
  }

  // ---- M ----------------------------------------------------------------------------------------

  /**
   * A container with PIDs of its own is cloned by the JVM's child; one that lives among other
   * processes' PIDs is cloned by the static monitor, which has nothing of the host mapped.
   */
  private void monitor() {
    boolean alone = namespaces.has(Namespace.PID);
    if (!alone) {
      becomeMonitor(initSlots() | Slot.set(Slot.PLAN) | (in.unified() ? Slot.set(Slot.CGROUP) : 0));
    }
    if (namespaces.joins(Namespace.PID)) {
      // A PID namespace is joined by its joiner's children (setns(2)), so M joins it.
      namespaces.join(Namespace.PID, monitor);
    }
    namespaces.cloneInit(monitor, initSlots(), in.unified());
    if (handover.isPresent()) {
      // Before the monitor: with users of its own it has PIDs of its own, too.
      monitor.addAll(handover.get().steps());
    }
    if (alone) {
      becomeMonitor(0);
    }
  }

  /**
   * It keeps what a monitor needs.
   *
   * @param more what else
   */
  private void becomeMonitor(long more) {
    monitor.add(
        "M becomes the static monitor, from a sealed memfd: it outlives the JVM",
        Op.EXEC_MONITOR,
        Arg.fd(Slot.MONITOR_IMAGE),
        Arg.texts(List.of("mydocker-monitor", in.id())),
        Arg.slots(monitorSlots() | more));
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
    return Slot.set(Slot.SYNC, Slot.CONSOLE_OUT, Slot.STDIN, Slot.STDOUT, Slot.STDERR)
        | (in.init() ? Slot.set(Slot.MONITOR_IMAGE) : 0)
        | (in.view().isEmpty() ? 0 : Slot.set(Slot.VIEW_OUT, Slot.VIEW))
        | (in.resolver() ? Slot.set(Slot.VIEW_OUT) : 0)
        | (handover.isPresent() ? Slot.set(Slot.TAKE) : 0)
        | namespaces.joined();
  }

  // ---- I ----------------------------------------------------------------------------------------

  private void init() {
    Spec.Process process =
        spec.process().orElseThrow(() -> new IllegalArgumentException("the spec has no process"));
    ProcessSteps steps = new ProcessSteps(process, in.stdio(), in.seccomp(), watch(), spec, init);
    MountSteps mounts = new MountSteps(in, handover, init);
    DeviceSteps devices = new DeviceSteps(in, handover, mounts, init);
    steps.name("ns");
    init.add(
        "the JVM writes maps and makes links from outside",
        Op.SYNC,
        Arg.fd(Slot.SYNC),
        Arg.number(PREPARED));
    steps.enter(in.entries());
    namespaces.joinOthers();
    if (handover.isPresent()) {
      meetMonitor();
      steps.oomScore();
    }
    namespaces.settle();
    steps.name("mounts");
    mounts.root();
    mounts.mounts();
    devices.devices();
    init.makeDirectory(
        Register.TARGET,
        Register.ROOT,
        process.cwd(),
        0755,
        init.cause("cwd") + ": made if it is missing");
    sysctls();
    devices.console(steps);
    devices.view();
    mounts.hidden();
    steps.name("root");
    namespaces.identity(in.resolver());
    if (handover.isEmpty()) {
      steps.oomScore();
    }
    steps.apparmor();
    mounts.pivot();
    steps.name("process");
    steps.prepare();
    steps.name("exec");
    steps.execute(in.init());
  }

  /** Why its sysinfo(2) is answered by the monitor, when it is. */
  private Optional<String> watch() {
    return in.view().isEmpty()
        ? Optional.empty()
        : Optional.of(
            init.cause(in.view().get(0).cause(spec)) + ": sysinfo(2) is answered by the monitor");
  }

  /** Still with an id of the host's, which may open these. */
  private void meetMonitor() {
    String why = "M shows the layers by it";
    init.add(why, Op.OPEN_NS, Arg.fd(Register.USERS), Arg.text("/proc/self/ns/user"));
    init.add(why, Op.SEND_FD, Arg.fd(Slot.TAKE), Arg.fd(Register.USERS));
    init.open(Register.TARGET, Arg.NONE, in.overlay().target(), "where the new root will be");
    if (!in.view().isEmpty()) {
      init.open(
          Register.ASIDE,
          Arg.NONE,
          in.overlay().layers(),
          "where the monitor's files will be at first");
    }
  }

  private void sysctls() {
    spec.linux()
        .sysctl()
        .forEach(
            (key, value) ->
                init.add(
                    init.cause("sysctl:" + key),
                    Op.WRITE_FILE,
                    Arg.fd(Register.ROOT),
                    Arg.text("/proc/sys/" + key.replace('.', '/')),
                    Arg.content(value)));
  }
}
