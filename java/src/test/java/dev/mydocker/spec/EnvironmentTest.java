package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentTest {
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static List<String> of(boolean tty, List<String> image, String... options)
      throws Exception {
    List<EnvEntry> entries = new ArrayList<>();
    for (String option : options) {
      entries.add(EnvEntry.parse(option, name -> Optional.empty()));
    }
    ImageDefaults defaults =
        new ImageDefaults("", image, List.of(), List.of("sh"), "", Optional.empty(), List.of());
    return Sample.compile(Sample.options().tty(tty).env(entries), defaults)
        .spec()
        .process()
        .orElseThrow()
        .env();
  }

  @Test
  void theDefaultsAreDockers() throws Exception {
    assertThat(of(false, List.of())).containsExactly(PATH, "HOSTNAME=0123456789ab", "HOME=/root");
    assertThat(of(true, List.of())).contains("TERM=xterm");
  }

  @Test
  void RT41_theLastOfANameWinsOnceAndKeepsItsPlace() throws Exception {
    assertThat(of(false, List.of("PATH=/bin", "A=1", "B=2", "A=3"), "B=4", "C=5", "C=6"))
        .containsExactly("PATH=/bin", "HOSTNAME=0123456789ab", "A=3", "B=4", "C=6", "HOME=/root");
  }

  @Test
  void aNameAloneRemovesTheVariable() throws Exception {
    assertThat(of(false, List.of("A=1", "B=2", "B"), "A", "HOSTNAME"))
        .containsExactly(PATH, "HOME=/root");
  }

  @Test
  void anEmptyHomeIsTheUsers() throws Exception {
    assertThat(of(false, List.of("HOME="))).contains("HOME=/root");
    assertThat(of(false, List.of("HOME=/h"))).contains("HOME=/h");
  }

  @Test
  void RT41_aValueMayHoldAnythingButANul() throws Exception {
    assertThat(of(false, List.of("A=x\ny=z", "B==", "é=\u001b[0m")))
        .contains("A=x\ny=z", "B==", "é=\u001b[0m");
  }

  @Test
  void RT41_nothingOfTheEnginesEnvironmentIsIn() throws Exception {
    assertThat(of(false, List.of()))
        .allMatch(e -> e.startsWith("PATH=") || e.startsWith("HOSTNAME=") || e.startsWith("HOME="));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "=", "=x", "A=\0", "A\0=x"})
  void RT41_aNulOrAnEmptyNameInTheImageIsRefused(String entry) {
    assertThatThrownBy(() -> of(false, List.of(entry)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("the image's Env: ");
  }

  @Test
  void theDomainIsAPartOfHostname() throws Exception {
    CompiledSpec spec = Sample.compile(Sample.options().hostname("box").domainname("example"));
    assertThat(spec.spec().process().orElseThrow().env()).contains("HOSTNAME=box.example");
    assertThat(spec.spec().hostname()).contains("box");
  }
}
