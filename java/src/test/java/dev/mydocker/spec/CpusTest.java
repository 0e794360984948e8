package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpusTest {

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1,1000000000",
    "1.5,1500000000",
    ".5,500000000",
    "2.,2000000000",
    "0.000000001,1",
    "1000000,1000000000000000"
  })
  void anAmountIsReadInBillionths(String text, long nano) throws OptionException {
    assertThat(Cpus.parseNano(text)).isEqualTo(nano);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "-1", "+1", "1e3", "1/2", "0x1", "1,5", "1.5.5", " 1", "1000001", "half"})
  void whatIsNoAmountIsRefused(String text) {
    assertThatThrownBy(() -> Cpus.parseNano(text))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("as a number of CPUs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0000000001", "1.00000000000000000000000000000000000"})
  void whatIsFinerThanABillionthIsTooPrecise(String text) {
    assertThatThrownBy(() -> Cpus.parseNano(text)).hasMessageContaining("too precise");
  }

  @ParameterizedTest
  @CsvSource({"1500000000,1.5", "1000000000,1", "10000000,0.01", "1,0.000000001", "0,0"})
  void anAmountIsWrittenAsItWouldBeGiven(long nano, String text) throws OptionException {
    assertThat(Cpus.formatNano(nano)).isEqualTo(text);
    assertThat(Cpus.parseNano(text)).isEqualTo(nano);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|0", "0-3|0,1,2,3", "0-1,4|0,1,4", "3,1,1|1,3", "8191|8191", "2-2|2"})
  void aListIsReadAsASet(String text, String cpus) throws OptionException {
    List<Integer> expected = Arrays.stream(cpus.split(",")).map(Integer::valueOf).toList();
    assertThat(Cpus.parseList(text)).containsExactlyElementsOf(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "0,",
        ",0",
        "1-0",
        "-1",
        "0-",
        "0--1",
        "a",
        "0-a",
        "0 1",
        "8192",
        "0-4294967296",
        "1-2-3",
        "0\n"
      })
  void whatIsNoListIsRefused(String text) {
    assertThatThrownBy(() -> Cpus.parseList(text))
        .isInstanceOf(OptionException.class)
        .hasMessageEndingWith("for cpuset cpus");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|0", "0,1|0-1", "0,1,2,4|0-2,4", "5,3,1|1,3,5"})
  void aListIsWrittenInRanges(String cpus, String text) {
    List<Integer> list = Arrays.stream(cpus.split(",")).map(Integer::valueOf).toList();
    assertThat(Cpus.formatList(list)).isEqualTo(text);
  }
}
