package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The contract on v2 alone. */
class CgroupV2IT extends CgroupContract {
  CgroupV2IT() {
    super(2);
  }

  @Override
  Map<String, String> expectedOfEverything() {
    return Map.of(
        "memory.max", "67108864",
        "memory.low", "33554432",
        "cpu.weight", "20",
        "cpu.max", "50000 100000",
        "cpuset.cpus", "0",
        "cpuset.mems", "0",
        "pids.max", "64");
  }

  @Override
  void freezeByHand() throws IOException {
    Files.writeString(file("cgroup.freeze"), "1");
  }

  @Test
  void swapIsLimitedByItself() throws IOException {
    assumeTrue(host.swapAccounting(), "this kernel does not account swap");
    Spec.Memory memory = new Spec.Memory(of(16 << 20), OptionalLong.empty(), of(48 << 20));
    create(new Spec.Resources(memory, Spec.Cpu.NONE, OptionalLong.empty(), List.of()));
    assertThat(read("memory.swap.max")).isEqualTo("33554432");
  }
}
