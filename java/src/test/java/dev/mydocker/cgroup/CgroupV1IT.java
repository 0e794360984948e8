package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The contract on v1, alone or with v2 beside it. */
class CgroupV1IT extends CgroupContract {
  CgroupV1IT() {
    super(1);
  }

  @Override
  Map<String, String> expectedOfEverything() {
    return Map.of(
        "memory.limit_in_bytes", "67108864",
        "memory.soft_limit_in_bytes", "33554432",
        "cpu.shares", "512",
        "cpu.cfs_period_us", "100000",
        "cpu.cfs_quota_us", "50000",
        "cpuset.cpus", "0",
        "cpuset.mems", "0",
        "pids.max", "64");
  }

  @Override
  void freezeByHand() throws IOException {
    Files.writeString(file("freezer.state"), "FROZEN");
  }

  @Test
  void aValueTheKernelChangesIsNamed() {
    Spec.Cpu cpu =
        new Spec.Cpu(
            of(1), OptionalLong.empty(), OptionalLong.empty(), Optional.empty(), Optional.empty());
    Spec.Resources one = new Spec.Resources(Spec.Memory.NONE, cpu, OptionalLong.empty(), List.of());
    assertThatThrownBy(() -> create(one))
        .hasMessageContaining("cpu.shares: the kernel kept \"2\" instead of \"1\"");
  }

  @Test
  void onlyAllowedDevicesAreInTheList() throws IOException {
    OptionalLong any = OptionalLong.empty();
    List<Spec.DeviceRule> rules =
        List.of(
            new Spec.DeviceRule(false, "", any, any, "rwm"),
            new Spec.DeviceRule(true, "c", of(1), of(3), "rwm"),
            new Spec.DeviceRule(true, "", any, any, "m"));
    create(new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, any, rules));
    assertThat(read("devices.list").lines())
        .containsExactlyInAnyOrder("c 1:3 rwm", "b *:* m", "c *:* m");
  }

  @Test
  void memoryAndSwapAreLimitedTogether() throws IOException {
    assumeTrue(host.swapAccounting(), "this kernel does not account swap");
    Spec.Memory memory = new Spec.Memory(of(16 << 20), OptionalLong.empty(), of(32 << 20));
    create(new Spec.Resources(memory, Spec.Cpu.NONE, OptionalLong.empty(), List.of()));
    assertThat(read("memory.memsw.limit_in_bytes")).isEqualTo("33554432");
  }
}
