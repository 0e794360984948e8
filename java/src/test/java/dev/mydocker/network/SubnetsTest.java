package dev.mydocker.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.spec.Ip;
import dev.mydocker.spec.OptionException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses, subnets, and which of them are given. */
class SubnetsTest {

  @ParameterizedTest
  @CsvSource({
    "1.2.3.4,1.2.3.4",
    "0.0.0.0,0.0.0.0",
    "FD00:0:0:0::1,fd00::1",
    "::,::",
    "1:0:0:2:0:0:0:3,1:0:0:2::3",
    "fe80:0:1:0:1:0:1:0,fe80:0:1:0:1:0:1:0",
  })
  void anAddressIsReadAndWritten(String text, String written) throws OptionException {
    assertThat(Ip.parse(text).toString()).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1.2.3",
        "1.2.3.256",
        "1.2.3.4.",
        "1..2.3",
        "01.2.3.4",
        "host",
        "::g",
        "1.2.3.4 "
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> Ip.parse(text)).isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/24", "/8", "x/8"})
  void whatIsNoSubnetIsRefused(String text) {
    assertThatThrownBy(() -> Subnet.parse(text, true)).isInstanceOf(OptionException.class);
  }

  @Test
  void aSubnetIsChosenThatOverlapsWithNoOther() throws Exception {
    Set<Subnet> taken = new HashSet<>();
    taken.add(Subnet.parse("172.16.0.0/14", true));
    assertThat(Subnets.choose(taken, 0)).hasToString("172.20.0.0/16");
    for (int i = 0; i < 40; i++) {
      Subnet next = Subnets.choose(taken, 0);
      assertThat(Subnets.isFree(next, taken)).isTrue();
      taken.add(next);
    }
    assertThat(Subnets.choose(Set.of(), 1)).isNotEqualTo(Subnets.choose(Set.of(), 2));
    taken.add(Subnet.parse("0.0.0.0/0", true));
    assertThatThrownBy(() -> Subnets.choose(taken, 7)).isInstanceOf(NetworkException.class);
  }

  @Test
  void everyAddressButTheEndsAndTheGatewayIsGivenOnce() throws Exception {
    Network.Pool pool =
        new Network.Pool(
            Subnet.parse("10.1.1.0/28", true), Optional.empty(), Ip.parse("10.1.1.5"), true);
    Set<Ip> given = new HashSet<>();
    for (Optional<Ip> ip = Subnets.address(pool, given);
        ip.isPresent();
        ip = Subnets.address(pool, given)) {
      given.add(ip.get());
    }
    assertThat(given).hasSize(13).doesNotContain(pool.gateway(), pool.subnet().first());
    assertThat(given).doesNotContain(pool.subnet().last());
  }

  @Test
  void aRangeIsKeptTo() throws Exception {
    Network.Pool pool =
        new Network.Pool(
            Subnet.parse("fd00::/64", true),
            Optional.of(Subnet.parse("fd00::f0/126", true)),
            Ip.parse("fd00::1"),
            true);
    assertThat(Subnets.address(pool, Set.of())).contains(Ip.parse("fd00::f0"));
  }

  @Test
  void aRequestIsReadAsUsersWriteIt() throws Exception {
    NetworkRequest request =
        NetworkRequest.of(
            "a",
            List.of("10.5.0.0/16", "fd05::/64"),
            List.of("fd05::9", "10.5.0.9"),
            List.of("10.5.1.0/24"),
            false,
            true,
            Map.of(),
            Map.of());
    assertThat(request.pools())
        .containsExactly(
            new Network.Pool(
                Subnet.parse("10.5.0.0/16", true),
                Optional.of(Subnet.parse("10.5.1.0/24", true)),
                Ip.parse("10.5.0.9"),
                true),
            new Network.Pool(
                Subnet.parse("fd05::/64", true), Optional.empty(), Ip.parse("fd05::9"), true));
    assertThatThrownBy(() -> request("10.5.0.0/16", "10.6.0.1"))
        .hasMessage("no matching subnet for gateway 10.6.0.1");
    assertThatThrownBy(() -> request("10.5.0.0/24", "10.5.0.0"))
        .hasMessage("--gateway: 10.5.0.0 is no host's address in 10.5.0.0/24");
    assertThatThrownBy(() -> request("10.5.0.0/24", "10.5.0.255"))
        .hasMessage("--gateway: 10.5.0.255 is no host's address in 10.5.0.0/24");
    assertThatThrownBy(() -> request("fd05::/64")).hasMessageContaining("--ipv6");
    assertThatThrownBy(() -> request("10.5.0.0/31")).hasMessageContaining("must have room");
  }

  private static NetworkRequest request(String subnet, String... gateways) throws OptionException {
    return NetworkRequest.of(
        "a", List.of(subnet), List.of(gateways), List.of(), false, false, Map.of(), Map.of());
  }
}
