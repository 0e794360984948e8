package dev.mydocker.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the kernel or safety forces about the order of a launch. */
class PlanCompilerTest {
  private static final List<String> ALL =
      List.of("pid", "mount", "uts", "network", "ipc", "cgroup");

  private static Spec spec(List<Spec.Namespace> namespaces, List<Spec.Mount> mounts, boolean tty) {
    Spec.Process process =
        new Spec.Process(
            tty,
            Optional.empty(),
            new Spec.User(1000, 100, List.of(7L), OptionalInt.empty()),
            List.of("id", "-u"),
            List.of("PATH=/usr/bin:/bin", "A=b"),
            "/work",
            Optional.of(
                new Spec.Capabilities(
                    List.of("CAP_CHOWN"), List.of(), List.of(), List.of(), List.of())),
            List.of(new Spec.RlimitEntry("RLIMIT_NOFILE", 1024, 4096)),
            false,
            Optional.empty(),
            OptionalInt.empty());
    Spec.Linux linux =
        new Spec.Linux(
            namespaces,
            List.of(),
            List.of(),
            Map.of("net.ipv4.ip_forward", "1"),
            Spec.Resources.NONE,
            Optional.empty(),
            List.of(),
            List.of("/proc/kcore"),
            List.of("/proc/sys"),
            Optional.empty(),
            Optional.empty());
    return new Spec(
        Spec.VERSION,
        Optional.of(process),
        new Spec.Root("/run/x/rootfs", true),
        Optional.of("box"),
        Optional.empty(),
        mounts,
        linux,
        Map.of());
  }

  private static List<Spec.Namespace> own(List<String> types) {
    List<Spec.Namespace> out = new ArrayList<>();
    for (String type : types) {
      out.add(new Spec.Namespace(type, Optional.empty()));
    }
    return out;
  }

  private static LaunchPlan compile(Spec spec, boolean tty) {
    return PlanCompiler.compile(input(spec, tty, List.of("bb", "aa")));
  }

  private static PlanCompiler.Input input(Spec spec, boolean tty, List<String> lower) {
    PlanCompiler.Overlay overlay =
        new PlanCompiler.Overlay(
            "/var/lib/x/layers", lower, "/c/upper", "/c/work", "/run/x/rootfs");
    return new PlanCompiler.Input(
        "0".repeat(64),
        spec,
        new Causes(Map.of("args", "the command")),
        overlay,
        tty ? new Stdio.Terminal(24, 80) : new Stdio.Streams(false),
        List.of(new CgroupEntry("/sys/fs/cgroup/pids/m/tasks", "its limit")),
        true,
        List.of(),
        Set.of("/etc/passwd"),
        Map.of("/volumes/data/a/b", "/volumes/data"),
        List.of(),
        false,
        false,
        Optional.empty());
  }

  private static List<Op> ops(List<Step> steps) {
    return steps.stream().map(Step::op).toList();
  }

  private static LaunchPlan standard() {
    List<Spec.Mount> mounts =
        List.of(
            new Spec.Mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")),
            new Spec.Mount("/data", "bind", "/srv", List.of("rbind", "ro", "rprivate")),
            new Spec.Mount("/etc/passwd", "bind", "/etc/passwd", List.of("rbind", "rprivate")));
    return compile(spec(own(ALL), mounts, false), false);
  }

  @Test
  void aContainerWithItsOwnPidsIsClonedByTheJvmsChild() {
    assertThat(ops(standard().monitor())).containsExactly(Op.CLONE_INIT, Op.EXEC_MONITOR);
  }

  @Test
  void oneAmongOtherProcessesIsClonedByTheStaticMonitor() {
    LaunchPlan host = compile(spec(own(List.of("mount")), List.of(), false), false);
    assertThat(ops(host.monitor())).containsExactly(Op.EXEC_MONITOR, Op.CLONE_INIT);
    List<Spec.Namespace> joined =
        List.of(
            new Spec.Namespace("pid", Optional.of("/proc/1/ns/pid")),
            new Spec.Namespace("mount", Optional.empty()));
    LaunchPlan other = compile(spec(joined, List.of(), false), false);
    assertThat(ops(other.monitor())).containsExactly(Op.EXEC_MONITOR, Op.SETNS, Op.CLONE_INIT);
  }

