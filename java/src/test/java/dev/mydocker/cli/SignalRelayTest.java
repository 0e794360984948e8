package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignalRelayTest {

  /** SIGQUIT too: the JVM's own answer to it, a dump of its threads, is for nobody here. */
  @ParameterizedTest
  @ValueSource(ints = {Signals.SIGQUIT, Signals.SIGTERM, Signals.SIGUSR1})
  void signalBeforeThereIsAContainerEndsTheProgramSilently(int signal) throws Exception {
    assertThat(OwnProcess.run(OwnProcess.command("preparing", Integer.toString(signal))))
        .isEqualTo(new OwnProcess.Result(128 + signal, ""));
  }

  /** SIGRTMAX-2 is how the JDK takes a thread out of a read whose socket another one closes. */
  @Test
  void signalOfTheJdkIsItsOwn() throws Exception {
    assertThat(OwnProcess.run(OwnProcess.command("waking", "62")))
        .isEqualTo(new OwnProcess.Result(128 + Signals.SIGTERM, ""));
  }

  @Test
  void signalDuringLaunchAndCleanUpDoesNotInterruptThem() throws Exception {
    String term = Integer.toString(Signals.SIGTERM);
    assertThat(OwnProcess.run(OwnProcess.command("launching", term)))
        .isEqualTo(new OwnProcess.Result(0, "launched\ncleaned up\n"));
  }
}
