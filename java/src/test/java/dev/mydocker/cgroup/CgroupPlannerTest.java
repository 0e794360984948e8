package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CgroupPlannerTest {
  private static final Causes CAUSES =
      new Causes(
          Map.of(
              "resource:memory.limit", "-m 256m",
              "resource:memory.swap", "--memory-swap 512m",
              "resource:pids.limit", "--pids-limit 64",
              "resource:cpu.quota", "--cpus 0.5",
              "resource:cpu.cpus", "--cpuset-cpus 0,1",
              "resource:devices", "the default devices"));
  private static final OptionalLong NONE = OptionalLong.empty();

  @TempDir Path root;

  private static OptionalLong of(long value) {
    return OptionalLong.of(value);
  }

  private static Spec.Resources memory(OptionalLong limit, OptionalLong soft, OptionalLong swap) {
    return new Spec.Resources(new Spec.Memory(limit, soft, swap), Spec.Cpu.NONE, NONE, List.of());
  }

  private static Spec.Resources cpu(OptionalLong shares, OptionalLong quota, OptionalLong period) {
    Spec.Cpu cpu = new Spec.Cpu(shares, quota, period, Optional.empty(), Optional.empty());
    return new Spec.Resources(Spec.Memory.NONE, cpu, NONE, List.of());
  }

  private static Spec.Resources everything() {
    return new Spec.Resources(
        new Spec.Memory(of(256 << 20), of(128 << 20), of(512 << 20)),
        new Spec.Cpu(of(512), of(50000), of(100000), Optional.of("0,1"), Optional.of("0")),
        of(64),
        List.of(new Spec.DeviceRule(false, "", NONE, NONE, "rwm")));
  }

  private static List<String> texts(CgroupHost host, Spec.Resources resources) throws IOException {
    List<String> texts = new ArrayList<>();
    for (CgroupStep step : host.plan("/mydocker/x", resources, CAUSES)) {
      if (step instanceof CgroupStep.MakeDirectory d) {
        texts.add((d.shared() ? "shared " : "own ") + d.path());
      } else if (step instanceof CgroupStep.Write w) {
        texts.add((w.verify() ? "limit " : "write ") + w.path() + " " + w.value());
      } else if (step instanceof CgroupStep.DeviceFilter f) {
        texts.add("filter " + f.path() + " " + f.texts());
      }
    }
    return texts;
  }

  /** Each from its file's name on. */
  private static List<String> named(List<String> texts) {
    return texts.stream().map(text -> text.substring(text.lastIndexOf('/') + 1)).toList();
  }

  /** The limits alone: what stands in the container's own files of those that are verified. */
  private static List<String> limits(CgroupHost host, Spec.Resources r) throws IOException {
    List<String> limits = new ArrayList<>();
    for (String text : texts(host, r)) {
      if (text.startsWith("limit ")) {
        limits.add(text.substring(text.lastIndexOf('/') + 1));
      }
    }
    return limits;
  }

  @Test
  void v1() throws IOException {
    String cg = "/sys/fs/cgroup/";
    assertThat(texts(FakeHost.v1(root).detect(), everything()))
        .containsExactly(
            "shared " + cg + "cpuset/mydocker",
            "own " + cg + "cpuset/mydocker/x",
            "shared " + cg + "cpu,cpuacct/mydocker",
            "own " + cg + "cpu,cpuacct/mydocker/x",
            "shared " + cg + "memory/mydocker",
            "own " + cg + "memory/mydocker/x",
            "shared " + cg + "devices/mydocker",
            "own " + cg + "devices/mydocker/x",
            "shared " + cg + "pids/mydocker",
            "own " + cg + "pids/mydocker/x",
            "shared " + cg + "systemd/mydocker",
            "own " + cg + "systemd/mydocker/x",
            "write " + cg + "cpuset/mydocker/cpuset.cpus 0-3",
            "write " + cg + "cpuset/mydocker/cpuset.mems 0",
            "limit " + cg + "memory/mydocker/x/memory.limit_in_bytes 268435456",
            "limit " + cg + "memory/mydocker/x/memory.memsw.limit_in_bytes 536870912",
            "limit " + cg + "memory/mydocker/x/memory.soft_limit_in_bytes 134217728",
            "limit " + cg + "cpu,cpuacct/mydocker/x/cpu.shares 512",
            "limit " + cg + "cpu,cpuacct/mydocker/x/cpu.cfs_period_us 100000",
            "limit " + cg + "cpu,cpuacct/mydocker/x/cpu.cfs_quota_us 50000",
            "limit " + cg + "cpuset/mydocker/x/cpuset.cpus 0,1",
            "limit " + cg + "cpuset/mydocker/x/cpuset.mems 0",
            "limit " + cg + "pids/mydocker/x/pids.max 64",
            "write " + cg + "devices/mydocker/x/devices.deny a");
  }

  @Test
  void v2() throws IOException {
    String cg = "/sys/fs/cgroup/";
    assertThat(texts(FakeHost.v2(root).detect(), everything()))
        .containsExactly(
            "shared " + cg + "mydocker",
            "own " + cg + "mydocker/x",
            "write " + cg + "cgroup.subtree_control +memory +pids +cpu +cpuset",
            "write " + cg + "mydocker/cgroup.subtree_control +memory +pids +cpu +cpuset",
            "limit " + cg + "mydocker/x/memory.max 268435456",
            "limit " + cg + "mydocker/x/memory.swap.max 268435456",
            "limit " + cg + "mydocker/x/memory.low 134217728",
            "limit " + cg + "mydocker/x/cpu.weight 20",
            "limit " + cg + "mydocker/x/cpu.max 50000 100000",
            "limit " + cg + "mydocker/x/cpuset.cpus 0,1",
            "limit " + cg + "mydocker/x/cpuset.mems 0",
            "limit " + cg + "mydocker/x/pids.max 64",
            "filter " + cg + "mydocker/x [deny a]");
  }

  @Test
  void theV2PartOfAHybridHostGetsTheProcessesAndNoLimits() throws IOException {
    List<String> v1 = texts(FakeHost.v1(root.resolve("a")).detect(), everything());
    List<String> hybrid = texts(FakeHost.hybrid(root.resolve("b")).detect(), everything());
    List<String> more = new ArrayList<>(hybrid);
    more.removeAll(v1);
    assertThat(more)
        .containsExactly(
            "shared /sys/fs/cgroup/unified/mydocker", "own /sys/fs/cgroup/unified/mydocker/x");
    assertThat(hybrid).containsAll(v1);
  }

  @Test
  void aControllerIsLimitedWhereItIs() throws IOException {
    CgroupHost host =
        new FakeHost(root).v1("/cg/memory", "memory").v2("/cg/2", "cpu pids").detect();
    assertThat(texts(host, everythingBut("cpuset")))
        .contains(
            "limit /cg/memory/mydocker/x/memory.limit_in_bytes 268435456",
            "write /cg/2/cgroup.subtree_control +pids +cpu",
            "limit /cg/2/mydocker/x/cpu.max 50000 100000",
            "limit /cg/2/mydocker/x/pids.max 64");
  }

  private static Spec.Resources everythingBut(String cpuset) {
    Spec.Resources all = everything();
    Spec.Cpu cpu = new Spec.Cpu(of(512), of(50000), of(100000), Optional.empty(), Optional.empty());
    Spec.Memory memory = new Spec.Memory(all.memory().limit(), NONE, NONE);
    return new Spec.Resources(memory, cpu, all.pidsLimit(), List.of());
  }

  private static Spec.Resources unified(long memory, Map<String, String> files) {
    Spec.Resources r = memory(of(memory), NONE, NONE);
    return new Spec.Resources(
        r.memory(), r.cpu(), r.pidsLimit(), r.devices(), Spec.BlockIo.NONE, files);
  }

  private List<String> changes(Spec.Resources now, Spec.Resources wanted) throws IOException {
    List<String> changes = new ArrayList<>();
    for (CgroupStep.Write w :
        FakeHost.v2(root).detect().update("/mydocker/x", now, wanted, CAUSES).writes()) {
      if (!w.path().endsWith("/cgroup.subtree_control")) {
        changes.add(w.path().substring("/sys/fs/cgroup/mydocker/x/".length()) + " " + w.value());
      }
    }
    return changes;
  }

  @Test
  void anUpdateWritesTheSettingsByNameThatAreOther() throws IOException {
    Spec.Resources now = unified(64, Map.of("memory.high", "48M"));
    assertThat(changes(now, unified(64, Map.of("memory.high", "32M", "cpu.idle", "1"))))
        .containsExactlyInAnyOrder("memory.high 32M", "cpu.idle 1");
    assertThat(changes(now, now)).isEmpty();
  }

  @Test
  void aSettingByNameStaysAboveTheLimitInTheSameFile() throws IOException {
    Map<String, String> files = Map.of("memory.max", "9M");
    assertThat(changes(unified(64, files), unified(65, files)))
        .containsExactly("memory.max 65", "memory.max 9M");
  }

  @Test
  void anUpdateWritesTheWeightAtBlockDevices() throws IOException {
    Spec.Resources now = memory(NONE, NONE, NONE);
    Spec.BlockIo io =
        new Spec.BlockIo(of(300), List.of(), List.of(), List.of(), List.of(), List.of());
    Spec.Resources wanted =
        new Spec.Resources(now.memory(), now.cpu(), NONE, now.devices(), io, Map.of());
    assertThat(changes(now, wanted)).containsExactly("io.bfq.weight 300");
  }

  @Test
  void onVersion1NoUpdateSetsAFileOfVersion2() throws IOException {
    CgroupHost host = FakeHost.v1(root).detect();
    Spec.Resources wanted = unified(64, Map.of("memory.high", "48M"));
    assertThatThrownBy(() -> host.update("/mydocker/x", Spec.Resources.NONE, wanted, CAUSES))
        .hasMessageContaining("is a file of cgroup version 2");
  }

  @Test
  void aDeeperParentHandsDownToo() throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    assertThat(host.plan("/a/b/c", Spec.Resources.NONE, CAUSES))
        .extracting(CgroupStep::path)
        .containsExactly(
            "/sys/fs/cgroup/a",
            "/sys/fs/cgroup/a/b",
            "/sys/fs/cgroup/a/b/c",
            "/sys/fs/cgroup/cgroup.subtree_control",
            "/sys/fs/cgroup/a/cgroup.subtree_control",
            "/sys/fs/cgroup/a/b/cgroup.subtree_control");
  }

  @Test
  void everyStepSaysWhy() throws IOException {
    List<CgroupStep> plan = FakeHost.v1(root).detect().plan("/mydocker/x", everything(), CAUSES);
    assertThat(plan).allSatisfy(step -> assertThat(step.why()).isNotBlank());
    assertThat(plan)
        .filteredOn(step -> step.path().endsWith("memory.limit_in_bytes"))
        .extracting(CgroupStep::why)
        .contains("-m 256m");
  }

  @Test
  void withoutLimitsAV1CpusetHasWhatTheHostHas() throws IOException {
    assertThat(texts(FakeHost.v1(root).detect(), Spec.Resources.NONE))
        .filteredOn(text -> text.startsWith("limit ") || text.startsWith("write "))
        .containsExactly(
            "write /sys/fs/cgroup/cpuset/mydocker/cpuset.cpus 0-3",
            "write /sys/fs/cgroup/cpuset/mydocker/cpuset.mems 0",
            "write /sys/fs/cgroup/cpuset/mydocker/x/cpuset.cpus 0-3",
            "write /sys/fs/cgroup/cpuset/mydocker/x/cpuset.mems 0");
  }

  @Test
  void blockDevicesAreLimitedByTheWordsOfEachVersion() throws IOException {
    Spec.BlockIo io =
        new Spec.BlockIo(
            of(300),
            List.of(new Spec.DeviceValue(8, 0, 10)),
            List.of(new Spec.DeviceValue(8, 0, 1), new Spec.DeviceValue(8, 16, 2)),
            List.of(new Spec.DeviceValue(8, 0, 0)),
            List.of(new Spec.DeviceValue(8, 0, 4)),
            List.of(new Spec.DeviceValue(8, 0, 5)));
    Spec.Resources resources =
        new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, NONE, List.of(), io);
    CgroupHost v1 = new FakeHost(root.resolve("a")).v1("/cg/blkio", "blkio").detect();
    assertThat(named(texts(v1, resources)))
        .endsWith(
            "blkio.bfq.weight 300",
            "blkio.bfq.weight_device 8:0 10",
            "blkio.throttle.read_bps_device 8:0 1",
            "blkio.throttle.read_bps_device 8:16 2",
            "blkio.throttle.write_bps_device 8:0 0",
            "blkio.throttle.read_iops_device 8:0 4",
            "blkio.throttle.write_iops_device 8:0 5");
    assertThat(named(texts(FakeHost.v2(root.resolve("b")).detect(), resources)))
        .endsWith(
            "io.bfq.weight 300",
            "io.bfq.weight 8:0 10",
            "io.max 8:0 rbps=1",
            "io.max 8:16 rbps=2",
            "io.max 8:0 wbps=max",
            "io.max 8:0 riops=4",
            "io.max 8:0 wiops=5");
    CgroupHost none = new FakeHost(root.resolve("c")).v1("/cg/memory", "memory").detect();
    assertThatThrownBy(() -> none.plan("/mydocker/x", resources, CAUSES))
        .hasMessageContaining("needs the cgroup controller blkio");
  }

  @Test
  void settingsByTheirFilesComeLastAndAreOfVersion2() throws IOException {
    Spec.Resources resources =
        new Spec.Resources(
            new Spec.Memory(of(1 << 20), NONE, NONE),
            Spec.Cpu.NONE,
            NONE,
            List.of(),
            Spec.BlockIo.NONE,
            Map.of("memory.oom.group", "1"));
    List<String> texts = named(texts(FakeHost.v2(root.resolve("a")).detect(), resources));
    assertThat(texts).endsWith("memory.max 1048576", "memory.oom.group 1");
    CgroupHost v1 = new FakeHost(root.resolve("b")).v1("/cg/memory", "memory").detect();
    assertThatThrownBy(() -> v1.plan("/mydocker/x", resources, CAUSES))
        .hasMessageContaining("is a file of cgroup version 2")
        .hasMessageContaining("controller memory is of version 1");
  }

  @Test
  void whatV2DoesNotHaveIsRefusedThere() throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    for (Spec.Memory memory :
        List.of(
            new Spec.Memory(NONE, NONE, NONE, of(10), false),
            new Spec.Memory(NONE, NONE, NONE, NONE, true))) {
      Spec.Resources resources = new Spec.Resources(memory, Spec.Cpu.NONE, NONE, List.of());
      assertThatThrownBy(() -> host.plan("/mydocker/x", resources, CAUSES))
          .hasMessageContaining("cgroup v2 does not have");
    }
  }

  @Test
  void noLimitNeedsNoStepAndNoController() throws IOException {
    Spec.Resources unlimited =
        new Spec.Resources(
            new Spec.Memory(of(-1), of(-1), of(-1)),
            new Spec.Cpu(NONE, of(-1), NONE, Optional.empty(), Optional.empty()),
            of(-1),
            List.of());
    assertThat(limits(FakeHost.v2(root.resolve("a")).detect(), unlimited)).isEmpty();
    assertThat(new FakeHost(root).detect().plan("/mydocker/x", unlimited, CAUSES)).isEmpty();
  }

  @Test
  void aLimitWithoutItsControllerIsAnErrorThatNamesTheFlag() throws IOException {
    CgroupHost none = new FakeHost(root.resolve("a")).detect();
    assertThatThrownBy(() -> none.plan("/mydocker/x", everything(), CAUSES))
        .hasMessageContaining("-m 256m needs the cgroup controller memory");
    CgroupHost memory = new FakeHost(root.resolve("b")).v1("/cg/memory", "memory").detect();
    assertThatThrownBy(() -> memory.plan("/mydocker/x", everythingBut("cpuset"), CAUSES))
        .hasMessageContaining("needs the cgroup controller cpu,");
  }

  @Test
  void aSwapLimitNeedsAccounting() throws IOException {
    CgroupHost host = new FakeHost(root).v1("/cg/memory", "memory").detect();
    assertThat(limits(host, memory(of(1 << 20), NONE, NONE)))
        .containsExactly("memory.limit_in_bytes 1048576");
    assertThat(limits(host, memory(of(1 << 20), NONE, of(-1)))).hasSize(1);
    assertThatThrownBy(() -> limits(host, memory(of(1 << 20), NONE, of(2 << 20))))
        .hasMessageContaining("--memory-swap 512m needs a kernel that accounts swap");
  }

  @Test
  void aSwapLimitIsOfMemoryAndSwapTogether() throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    assertThat(limits(host, memory(of(1 << 20), NONE, of(1 << 20))))
        .containsExactly("memory.max 1048576", "memory.swap.max 0");
    assertThatThrownBy(() -> limits(host, memory(of(2 << 20), NONE, of(1 << 20))))
        .hasMessageContaining("cannot be below the memory limit");
    assertThatThrownBy(() -> limits(host, memory(NONE, NONE, of(1 << 20))))
        .hasMessageContaining("set a memory limit too");
  }

  @Test
  void quotaAndPeriodAreOneFileInV2() throws IOException {
    CgroupHost host = FakeHost.v2(root).detect();
    assertThat(limits(host, cpu(NONE, of(20000), NONE))).containsExactly("cpu.max 20000 100000");
    assertThat(limits(host, cpu(NONE, NONE, of(50000)))).containsExactly("cpu.max max 50000");
    assertThat(limits(host, cpu(NONE, of(-1), of(50000)))).containsExactly("cpu.max max 50000");
  }

  @Test
  void quotaAndPeriodAreTwoFilesInV1() throws IOException {
    CgroupHost host = FakeHost.v1(root).detect();
    assertThat(limits(host, cpu(NONE, of(20000), NONE))).containsExactly("cpu.cfs_quota_us 20000");
    assertThat(limits(host, cpu(NONE, NONE, of(50000)))).containsExactly("cpu.cfs_period_us 50000");
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "512, 20", "1024, 39", "2048, 79", "262144, 10000"})
  void sharesBecomeAWeight(long shares, long weight) {
    assertThat(CgroupPlanner.weight(shares)).isEqualTo(weight);
  }

  @Test
  void deviceRulesKeepTheirOrderAndMeaning() throws IOException {
    List<Spec.DeviceRule> rules =
        List.of(
            new Spec.DeviceRule(false, "a", NONE, NONE, "rwm"),
            new Spec.DeviceRule(true, "c", of(1), of(3), "rw"),
            new Spec.DeviceRule(true, "c", of(136), NONE, "rwm"),
            new Spec.DeviceRule(true, "", NONE, NONE, "m"),
            new Spec.DeviceRule(false, "b", of(8), of(0), ""));
    Spec.Resources resources = new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, NONE, rules);
    assertThat(texts(FakeHost.v1(root.resolve("a")).detect(), resources))
        .filteredOn(text -> text.contains("/devices."))
        .extracting(text -> text.substring(text.lastIndexOf('/') + 1))
        .containsExactly(
            "devices.deny a",
            "devices.allow c 1:3 rw",
            "devices.allow c 136:* rwm",
            "devices.allow b *:* m",
            "devices.allow c *:* m",
            "devices.deny b 8:0 rwm");
    assertThat(FakeHost.v2(root.resolve("b")).detect().plan("/mydocker/x", resources, CAUSES))
        .last()
        .isInstanceOfSatisfying(
            CgroupStep.DeviceFilter.class,
            filter -> {
              assertThat(filter.path()).isEqualTo("/sys/fs/cgroup/mydocker/x");
              assertThat(filter.why()).isEqualTo("the default devices");
              assertThat(filter.texts())
                  .startsWith("deny a", "allow c 1:3 rw", "allow c 136:* rwm")
                  .endsWith("allow b *:* m", "allow c *:* m", "deny b 8:0 rwm");
            });
  }

  @Test
  void everyDeviceNeedsNoFilter() throws IOException {
    List<Spec.DeviceRule> all = List.of(new Spec.DeviceRule(true, "", NONE, NONE, "rwm"));
    Spec.Resources resources = new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, NONE, all);
    CgroupHost host = FakeHost.v2(root).detect();
    assertThat(host.plan("/mydocker/x", resources, CAUSES))
        .isEqualTo(host.plan("/mydocker/x", Spec.Resources.NONE, CAUSES));
  }

  @Test
  void hostWithoutAV1DevicesControllerFiltersOnV2() throws IOException {
    CgroupHost host =
        new FakeHost(root).v1("/cg/memory", "memory").v2("/cg/2", "cpu pids").detect();
    List<Spec.DeviceRule> rules = everything().devices();
    Spec.Resources resources = new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, NONE, rules);
    assertThat(host.plan("/mydocker/x", resources, CAUSES))
        .last()
        .isEqualTo(new CgroupStep.DeviceFilter("/cg/2/mydocker/x", rules, "the default devices"));
  }
}