  @Test
  void RT46_aPartOfAVolumeIsOpenedInsideItAndMountedByDescriptor() {
    Spec.Mount part = new Spec.Mount("/d", "bind", "/volumes/data/a/b", List.of("rbind"));
    List<Step> steps = compile(spec(own(ALL), List.of(part), false), false).init();
    int tree = ops(steps).indexOf(Op.OPEN_TREE);
    String slot = steps.get(tree - 1).shown().replaceFirst(".*\\((fd[0-9]+),.*", "$1");
    assertThat(steps.get(tree).shown()).contains(slot + ", \"\"").doesNotContain("/volumes");
    // The target has another one, as a script uses both at once.
    assertThat(steps.get(tree + 1).shown()).doesNotContain(slot);
    assertThat(steps.get(tree - 1).shown()).contains("\"/a/b\"");
    assertThat(steps.get(tree - 2).shown()).contains("\"/volumes/data\"");
  }

  @Test
  void nothingIsDoneBeforeTheJvmHasSetLimitsAndMaps() {
    assertThat(ops(standard().init())).startsWith(Op.NAME, Op.SYNC);
  }

  @Test
  void theCgroupNamespaceComesAfterTheMoveIntoTheCgroup() {
    List<Op> ops = ops(standard().init());
    assertThat(ops.indexOf(Op.UNSHARE)).isGreaterThan(ops.indexOf(Op.SYNC));
  }

  @Test
  void mountsBecomePrivateBeforeAnythingIsMounted() {
    List<Step> init = standard().init();
    Step first = init.stream().filter(s -> s.op() == Op.MOUNT).findFirst().orElseThrow();
    assertThat(first.shown()).contains("MS_REC|MS_PRIVATE");
  }

  @Test
  void theRootBecomesReadOnlyWhenItsMountPointsExist() {
    List<Op> ops = ops(standard().init());
    assertThat(ops.lastIndexOf(Op.MOUNT_ATTR)).isGreaterThan(ops.lastIndexOf(Op.ATTACH));
    assertThat(ops.indexOf(Op.PIVOT_ROOT)).isEqualTo(ops.lastIndexOf(Op.MOUNT_ATTR) + 1);
  }

  @Test
  void capabilitiesAreDroppedInTheOrderOfCapabilities7() {
    List<Op> ops = ops(standard().init());
    assertThat(ops)
        .containsSubsequence(
            Op.RLIMIT,
            Op.BOUNDING,
            Op.SETGROUPS,
            Op.SETRESGID,
            Op.SETRESUID,
            Op.CAPSET,
            Op.CLOSE_OTHERS,
            Op.EXECVE);
    assertThat(ops.get(ops.size() - 1)).isEqualTo(Op.EXECVE);
  }

  private static List<Step> filtered(boolean noNewPrivileges) {
    Spec spec = spec(own(ALL), List.of(), false);
    Spec.Process p = spec.process().orElseThrow();
    Spec.Process process =
        new Spec.Process(
            p.terminal(),
            p.consoleSize(),
            p.user(),
            p.args(),
            p.env(),
            p.cwd(),
            p.capabilities(),
            p.rlimits(),
            noNewPrivileges,
            p.apparmorProfile(),
            p.oomScoreAdj());
    Spec changed =
        new Spec(
            spec.ociVersion(),
            Optional.of(process),
            spec.root(),
            spec.hostname(),
            spec.domainname(),
            spec.mounts(),
            spec.linux(),
            spec.annotations());
    PlanCompiler.Input in = input(changed, false, List.of("aa"));
    return PlanCompiler.compile(
            new PlanCompiler.Input(
                in.id(),
                in.spec(),
                in.causes(),
                in.overlay(),
                in.stdio(),
                in.entries(),
                in.unified(),
                in.cgroups(),
                in.fileSources(),
                in.within(),
                in.view(),
                false,
                in.init(),
                Optional.of(new SeccompProgram(2, new byte[16]))))
        .init();
  }

  private static String capset(List<Step> steps) {
    return steps.get(ops(steps).indexOf(Op.CAPSET)).shown();
  }

  @Test
  void aFilterIsTheLastThingBeforeTheCommand() {
    for (boolean noNewPrivileges : new boolean[] {false, true}) {
      List<Step> steps = filtered(noNewPrivileges);
      assertThat(ops(steps)).endsWith(Op.CLOSE_OTHERS, Op.SECCOMP, Op.EXECVE);
      assertThat(steps.get(steps.size() - 2).shown())
          .isEqualTo("seccomp(2 instructions, SECCOMP_FILTER_FLAG_LOG)");
    }
  }

