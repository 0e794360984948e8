package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Device rules as the kernel enforces them on v2: in the host's v2 hierarchy, which may stand
 * beside those of v1. Needs root.
 */
class DeviceFilterIT {
  private static final Causes CAUSES = new Causes(Map.of("resource:devices", "--device"));
  private static final String PARENT = "/mydocker-it-" + ProcessHandle.current().pid();
  private static final String PATH = PARENT + "/filter";

  @TempDir Path directory;
  private CgroupHost host;
  private Cgroup cgroup;

  @BeforeEach
  void seeV2Alone() throws IOException {
    Optional<Hierarchy> v2 =
        CgroupHost.detect().hierarchies().stream().filter(Hierarchy::unified).findAny();
    assumeTrue(v2.isPresent(), "this host mounts no v2 hierarchy");
    host = new FakeHost(directory).v2(v2.get().mountPoint(), "").detect();
    cgroup = host.at(PATH);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (cgroup != null) {
      cgroup.destroy();
      assertThat(Path.of(cgroup.processFiles().get(0)).getParent().getParent()).doesNotExist();
    }
  }

  private static Spec.Resources resources(String rules) {
    return new Spec.Resources(
        Spec.Memory.NONE, Spec.Cpu.NONE, OptionalLong.empty(), DeviceProgramTest.rules(rules));
  }

  private void create(String rules) throws IOException {
    cgroup.create(host.plan(PATH, resources(rules), CAUSES), CgroupJournal.NONE);
  }

  /** What a shell in the cgroup says of each attempt: its name, and ok or why not. */
  private List<String> attempts(String... attempts) throws Exception {
    StringBuilder script = new StringBuilder("read go; cd \"$1\"; try() { ");
    script.append("error=$( { eval \"$1\"; } 2>&1) && echo \"$1: ok\" || case $error in ");
    script.append("*'not permitted') echo \"$1: EPERM\" ;; *) echo \"$1: $error\" ;; esac; };");
    for (String attempt : attempts) {
      script.append(" try '").append(attempt).append("';");
    }
    Process shell =
        new ProcessBuilder("/bin/sh", "-c", script.toString(), "sh", directory.toString())
            .redirectErrorStream(true)
            .start();
    cgroup.add((int) shell.pid(), CgroupJournal.NONE);
    shell.getOutputStream().write('\n');
    shell.getOutputStream().close();
    byte[] said = shell.getInputStream().readAllBytes();
    shell.waitFor();
    return new String(said, StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void devicesAreUsedAsTheRulesSay() throws Exception {
    create("-a *:* rwm;+c *:* m;+c 1:3 rwm;+c 1:5 r");
    assertThat(
            attempts(
                ": </dev/null",
                ": >/dev/null",
                ": <>/dev/null",
                ": </dev/zero",
                ": >/dev/zero",
                ": <>/dev/zero",
                ": </dev/full",
                "mknod other c 1 8",
                ": <other",
                "mknod disk b 7 0"))
        .containsExactly(
            ": </dev/null: ok",
            ": >/dev/null: ok",
            ": <>/dev/null: ok",
            ": </dev/zero: ok",
            ": >/dev/zero: EPERM",
            ": <>/dev/zero: EPERM",
            ": </dev/full: EPERM",
            "mknod other c 1 8: ok",
            ": <other: EPERM",
            "mknod disk b 7 0: EPERM");
  }

  @Test
  void ruleThatDeniesStandsAfterOneThatAllows() throws Exception {
    create("+a *:* rwm;-c 1:5 w;-b *:* rwm");
    assertThat(attempts(": >/dev/null", ": </dev/zero", ": >/dev/zero", "mknod disk b 7 0"))
        .containsExactly(
            ": >/dev/null: ok",
            ": </dev/zero: ok",
            ": >/dev/zero: EPERM",
            "mknod disk b 7 0: EPERM");
  }

  /** The kernel looks at each way through a program, and gives up on one that has too many. */
  @Test
  void kernelTakesManyRules() throws Exception {
    StringBuilder rules = new StringBuilder("-a *:* rwm;+c *:* m");
    for (int i = 0; i < 500; i++) {
      String rule = (i % 7 == 0 ? "-" : "+") + (i % 2 == 0 ? "c " : "b ");
      rules.append(';').append(rule).append(i % 250).append(':');
      rules.append(i % 5 == 0 ? "*" : Integer.toString(i)).append(i % 3 == 0 ? " r" : " rw");
    }
    create(rules + ";+c 1:3 rw");
    assertThat(attempts(": >/dev/null", ": </dev/full"))
        .containsExactly(": >/dev/null: ok", ": </dev/full: EPERM");
  }

  @Test
  void RT33_rulesStayWhenLimitsChangeAndWhenItIsPaused() throws Exception {
    create("-a *:* rwm;+c 1:3 rwm");
    Spec.Resources now = resources("-a *:* rwm;+c 1:3 rwm");
    host.update(PATH, now, now, CAUSES).run();
    cgroup.freeze();
    cgroup.thaw();
    assertThat(attempts(": >/dev/null", ": </dev/full"))
        .containsExactly(": >/dev/null: ok", ": </dev/full: EPERM");
  }

  @Test
  void cgroupBelowLoosensNothing() throws Exception {
    create("-a *:* rwm;+c 1:3 rwm");
    Cgroup below = host.at(PATH + "/below");
    below.create(
        host.plan(PATH + "/below", resources("+a *:* rwm;-c 1:3 w"), CAUSES), CgroupJournal.NONE);
    Cgroup above = cgroup;
    cgroup = below;
    assertThat(attempts(": </dev/null", ": >/dev/null", ": </dev/full"))
        .containsExactly(": </dev/null: ok", ": >/dev/null: EPERM", ": </dev/full: EPERM");
    below.destroy();
    cgroup = above;
  }

  @Test
  void refusalOfTheKernelSaysWhatIsNeeded() {
    String file = directory.toString();
    CgroupStep filter = new CgroupStep.DeviceFilter(file, List.of(), "default: Docker's");
    assertThatThrownBy(() -> cgroup.create(List.of(filter), CgroupJournal.NONE))
        .hasMessageStartingWith("bpf " + file + " (default: Docker's): EBADF")
        .hasMessageContaining("needs CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN");
  }

  @Test
  void rulesThatNoKernelKnowsAreRefusedAndNothingIsLeft() {
    assertThatThrownBy(() -> create("+u 1:3 rwm")).hasMessageContaining("type \"u\"");
    assertThat(Path.of(cgroup.processFiles().get(0)).getParent()).doesNotExist();
  }
}
