package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalTest {

  @ParameterizedTest
  @CsvSource({
    "HUP,1",
    "SIGTERM,15",
    "term,15",
    "SigKill,9",
    "15,15",
    "09,9",
    "64,64",
    "SYS,31",
    "IOT,6",
    "POLL,29",
    "CLD,17",
    "RTMIN,34",
    "SIGRTMIN+3,37",
    "rtmin+0,34",
    "RTMAX,64",
    "SIGRTMAX-30,34",
    "RTMIN+30,64"
  })
  void aSignalIsReadByNameAndNumber(String text, int number) throws OptionException {
    assertThat(Signal.parse(text).number()).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "65",
        "-1",
        "+9",
        "999",
        "9.0",
        "SIG",
        "SIG9",
        "SIGSIGTERM",
        "KILL ",
        "NOSUCH",
        "RTMIN+31",
        "RTMIN+",
        "RTMIN-1",
        "RTMAX-31",
        "RTMAX+1",
        "RTMIN+-1",
        "TERM\0",
        "TERM\n"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Signal.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("invalid signal");
  }

  @Test
  void everyNameIsReadBack() throws OptionException {
    for (int number = 1; number <= 64; number++) {
      Signal signal = new Signal(number);
      assertThat(Signal.parse(signal.name())).isEqualTo(signal);
    }
  }
}