  /** Execve takes it again: it is not in the bounding set. */
  @Test
  void theCapabilityForAFilterIsHeldUntilExecveUnlessNoneIsNeeded() {
    assertThat(capset(filtered(false))).isEqualTo("capset(0x200000, 0x200000, 0x0)");
    assertThat(capset(filtered(true))).isEqualTo("capset(0x0, 0x0, 0x0)");
    assertThat(capset(standard().init())).isEqualTo("capset(0x0, 0x0, 0x0)");
  }

  @Test
  void aFileIsBoundOverAFileAndADirectoryOverADirectory() {
    List<Step> init = standard().init();
    Step file =
        init.stream()
            .filter(s -> s.op() == Op.OPEN && s.shown().contains("/etc/passwd"))
            .findFirst()
            .orElseThrow();
    assertThat(file.shown()).contains("create");
    Step directory =
        init.stream()
            .filter(s -> s.op() == Op.OPEN && s.shown().contains("/data"))
            .findFirst()
            .orElseThrow();
    assertThat(directory.shown()).contains("mkdir");
  }

  @Test
  void procAndSysAreNeverReachedThroughALink() {
    for (Step step : standard().init()) {
      if (step.op() == Op.OPEN && step.shown().contains("\"/proc\"")) {
        assertThat(step.shown()).contains("RESOLVE_NO_SYMLINKS");
        return;
      }
    }
    throw new AssertionError("/proc is not opened");
  }

  @Test
  void theCommandIsLookedForInTheContainersPath() {
    assertThat(ProcessSteps.candidates("id", List.of("PATH=/a::/b")))
        .containsExactly("/a/id", "./id", "/b/id");
    assertThat(ProcessSteps.candidates("./id", List.of())).containsExactly("./id");
    assertThat(ProcessSteps.candidates("id", List.of())).contains("/bin/id", "/usr/bin/id");
  }

