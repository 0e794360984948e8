package dev.mydocker.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** The plans of commands that join a container. */
class ExecCompilerTest {

  private static final Spec.Process PROCESS =
      new Spec.Process(
          false,
          Optional.empty(),
          new Spec.User(1000, 100, List.of(7L), OptionalInt.empty()),
          List.of("id", "-u"),
          List.of("PATH=/bin", "A=b"),
          "/work",
          Optional.of(
              new Spec.Capabilities(
                  List.of("CAP_CHOWN"), List.of(), List.of(), List.of(), List.of())),
          List.of(new Spec.RlimitEntry("RLIMIT_NOFILE", 1024, 4096)),
          true,
          Optional.of("profile"),
          OptionalInt.of(5));

  private static final String STREAMS =
      """
      exec_monitor(monitor-image, ["mydocker-monitor", "ID"], {recording plan client sync console-out console-in stdin stdout stderr to-stdin from-stdout from-stderr cgroup fd6 fd7})
      write_file(-, "/proc/self/oom_score_adj", "5")
      write_file(-, "/proc/self/attr/apparmor/exec", "exec profile")
      setns(fd6, CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWCGROUP|CLONE_NEWPID)
      clone_init(0, {sync console-out stdin stdout stderr fd6}, cgroup)
      setns(fd7, CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWCGROUP)
      name("mydocker:ns")
      sync(sync, 1)
      name("mydocker:process")
      rlimit(RLIMIT_NOFILE, 1024, 4096)
      keyring()
      new_session(-)
      fchown(stdin, 1000, -1)
      fchown(stdout, 1000, -1)
      fchown(stderr, 1000, -1)
      stdio(stdin, stdout, stderr)
      umask(022)
      chdir("/work")
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
      bounding(0x1)
      prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
      setgroups([7])
      setresgid(100)
      setresuid(1000)
      capset(0x0, 0x0, 0x0)
      prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
      name("mydocker:exec")
      close_others({sync})
      execve(["/bin/id"], ["id", "-u"], ["PATH=/bin", "A=b"])
      """;

  private static Spec container(String... own) {
    return container(Map.of(), own);
  }

  private static Spec container(Map<String, String> annotations, String... own) {
    List<Spec.Namespace> namespaces = new ArrayList<>();
    for (String type : own) {
      namespaces.add(new Spec.Namespace(type, Optional.empty()));
    }
    Spec.Linux linux =
        new Spec.Linux(
            namespaces,
            List.of(),
            List.of(),
            Map.of(),
            Spec.Resources.NONE,
            Optional.empty(),
            List.of(),
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty());
    return new Spec(
        Spec.VERSION,
        Optional.of(PROCESS),
        new Spec.Root("/run/x/rootfs", false),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        linux,
        annotations);
  }

  private static LaunchPlan plan(Stdio stdio, String... own) {
    return plan(container(own), stdio);
  }

  private static LaunchPlan plan(Spec container, Stdio stdio) {
    return ExecCompiler.compile(
        new ExecCompiler.Input(
            "ID",
            container,
            PROCESS,
            new Causes(Map.of()),
            stdio,
            Optional.empty(),
            true,
            true,
            false));
  }

  private static String text(LaunchPlan plan) {
    StringBuilder out = new StringBuilder();
    for (Step step : plan.steps()) {
      out.append(step.shown()).append('\n');
    }
    return out.toString();
  }

  @Test
  void joinsAsTheStaticMonitorsChild() {
    assertThat(text(plan(new Stdio.Streams(true), "mount", "pid"))).isEqualTo(STREAMS);
  }

  @Test
  void theContainersFilterIsTheLastThingBeforeTheCommand() {
    LaunchPlan plan =
        ExecCompiler.compile(
            new ExecCompiler.Input(
                "ID",
                container("mount"),
                PROCESS,
                new Causes(Map.of("seccomp", "the container's own")),
                new Stdio.Streams(false),
                Optional.of(new SeccompProgram(0, new byte[8])),
                false,
                false,
                false));
    List<Step> init = plan.init();
    Step filter = init.get(init.size() - 2);
    assertThat(filter.shown()).isEqualTo("seccomp(1 instructions, 0)");
    assertThat(filter.why()).isEqualTo("the container's own");
  }

  /** Its listener goes to the container's monitor, which outlives the one that starts it. */
  @Test
  void whoJoinsAWatchedContainerIsWatched() {
    LaunchPlan plan =
        ExecCompiler.compile(
            new ExecCompiler.Input(
                "ID",
                container("mount"),
                PROCESS,
                new Causes(Map.of()),
                new Stdio.Streams(false),
                Optional.of(new SeccompProgram(0, new byte[8])),
                false,
                false,
                true));
    List<Step> init = plan.init();
    assertThat(init.get(init.size() - 4).shown()).isEqualTo("watch(sysinfo, view-out)");
    assertThat(plan.monitor().get(0).shown()).contains("view-out");
    assertThat(plan.monitor().get(4).shown()).contains("view-out");
  }

  /** The host's are joined as well: who execs may live in others than who ran the container. */
  @Test
  void namespacesAreThoseOfTheFirstProcessWhateverTheContainerShares() {
    assertThat(text(plan(new Stdio.Streams(true)))).isEqualTo(STREAMS);
  }

  @Test
  void userNamespaceIsJoinedWithTheOthersAndItsRootTaken() {
    assertThat(text(plan(new Stdio.Streams(true), "user", "mount")))
        .contains(
            """
            setns(fd6, CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWNET|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWCGROUP)
            setresgid(0)
            setresuid(0)
            """);
  }

  /** netns_install and its like in the kernel ask for power over the namespace that is joined. */
  @Test
  void anOrdinaryUserJoinsNoneOfTheHosts() {
    Map<String, String> rootless = Map.of(Spec.ROOTLESS, Spec.ROOTLESS_RANGES);
    Stdio stdio = new Stdio.Streams(true);
    assertThat(text(plan(container(rootless, "mount", "pid", "uts"), stdio)))
        .contains("setns(fd6, CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWPID)");
    assertThat(text(plan(container(rootless, "user", "mount", "pid"), stdio)))
        .contains("setns(fd6, CLONE_NEWPID)")
        .contains("setns(fd6, CLONE_NEWUSER|CLONE_NEWNS)");
  }

  @Test
  void terminalIsOpenedInsideTheContainersRoot() {
    assertThat(text(plan(new Stdio.Terminal(24, 80), "mount")))
        .contains(
            """
            open(fd0, -, "/", 0, 0, 0)
            open_pty(fd3, fd4, fd0, 24, 80)
            fchown(fd4, 1000, -1)
            send_fd(console-out, fd3)
            """)
        .contains("new_session(fd4)\nstdio(fd4, fd4, fd4)\n")
        .doesNotContain("/dev/console");
  }

  @Test
  void monitorHoldsNoLockAndNoDirectory() {
    assertThat(text(plan(new Stdio.Streams(false), "mount")))
        .doesNotContain("life")
        .doesNotContain("run-directory");
  }

  @Test
  void everyStepSaysWhy() {
    for (Step step : plan(new Stdio.Terminal(24, 80), "user", "mount").steps()) {
      assertThat(step.why()).as(step.shown()).isNotBlank();
    }
  }
}
