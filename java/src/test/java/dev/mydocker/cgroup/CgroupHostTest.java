package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupHostTest {
  @TempDir Path root;

  @Test
  void v1HierarchiesAreSeenByTheirNamesOnTheHost() throws IOException {
    CgroupHost host = FakeHost.v1(root).detect();
    assertThat(host.version()).isEqualTo(1);
    assertThat(host.swapAccounting()).isTrue();
    assertThat(host.views())
        .hasSize(6)
        .contains(
            new CgroupHost.View("cpu,cpuacct", "cgroup", List.of("cpu", "", "cpuacct", "")),
            new CgroupHost.View("memory", "cgroup", List.of("memory", "")),
            new CgroupHost.View("systemd", "cgroup", List.of("name", "systemd")));
  }

  @Test
  void theV2PartOfAHybridHostIsNotSeen() throws IOException {
    CgroupHost host = FakeHost.hybrid(root).detect();
    assertThat(host.version()).isEqualTo(1);
    assertThat(host.views()).hasSize(6).noneMatch(view -> view.type().equals("cgroup2"));
    assertThat(host.at("/mydocker/x").processFiles())
        .hasSize(7)
        .contains("/sys/fs/cgroup/unified/mydocker/x/cgroup.procs");
  }

  @Test
  void v2IsOneView() throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    assertThat(host.version()).isEqualTo(2);
    assertThat(host.swapAccounting()).isTrue();
    assertThat(host.views()).containsExactly(new CgroupHost.View("", "cgroup2", List.of()));
  }

  @Test
  void hierarchiesMayBeMountedAnywhere() throws IOException {
    CgroupHost host = new FakeHost(root).v1("/dev/cg/mem", "memory").v2("/dev/cg/two", "").detect();
    assertThat(host.swapAccounting()).isFalse();
    assertThat(host.views())
        .containsExactly(new CgroupHost.View("mem", "cgroup", List.of("memory", "")));
    assertThat(host.at("/mydocker/x").processFiles())
        .containsExactly(
            "/dev/cg/mem/mydocker/x/cgroup.procs", "/dev/cg/two/mydocker/x/cgroup.procs");
  }

  @Test
  void aV2ChildTellsWhetherSwapCanBeLimited() throws IOException {
    CgroupHost host =
        new FakeHost(root)
            .v2("/cg", "memory")
            .file("/cg/bare.slice/cgroup.procs", "")
            .file("/cg/system.slice/memory.max", "max")
            .file("/proc/swaps", "Filename\n")
            .detect();
    assertThat(host.swapAccounting()).isFalse();
  }

  @Test
  void aV2HostWithoutChildrenCanLimitSwapUnlessItWasToldNotTo() throws IOException {
    FakeHost fake = new FakeHost(root).v2("/cg", "memory").file("/proc/swaps", "Filename\n");
    assertThat(fake.detect().swapAccounting()).isTrue();
    fake.file("/proc/cmdline", "quiet swapaccount=0 ro\n");
    assertThat(fake.detect().swapAccounting()).isFalse();
  }

  @Test
  void aHostWithoutCgroupsHasNothingToDo() throws IOException {
    CgroupHost host = new FakeHost(root).detect();
    assertThat(host.version()).isEqualTo(1);
    assertThat(host.views()).isEmpty();
    assertThat(host.plan("/mydocker/x", Spec.Resources.NONE, new Causes(Map.of()))).isEmpty();
    Cgroup cgroup = host.at("/mydocker/x");
    cgroup.create(List.of(), CgroupJournal.NONE);
    cgroup.add(1, CgroupJournal.NONE);
    assertThat(cgroup.oomKills()).isZero();
    cgroup.kill();
    cgroup.remove();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/x",
        "//x",
        "mydocker/x",
        "/mydocker/",
        "/mydocker/..",
        "/../x/y",
        "/mydocker/./x",
        "/mydocker//x"
      })
  void RT51_aPathThatLeavesOurParentIsRefused(String path) throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    assertThatThrownBy(() -> host.at(path)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> host.plan(path, Spec.Resources.NONE, new Causes(Map.of())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
