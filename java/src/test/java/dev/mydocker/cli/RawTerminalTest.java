package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In a pseudo-terminal of script(1). */
class RawTerminalTest {

  @ParameterizedTest
  @ValueSource(strings = {"close", "exit", "exception", "signal"})
  void terminalIsAsItWasOnEveryWayOut(String wayOut) throws Exception {
    String program = "'" + String.join("' '", OwnProcess.command("raw", wayOut)) + "'";
    String session = "stty -a; echo @; " + program + " 2>/dev/null; echo @; stty -a";
    List<String> script = List.of("script", "-qec", session, "/dev/null");
    String[] shown = OwnProcess.run(script).out().replace("\r", "").split("@\n");
    assertThat(shown[1]).contains("-isig").contains("-icanon").contains("-echo ");
    assertThat(shown[0]).contains("\nisig icanon ").contains(" echo ");
    assertThat(shown[2]).isEqualTo(shown[0]);
  }
}
