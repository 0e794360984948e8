package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UlimitTest {

  @ParameterizedTest
  @CsvSource({
    "nofile=1024,RLIMIT_NOFILE,1024,1024",
    "nofile=1024:2048,RLIMIT_NOFILE,1024,2048",
    "RLIMIT_NPROC=7,RLIMIT_NPROC,7,7",
    "core=0:-1,RLIMIT_CORE,0,-1",
    "memlock=unlimited,RLIMIT_MEMLOCK,-1,-1",
    "stack=-1:-1,RLIMIT_STACK,-1,-1",
    "cpu=9223372036854775807,RLIMIT_CPU,9223372036854775807,9223372036854775807"
  })
  void aLimitIsReadWithOneNumberOrTwo(String text, Rlimit resource, long soft, long hard)
      throws OptionException {
    assertThat(Ulimit.parse(text)).isEqualTo(new Ulimit(resource, soft, hard));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nofile",
        "=1",
        "nofile=",
        "nofile=:",
        "nofile=1:",
        "nofile=:1",
        "nofile=1:2:3",
        "nofile=-2",
        "nofile=+1",
        "nofile= 1",
        "nofile=1k",
        "nofile=9223372036854775808",
        "NOFILE=1",
        "files=1",
        "nofile=1\0"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Ulimit.parse(text)).isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nofile=2:1", "nofile=-1:1", "nofile=unlimited:9223372036854775807"})
  void theSoftLimitIsNeverAboveTheHardOne(String text) {
    assertThatThrownBy(() -> Ulimit.parse(text)).hasMessageContaining("less than or equal");
  }

  @Test
  void itIsWrittenAsItIsGiven() throws OptionException {
    assertThat(Ulimit.parse("core=1:-1")).hasToString("core=1:unlimited");
    assertThat(Ulimit.parse("core=1:unlimited")).isEqualTo(Ulimit.parse("core=1:-1"));
  }

  @ParameterizedTest
  @CsvSource({
    "RLIMIT_CPU,0",
    "RLIMIT_NPROC,6",
    "RLIMIT_NOFILE,7",
    "RLIMIT_AS,9",
    "RLIMIT_RTTIME,15"
  })
  void theNumbersAreTheKernels(Rlimit limit, int number) {
    assertThat(limit.number()).isEqualTo(number);
  }
}
