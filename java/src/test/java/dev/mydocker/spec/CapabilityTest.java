package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CapabilityTest {

  @ParameterizedTest
  @CsvSource({"NET_ADMIN", "net_admin", "CAP_NET_ADMIN", "cap_net_admin"})
  void aCapabilityIsReadWithAndWithoutItsPrefix(String text) throws OptionException {
    assertThat(Capability.parse(text)).isEqualTo(Capability.CAP_NET_ADMIN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "CAP_", "CAP_CAP_CHOWN", "NET ADMIN", "12", "ALL", "nét_admin"})
  void anythingElseIsUnknown(String text) {
    assertThatThrownBy(() -> Capability.parse(text)).hasMessageStartingWith("unknown capability");
  }

  @Test
  void allStandsBesideNames() throws OptionException {
    assertThat(CapabilityChoice.parse(List.of("all", "CHOWN")))
        .isEqualTo(new CapabilityChoice(true, Set.of(Capability.CAP_CHOWN)));
    assertThat(CapabilityChoice.parse(List.of())).isEqualTo(CapabilityChoice.NONE);
  }

  @Test
  void RT17_theDefaultsAreTheFourteenOfDocker() {
    assertThat(Capability.mask(Capability.DEFAULTS)).isEqualTo(0xa80425fbL);
    assertThat(Capability.fromMask(0xa80425fbL)).isEqualTo(Capability.DEFAULTS);
  }

  @Test
  void bitsOfAFutureKernelAreLeftOut() {
    assertThat(Capability.fromMask(-1L)).hasSize(Capability.values().length);
  }
}
