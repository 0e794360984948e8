package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a host like those of systemd delegates; whose files are this process's. */
class DelegationTest {
  private static final String MANAGER = "/user.slice/user-7.slice/user@7.service";
  private static final String SCOPE = MANAGER + "/app.slice/run-1.scope";
  private static final String PATH = "/mydocker/" + "a".repeat(64);

  @TempDir Path root;

  private FakeHost host(String own, String processesOfManager) throws IOException {
    return FakeHost.v2(root)
        .file("/proc/self/cgroup", "0::" + own + "\n")
        .file("/sys/fs/cgroup" + MANAGER + "/cgroup.procs", processesOfManager)
        .file("/sys/fs/cgroup" + MANAGER + "/cgroup.subtree_control", "memory pids\n")
        .file("/sys/fs/cgroup" + MANAGER + "/cgroup.controllers", "memory pids\n")
        .file("/sys/fs/cgroup" + MANAGER + "/app.slice/cgroup.procs", "")
        .file("/sys/fs/cgroup" + MANAGER + "/app.slice/cgroup.subtree_control", "")
        .file("/sys/fs/cgroup" + MANAGER + "/app.slice/cgroup.controllers", "memory\n");
  }

  private CgroupHost delegated(FakeHost host, Optional<String> known) throws IOException {
    host.detect();
    return CgroupHost.delegated(root.toString(), known);
  }

  private static Spec.Resources memory() {
    return new Spec.Resources(
        new Spec.Memory(OptionalLong.of(64 << 20), OptionalLong.empty(), OptionalLong.empty()),
        Spec.Cpu.NONE,
        OptionalLong.empty(),
        List.of());
  }

  @Test
  void theUppermostOfTheUsersIsTaken() throws Exception {
    CgroupHost found = delegated(host(SCOPE, ""), Optional.empty());

    assertThat(found.delegation()).contains(MANAGER);
    assertThat(found.hasController("memory")).isTrue();
    assertThat(found.hasController("cpu")).isFalse();
    assertThat(found.at(PATH).unified()).contains("/sys/fs/cgroup" + MANAGER + PATH);
  }

  @Test
  void oneWithProcessesCanHandNothingDown() throws Exception {
    CgroupHost found = delegated(host(SCOPE, "17\n"), Optional.empty());

    assertThat(found.delegation()).contains(MANAGER + "/app.slice");
  }

  @Test
  void whoIsElsewhereHasNone() throws Exception {
    FakeHost host = host("/user.slice/user-7.slice/session-3.scope", "");
    assertThat(delegated(host, Optional.empty()).isEmpty()).isTrue();
    assertThat(delegated(host, Optional.of(MANAGER)).delegation()).contains(MANAGER);
    assertThat(delegated(host, Optional.of("/gone")).isEmpty()).isTrue();
  }

  @Test
  void limitsAreWrittenBelowItAndNothingAboveIt() throws Exception {
    CgroupHost found = delegated(host(SCOPE, ""), Optional.empty());

    assertThat(found.plan(PATH, memory(), new Causes(java.util.Map.of())))
        .allSatisfy(step -> assertThat(step.path()).startsWith("/sys/fs/cgroup" + MANAGER))
        .anySatisfy(step -> assertThat(step.path()).endsWith(PATH + "/memory.max"))
        .noneSatisfy(step -> assertThat(step).isInstanceOf(CgroupStep.DeviceFilter.class));
  }

  @Test
  void onVersionOneThereIsNone() throws Exception {
    FakeHost host = FakeHost.hybrid(root).file("/proc/self/cgroup", "0::" + SCOPE + "\n");
    CgroupHost found = delegated(host, Optional.empty());

    assertThat(found.isEmpty()).isTrue();
    assertThatThrownBy(() -> found.plan(PATH, memory(), new Causes(java.util.Map.of())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none is delegated to this user");
  }
}
