package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeptTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // memory is counted in pages
        "/m/memory.limit_in_bytes | 268435456 | 268435456 | true",
        "/m/memory.limit_in_bytes | 100000001 | 99999744 | true",
        "/m/memory.max | 100000001 | 99942400 | true",
        "/m/memory.max | 100000001 | 100003840 | false",
        "/m/memory.max | 100000001 | 99930112 | false",
        "/m/memory.max | 100000001 | 99999745 | false",
        "/m/memory.max | 9223372036854775807 | max | true",
        "/m/memory.limit_in_bytes | 9223372036854775807 | 9223372036854771712 | true",
        "/m/memory.swap.max | 0 | 0 | true",
        "/m/memory.swap.max | 0 | max | false",
        "/m/memory.max | 4096 | garbage | false",
        // lists have normal forms
        "/c/cpuset.cpus | 0,1,2 | 0-2 | true",
        "/c/cpuset.cpus | 3,1-2 | 1-3 | true",
        "/c/cpuset.cpus | 0-2 | 0-1 | false",
        "/c/cpuset.mems | 0 | '' | false",
        // rows of numbers
        "/p/pids.max | 64 | 64 | true",
        "/p/pids.max | 64 | max | false",
        "/c/cpu.max | 50000 100000 | 50000 100000 | true",
        "/c/cpu.max | 50000 100000 | max 100000 | false",
        "/c/cpu.shares | 1 | 2 | false",
      })
  void whatTheKernelKeptIsComparedByMeaning(String file, String wanted, String kept, boolean same) {
    assertThat(Kept.same(file, wanted, kept)).isEqualTo(same);
  }
}