  @Test
  void TAR49_theOptionsOfManyLayersFitIntoOnePage() {
    List<String> lower = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      lower.add(String.format("%064x", i));
    }
    Spec spec = spec(own(ALL), List.of(), false);
    List<Step> init = PlanCompiler.compile(input(spec, false, lower)).init();
    Step overlay =
        init.stream()
            .filter(s -> s.op() == Op.MOUNT && s.shown().contains("lowerdir="))
            .findFirst()
            .orElseThrow();
    assertThat(((Arg.Text) overlay.args().get(4)).value()).hasSizeLessThan(4096);
    assertThat(init.stream().filter(s -> s.op() == Op.SYMLINK && s.why().contains("layers")))
        .hasSize(500);
  }

  @Test
  void everyStepSaysWhy() {
    for (Step step : standard().steps()) {
      assertThat(step.why()).as(step.shown()).isNotBlank();
    }
  }

  @Test
  void theSameInputGivesTheSameBytes() {
    assertThat(standard().toBytes()).isEqualTo(standard().toBytes());
  }

  @Test
  void aSpecWithoutAProcessCannotBeLaunched() {
    Spec whole = spec(own(ALL), List.of(), false);
    Spec none =
        new Spec(
            whole.ociVersion(),
            Optional.empty(),
            whole.root(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            whole.linux(),
            Map.of());
    assertThatThrownBy(() -> compile(none, false)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Spec limited(Spec.Resources resources, Map<String, String> annotations) {
    List<Spec.Mount> mounts =
        List.of(
            new Spec.Mount("/proc", "proc", "proc", List.of("nosuid")),
            new Spec.Mount("/sys", "sysfs", "sysfs", List.of("ro")),
            new Spec.Mount("/proc/swaps", "bind", "/etc/passwd", List.of("rbind")));
    Spec all = spec(own(ALL), mounts, false).withResources(resources);
    return new Spec(
        all.ociVersion(),
        all.process(),
        all.root(),
        all.hostname(),
        all.domainname(),
        all.mounts(),
        all.linux(),
        annotations);
  }

  private static Spec.Resources resources(OptionalLong memory, Optional<String> cpus) {
    Spec.Resources none = Spec.Resources.NONE;
    return new Spec.Resources(
        new Spec.Memory(memory, OptionalLong.empty(), OptionalLong.empty()),
        new Spec.Cpu(
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            cpus,
            Optional.empty()),
        none.pidsLimit(),
        none.devices());
  }

  @Test
  void aContainerSeesTheFilesOfItsLimitsAndKeepsWhatTheUserHasMounted() {
    Spec.Resources memory = resources(OptionalLong.of(1 << 28), Optional.empty());
    Spec.Resources cpus = resources(OptionalLong.empty(), Optional.of("0"));
    assertThat(ViewFile.of(limited(memory, Map.of())))
        .containsExactly(ViewFile.MEMINFO, ViewFile.UPTIME, ViewFile.LOADAVG);
    assertThat(ViewFile.of(limited(cpus, Map.of())))
        .containsExactly(
            ViewFile.UPTIME, ViewFile.LOADAVG, ViewFile.CPUINFO, ViewFile.STAT, ViewFile.ONLINE);
    assertThat(ViewFile.of(limited(Spec.Resources.NONE, Map.of()))).isEmpty();
    assertThat(ViewFile.of(limited(memory, Map.of(Spec.PROC_VIEW, Spec.PROC_VIEW_OFF)))).isEmpty();
    assertThat(ViewFile.of(spec(own(ALL), List.of(), false).withResources(memory))).isEmpty();
  }

  @Test
  void nameServersSocketsAreTheMonitorsBeforeAnybodyCouldTakeThePort() {
    PlanCompiler.Input plain = input(standardSpec(), false, List.of("aa"));
    LaunchPlan plan =
        PlanCompiler.compile(
            new PlanCompiler.Input(
                plain.id(),
                plain.spec(),
                new Causes(Map.of()),
                plain.overlay(),
                plain.stdio(),
                List.of(),
                false,
                List.of(),
                Set.of(),
                Map.of(),
                List.of(),
                true,
                false,
                Optional.empty()));
    List<Op> ops = ops(plan.init());
    int up = ops.indexOf(Op.LOOPBACK_UP);
    assertThat(ops.subList(up + 1, up + 5))
        .containsExactly(Op.BIND, Op.SEND_FD, Op.BIND, Op.SEND_FD);
    assertThat(plan.init().get(up + 1).shown())
        .isEqualTo("bind(fd1, SOCK_DGRAM, 127.0.0.11, 61053)");
    assertThat(plan.init().get(up + 3).shown())
        .isEqualTo("bind(fd1, SOCK_STREAM, 127.0.0.11, 61053)");
    assertThat(up).isLessThan(ops.indexOf(Op.PIVOT_ROOT));
    assertThat(plan.isServed()).isTrue();
    assertThat(PlanCompiler.compile(plain).isServed()).isFalse();
  }

  @Test
  void theConnectionIsTheMonitorsAloneBeforeAnythingIsAskedOfIt() {
    PlanCompiler.Input plain = input(standardSpec(), false, List.of("aa"));
    LaunchPlan plan =
        PlanCompiler.compile(
            new PlanCompiler.Input(
                plain.id(),
                plain.spec(),
                new Causes(Map.of("resource:memory.limit", "--memory=256m")),
                plain.overlay(),
                plain.stdio(),
                List.of(),
                false,
                List.of(),
                Set.of(),
                Map.of(),
                List.of(ViewFile.MEMINFO),
                false,
                false,
                Optional.empty()));
    List<Op> ops = ops(plan.init());
    int mount = ops.indexOf(Op.FSMOUNT_FD);
    assertThat(ops.subList(mount, mount + 7))
        .containsExactly(
            Op.FSMOUNT_FD, Op.SEND_FD, Op.OPEN, Op.ATTACH, Op.OPEN, Op.OPEN_TREE, Op.ATTACH);
    assertThat(plan.init().get(mount + 2).shown()).startsWith("open(view,");
    assertThat(plan.init().get(mount + 4).shown()).contains("/proc/meminfo", "NO_SYMLINKS");
    assertThat(plan.init().get(mount + 4).why()).contains("--memory=256m");
    assertThat(mount).isGreaterThan(ops.lastIndexOf(Op.MOUNT)).isLessThan(ops.indexOf(Op.MASK));
    assertThat(ops.subList(ops.indexOf(Op.WATCH), ops.size()))
        .containsExactly(Op.WATCH, Op.CLOSE_OTHERS, Op.EXECVE);
    assertThat(plan.init().get(ops.indexOf(Op.WATCH)).why()).contains("--memory=256m");
    assertThat(plan.monitor().get(0).shown()).contains("view-out view");
    assertThat(plan.monitor().get(1).shown()).contains("view-in").doesNotContain("view-out");
  }

  private static Spec standardSpec() {
    return limited(resources(OptionalLong.of(1 << 28), Optional.empty()), Map.of());
  }
}
