package dev.mydocker.launch;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Who does what of a launch into a user namespace, and in which order. */
class HandoverTest {
  private static final List<Spec.IdMapping> MAP = List.of(new Spec.IdMapping(0, 100_000, 1000));

  private static Spec spec(List<Spec.Mount> mounts, Map<String, String> annotations) {
    List<Spec.Namespace> namespaces = new ArrayList<>();
    for (String type : List.of("user", "pid", "mount", "uts", "network", "ipc", "cgroup")) {
      namespaces.add(new Spec.Namespace(type, Optional.empty()));
    }
    return new Spec(
        Spec.VERSION,
        Optional.of(
            new Spec.Process(
                false,
                Optional.empty(),
                new Spec.User(5, 6, List.of(), OptionalInt.empty()),
                List.of("id"),
                List.of(),
                "/",
                Optional.empty(),
                List.of(),
                false,
                Optional.empty(),
                OptionalInt.of(100))),
        new Spec.Root("/run/x/rootfs", false),
        Optional.empty(),
        Optional.empty(),
        mounts,
        new Spec.Linux(
            namespaces,
            MAP,
            MAP,
            Map.of(),
            Spec.Resources.NONE,
            Optional.empty(),
            List.of(
                new Spec.Device(
                    "/dev/null",
                    "c",
                    1,
                    3,
                    OptionalInt.empty(),
                    OptionalLong.of(2),
                    OptionalLong.empty())),
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty()),
        annotations);
  }

  private static LaunchPlan plan(Spec spec, List<String> lower) {
    return plan(spec, lower, List.of());
  }

  private static LaunchPlan plan(Spec spec, List<String> lower, List<ViewFile> view) {
    return PlanCompiler.compile(
        new PlanCompiler.Input(
            "0".repeat(64),
            spec,
            new Causes(Map.of()),
            new PlanCompiler.Overlay("/l", lower, "/c/1/upper", "/c/1/work", "/run/x/rootfs"),
            new Stdio.Streams(true),
            List.of(),
            false,
            List.of(),
            Set.of(),
            Map.of("/v/data/part", "/v/data"),
            view,
            false,
            false,
            Optional.empty()));
  }

  private static LaunchPlan plan() {
    return plan(
        spec(
            List.of(
                new Spec.Mount("/a", "bind", "/srv", List.of("rbind", "ro")),
                new Spec.Mount("/b", "bind", "/v/data/part", List.of("rbind", "idmap"))),
            Map.of(Spec.USERNS, "auto")),
        List.of("aa", "bb"));
  }

  private static List<String> shown(List<Step> steps) {
    return steps.stream().map(Step::shown).toList();
  }

  private static long count(List<Step> steps, Op op) {
    return steps.stream().filter(step -> step.op() == op).count();
  }

  @Test
  void monitorPutsTheRootTogetherOutsideAndGoesBack() {
    assertThat(shown(plan().monitor()))
        .filteredOn(step -> !step.startsWith("open") || step.startsWith("open_"))
        .containsSubsequence(
            "fchown(stdin, 100005, 100006)",
            "open_ns(take, \"/proc/self/ns/mnt\")",
            "unshare(CLONE_NEWNS)",
            "mount(-, \"/\", -, MS_REC|MS_PRIVATE, -)",
            "recv_fd(fd16, give)",
            "open_tree(fd1, -, \"/l\", OPEN_TREE_CLONE)",
            "idmap(fd1, fd16)",
            "open_tree(fd1, -, \"/c/1\", OPEN_TREE_CLONE)",
            "idmap(fd1, fd16)",
            "prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)",
            "setresgid(100000)",
            "setresuid(100000)",
            "mount(\"overlay\", \"root\", \"overlay\", 0,"
                + " \"lowerdir=layers/aa:layers/bb,upperdir=own/upper,workdir=own/work\")",
            "setresgid(0)",
            "setresuid(0)",
            "prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)",
            "open_tree(fd1, -, \"root\", OPEN_TREE_CLONE)",
            "send_fd(give, fd1)",
            "open_tree(fd1, -, \"/srv\", OPEN_TREE_CLONE|AT_RECURSIVE)",
            "send_fd(give, fd1)",
            "idmap(fd1, fd16)",
            "send_fd(give, fd1)",
            "mknod(fd15, \"/node0\", 020666, 1, 3, 100002, 100000)",
            "send_fd(give, fd1)",
            "setns(take, CLONE_NEWNS)");
    assertThat(plan().monitor().get(plan().monitor().size() - 1).op()).isEqualTo(Op.EXEC_MONITOR);
  }

  @Test
  void everyMountThatIsSentIsReceivedAndAttached() {
    LaunchPlan plan = plan();
    assertThat(count(plan.init(), Op.RECV_FD)).isEqualTo(count(plan.monitor(), Op.SEND_FD));
    assertThat(count(plan.init(), Op.MKNOD)).isZero();
    assertThat(count(plan.init(), Op.OPEN_TREE)).isZero();
  }

