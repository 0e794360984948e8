package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.HostFiles.ResolvConf;
import org.junit.jupiter.api.Test;

class ResolvConfTest {
  @Test
  void withNamesTheMonitorIsTheOnlyServerAndTheRestStays() {
    assertThat(
            ResolvConf.named(
                "# a comment\nnameserver 9.9.9.9\nsearch a.example\noptions edns0 timeout:1\n"))
        .isEqualTo("nameserver 127.0.0.11\nsearch a.example\noptions edns0 timeout:1 ndots:0\n");
    assertThat(ResolvConf.named("nameserver 9.9.9.9\noptions ndots:2\n"))
        .isEqualTo("nameserver 127.0.0.11\noptions ndots:2\n");
    assertThat(ResolvConf.named("")).isEqualTo("nameserver 127.0.0.11\noptions ndots:0\n");
  }

  @Test
  void theHostsOwnStubIsAskedAsTheHostAsksIt() {
    assertThat(ResolvConf.servers("nameserver 127.0.0.53\n#nameserver 1.1.1.1\nnameserver\t::1\n"))
        .containsExactly("127.0.0.53", "::1");
    assertThat(ResolvConf.servers("search a.example\n")).containsExactly("8.8.8.8", "8.8.4.4");
  }
}
