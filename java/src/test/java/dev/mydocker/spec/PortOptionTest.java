package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The grammar of {@code -p} and {@code --expose}. */
class PortOptionTest {

  @ParameterizedTest
  @CsvSource({
    "80, '80/tcp'",
    "80/udp, '80/udp'",
    "8080:80, '8080:80/tcp'",
    "8080:80/SCTP, '8080:80/sctp'",
    "127.0.0.1:8080:80, '127.0.0.1:8080:80/tcp'",
    "127.0.0.1::80, '127.0.0.1::80/tcp'",
    "[::1]:8080:80, '[::1]:8080:80/tcp'",
    "[fd00:0::1]::80, '[fd00::1]::80/tcp'",
    "0:80, '80/tcp'",
    "8000-8001:80-81, '8000:80/tcp 8001:81/tcp'",
    "80-81/udp, '80/udp 81/udp'",
    "9000-9010:80, '9000-9010:80/tcp'",
  })
  void aPortIsReadAndWritten(String text, String full) throws OptionException {
    List<PortOption> ports = PortOption.parse(text);
    assertThat(String.join(" ", ports.stream().map(PortOption::text).toList())).isEqualTo(full);
    for (PortOption port : ports) {
      assertThat(PortOption.parse(port.text())).containsExactly(port);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "x",
        "80:",
        "65536",
        "1:65536",
        "80:80/ip",
        "-1:80",
        "81-80",
        "1-3:1-2",
        "host:80:80",
        "::1:80:80",
        "[127.0.0.1]:80:80",
        "[::1]:80",
        "1.2.3.4.5:80:80",
        "80:80:80:80",
        "01.2.3.4:80:80",
        "8080:80\n",
        "0"
      })
  void whatIsNoPortIsRefused(String text) {
    assertThatThrownBy(() -> PortOption.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  void everyExposedPortThatIsNotPublishedGetsAFreeOne() throws OptionException {
    PortChoice choice = PortChoice.parse(List.of("8080:80"), true, List.of("90"));
    assertThat(choice.with(List.of("80/tcp", "53/udp")).texts())
        .containsExactly("8080:80/tcp", "90/tcp", "53/udp");
    assertThat(PortChoice.NONE.with(List.of("80/tcp")).texts()).isEmpty();
  }

  /** NW11. */
  @ParameterizedTest
  @ValueSource(
      strings = {"a b:1.2.3.4", "a\nb:1.2.3.4", "a:1.2.3.4\n6.6.6.6 bank", ":1.2.3.4", "a", "a:b"})
  void NW11_aLineOfHostsCannotBeBroken(String host) {
    assertThatThrownBy(() -> NameChoice.parse(List.of(), List.of(), List.of(), List.of(host)))
        .isInstanceOf(OptionException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  void NW11_aLineOfResolvConfCannotBeBroken() {
    for (String bad : List.of("a\nnameserver 6.6.6.6", "", "a b", "#")) {
      assertThatThrownBy(() -> NameChoice.parse(List.of(), List.of(bad), List.of(), List.of()))
          .isInstanceOf(OptionException.class);
      assertThatThrownBy(() -> NameChoice.parse(List.of(), List.of(), List.of(bad), List.of()))
          .isInstanceOf(OptionException.class);
      assertThatThrownBy(() -> NameChoice.parse(List.of(bad), List.of(), List.of(), List.of()))
          .isInstanceOf(OptionException.class);
    }
  }
}
