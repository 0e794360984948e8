package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ResourcesTest {
  private static final long MB = 1 << 20;

  private static Spec.Resources of(UnaryOperator<RunOptions.Builder> options) throws Exception {
    return Sample.compile(options.apply(Sample.options())).spec().linux().resources();
  }

  @Test
  void nothingIsLimitedUnlessAsked() throws Exception {
    Spec.Resources none = of(o -> o);
    assertThat(none.memory()).isEqualTo(Spec.Memory.NONE);
    assertThat(none.cpu()).isEqualTo(Spec.Cpu.NONE);
    assertThat(none.pidsLimit()).isEmpty();
  }

  @Test
  void anUpdateChangesOneSettingByNameAndLeavesTheOthers() throws Exception {
    CompiledSpec now =
        Sample.compile(
            Sample.options().cgroupConf("memory.high=48M").cgroupConf("memory.oom.group=1"));
    Limits asked =
        RunOptions.builder("")
            .cgroupConf("memory.high=32M")
            .cgroupConf("cpu.idle=1")
            .build()
            .limits();
    CompiledSpec changed = now.with(asked, Sample.host());
    assertThat(changed.spec().linux().resources().unified())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("memory.high", "32M", "memory.oom.group", "1", "cpu.idle", "1"));
    assertThat(changed.causes().of("resource:unified.memory.high"))
        .isEqualTo("--cgroup-conf=memory.high=32M");
  }

  @Test
  void aZeroSaysNothingAsInDocker() throws Exception {
    Spec.Resources zero =
        of(
            o ->
                o.memory(0)
                    .memoryReservation(0)
                    .memorySwap(0)
                    .nanoCpus(0)
                    .cpuShares(0)
                    .cpuPeriod(0)
                    .cpuQuota(0)
                    .cpusetCpus("")
                    .pidsLimit(0));
    assertThat(zero).isEqualTo(of(o -> o));
  }

  @ParameterizedTest
  @CsvSource({
    // --memory, --memory-swap, the kernel accounts for swap | swap
    "100,,true,200",
    "100,,false,",
    "100,150,true,150",
    "100,100,true,100",
    "100,-1,true,-1",
    "100,-1,false,",
    ",-1,true,-1",
    ",,true,"
  })
  void swapIsAsMuchAsMemoryUnlessSaid(Long memory, Long swap, boolean accounts, Long expected)
      throws Exception {
    RunOptions.Builder options = Sample.options();
    if (memory != null) {
      options.memory(memory * MB);
    }
    if (swap != null) {
      options.memorySwap(swap < 0 ? swap : swap * MB);
    }
    HostFacts host = Sample.host(Sample.HELD, 1, accounts, true);
    OptionalLong got =
        SpecCompiler.compile(options.build(), Sample.IMAGE, Sample.files(), host)
            .spec()
            .linux()
            .resources()
            .memory()
            .swap();
    if (expected == null) {
      assertThat(got).isEmpty();
    } else {
      assertThat(got).hasValue(expected < 0 ? expected : expected * MB);
    }
  }

  @Test
  void twiceAHugeLimitDoesNotOverflow() throws Exception {
    assertThat(of(o -> o.memory(Long.MAX_VALUE)).memory().swap().getAsLong()).isPositive();
  }

  @Test
  void aSwapLimitThatCannotBeIsRefusedAndNotIgnored() {
    HostFacts host = Sample.host(Sample.HELD, 1, false, true);
    RunOptions options = Sample.options().memory(100 * MB).memorySwap(150 * MB).build();
    assertThatThrownBy(() -> SpecCompiler.compile(options, Sample.IMAGE, Sample.files(), host))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("swapaccount=1");
  }

  @ParameterizedTest
  @CsvSource({"10000000,1000", "500000000,50000", "1000000000,100000", "4000000000,400000"})
  void cpusAreAQuotaPerTenthOfASecond(long nano, long quota) throws Exception {
    Spec.Cpu cpu = of(o -> o.nanoCpus(nano)).cpu();
    assertThat(cpu.quota()).hasValue(quota);
    assertThat(cpu.period()).hasValue(100_000);
  }

  @Test
  void pidsAndSharesAndCpusetsArePassedOn() throws Exception {
    Spec.Resources r =
        of(o -> o.pidsLimit(64).cpuShares(2).cpusetCpus("0-2,4").cpuPeriod(1000).cpuQuota(-1));
    assertThat(r.pidsLimit()).hasValue(64);
    assertThat(r.cpu().shares()).hasValue(2);
    assertThat(r.cpu().cpus()).contains("0-2,4");
    assertThat(r.cpu().period()).hasValue(1000);
    assertThat(r.cpu().quota()).hasValue(-1);
    assertThat(of(o -> o.pidsLimit(-1)).pidsLimit()).isEmpty();
  }

  private static Arguments refused(UnaryOperator<RunOptions.Builder> options, String message) {
    return Arguments.of(options, message);
  }

  static Stream<Arguments> refusals() {
    String range = "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available";
    String period = "CPU cfs period can not be less than 1ms (i.e. 1000) or larger";
    return Stream.of(
        refused(o -> o.memory(6 * MB - 1), "Minimum memory limit allowed is 6MB"),
        refused(o -> o.memory(-1), "Minimum memory limit allowed is 6MB"),
        refused(o -> o.memoryReservation(1), "Minimum memory reservation allowed is 6MB"),
        refused(
            o -> o.memory(10 * MB).memoryReservation(11 * MB),
            "Minimum memory limit can not be less than memory reservation limit"),
        refused(
            o -> o.memory(10 * MB).memorySwap(9 * MB),
            "Minimum memoryswap limit should be larger than memory limit"),
        refused(
            o -> o.memorySwap(9 * MB),
            "You should always set the Memory limit when using Memoryswap limit"),
        refused(o -> o.memory(10 * MB).memorySwap(-2), "--memory-swap"),
        refused(o -> o.nanoCpus(9_999_999), range),
        refused(o -> o.nanoCpus(4_000_000_001L), range),
        refused(o -> o.nanoCpus(-1), range),
        refused(
            o -> o.nanoCpus(1_000_000_000).cpuPeriod(1000),
            "Conflicting options: Nano CPUs and CPU Period cannot both be set"),
        refused(
            o -> o.nanoCpus(1_000_000_000).cpuQuota(-1),
            "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
        refused(o -> o.cpuPeriod(999), period),
        refused(o -> o.cpuPeriod(1_000_001), period),
        refused(o -> o.cpuQuota(999), "CPU cfs quota can not be less than 1ms"),
        refused(o -> o.cpuQuota(-2), "CPU cfs quota can not be less than 1ms"),
        refused(o -> o.cpuShares(1), "The minimum allowed cpu-shares is 2"),
        refused(o -> o.cpuShares(-1), "The minimum allowed cpu-shares is 2"),
        refused(o -> o.cpuShares(262_145), "The maximum allowed cpu-shares is 262144"),
        refused(
            o -> o.cpusetCpus("0,3"),
            "Requested CPUs are not available - requested 0,3, available: 0-2,4"),
        refused(o -> o.cpusetCpus("a"), "Invalid value \"a\" for cpuset cpus"),
        refused(o -> o.pidsLimit(-2), "--pids-limit"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void aLimitThatCannotBeIsRefusedInDockersWords(
      UnaryOperator<RunOptions.Builder> options, String message) {
    assertThatThrownBy(() -> of(options))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith(message);
  }
}