  @Test
  void whatNeedsAnIdOfTheHostComesBeforeItIsGivenUp() {
    assertThat(shown(plan().init()))
        .containsSubsequence(
            "sync(sync, 1)",
            "open_ns(fd16, \"/proc/self/ns/user\")",
            "send_fd(take, fd16)",
            "open(fd2, -, \"/run/x/rootfs\", 0, 0, 0)",
            "write_file(-, \"/proc/self/oom_score_adj\", \"100\")",
            "setresuid(0)",
            "recv_fd(fd0, take)",
            "attach(fd0, fd2)");
    assertThat(shown(plan().init())).doesNotContain("fchown(stdout, 5, -1)");
  }

  /** The kernel mounts a connection in the user namespace of who has opened it, and in no other. */
  @Test
  void theConnectionOfAViewIsOpenedInItsUserNamespaceAndKeptByTheMonitorAlone() {
    LaunchPlan plan =
        plan(spec(List.of(), Map.of(Spec.USERNS, "auto")), List.of("aa"), List.of(ViewFile.UPTIME));
    assertThat(shown(plan.monitor()))
        .containsSubsequence(
            "mknod(fd15, \"/node0\", 020666, 1, 3, 100002, 100000)",
            "open_as(view, fd16, \"/dev/fuse\")",
            "send_fd(give, view)",
            "setns(take, CLONE_NEWNS)");
    List<String> init = shown(plan.init());
    int mounted = 0;
    while (!init.get(mounted).startsWith("fsmount_fd(")) {
      mounted++;
    }
    assertThat(init.subList(mounted - 1, mounted + 4))
        .satisfiesExactly(
            step -> assertThat(step).isEqualTo("recv_fd(view, take)"),
            step -> assertThat(step).endsWith("view)"),
            step -> assertThat(step).isEqualTo("send_fd(view-out, view)"),
            step -> assertThat(step).startsWith("open_tree(view, fd17"),
            step -> assertThat(step).isEqualTo("attach(fd7, view)"));
    assertThat(init.indexOf("open(fd17, -, \"/l\", 0, 0, 0)"))
        .as("of the host's, which no id of the container may open")
        .isBetween(0, init.indexOf("setresuid(0)"));
  }

  /** No idmapped mount of the host's disks, and none is needed: the files are the container's. */
  @Test
  void anOrdinaryUsersLayersAreMountedAsTheyLie() {
    Map<String, String> keeps = Map.of(Spec.USERNS, "keep-id", Spec.ROOTLESS, Spec.ROOTLESS_RANGES);
    LaunchPlan plan = plan(spec(List.of(), keeps), List.of("aa"));
    assertThat(plan.monitor())
        .extracting(Step::op)
        .doesNotContain(Op.IDMAP, Op.SETRESUID, Op.SETRESGID, Op.PRCTL);
    assertThat(shown(plan.monitor()))
        .contains(
            "mount(\"overlay\", \"root\", \"overlay\", 0,"
                + " \"lowerdir=layers/aa,upperdir=own/upper,workdir=own/work,userxattr\")");
  }

  @Test
  void neitherKeepsTheOthersEndOfTheSocket() {
    for (Step step : plan().monitor()) {
      if (step.op() == Op.CLONE_INIT) {
        assertThat(step.shown()).contains("take").doesNotContain("give");
      } else if (step.op() == Op.EXEC_MONITOR) {
        assertThat(step.shown()).doesNotContain("take").doesNotContain("give");
      }
    }
  }

  @Test
  void manyLayersGetShortNames() {
    List<String> lower = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      lower.add(String.format("%064x", i));
    }
    List<String> steps = shown(plan(spec(List.of(), Map.of(Spec.USERNS, "auto")), lower).monitor());
    assertThat(steps).contains("symlink(fd15, \"layers/" + lower.get(99) + "\", \"/2r\")");
    assertThat(steps).anyMatch(step -> step.contains("\"lowerdir=0:1:2:3:"));
  }

  @Test
  void anImageWithoutLayersHasAnEmptyOneOfTheContainersOwn() {
    assertThat(
            shown(
                plan(spec(List.of(), Map.of(Spec.USERNS, "auto")), List.of("/c/1/empty"))
                    .monitor()))
        .anyMatch(step -> step.contains("\"lowerdir=own/empty,"));
  }

  @Test
  void aConfigurationOfSomebodyElsesMountsInItsNamespace() {
    LaunchPlan plan = plan(spec(List.of(), Map.of()), List.of("aa"));
    assertThat(plan.handsOver()).isFalse();
    assertThat(count(plan.init(), Op.MKNOD)).isOne();
    assertThat(plan().handsOver()).isTrue();
  }
}
