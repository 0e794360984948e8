package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The values of --pid, --ipc, --uts, --cgroupns and --network. */
class ModesTest {

  @Test
  void aNamespaceIsPrivateOrTheHosts() throws OptionException {
    assertThat(NamespaceMode.parse("--pid", "")).isEqualTo(NamespaceMode.PRIVATE);
    assertThat(NamespaceMode.parse("--pid", "private")).isEqualTo(NamespaceMode.PRIVATE);
    assertThat(NamespaceMode.parse("--pid", "host")).isEqualTo(NamespaceMode.HOST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HOST", "shareable", "none", " host", "container:", "container:x"})
  void anotherModeIsRefusedWithTheOptionsName(String text) {
    assertThatThrownBy(() -> NamespaceMode.parse("--ipc", text))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--ipc");
  }

  @Test
  void aNetworkIsNoneTheHostsOrNamed() throws OptionException {
    assertThat(NetworkMode.parse("none")).isEqualTo(new NetworkMode.None());
    assertThat(NetworkMode.parse("host")).isEqualTo(new NetworkMode.Host());
    assertThat(NetworkMode.parse("container:web")).isEqualTo(new NetworkMode.OfContainer("web"));
    assertThat(NetworkMode.parse("default")).isEqualTo(NetworkMode.Joined.byDefault());
    assertThat(NetworkMode.parse("front"))
        .isEqualTo(new NetworkMode.Joined(List.of(NetworkJoin.of("front"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a/b", "container:", "a\u001bb", "name=", "name=a,ip=x"})
  void anotherNetworkIsRefused(String text) {
    assertThatThrownBy(() -> NetworkMode.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageNotContaining("\u001b");
  }
}
