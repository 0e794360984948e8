package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConfinementTest {
  private static CompiledSpec compile(Confinement confinement) throws Exception {
    return Sample.compile(Sample.options().confinement(confinement));
  }

  @Test
  void setuidProgramsHaveTheirEffectUnlessThatIsTakenAway() throws Exception {
    CompiledSpec usual = compile(Confinement.DEFAULT);
    assertThat(usual.spec().process().orElseThrow().noNewPrivileges()).isFalse();
    CompiledSpec none = compile(Confinement.DEFAULT.withNoNewPrivileges(true));
    assertThat(none.spec().process().orElseThrow().noNewPrivileges()).isTrue();
    assertThat(none.causes().of("noNewPrivileges")).isEqualTo("--security-opt=no-new-privileges");
  }

  @Test
  void pathsOfTheSystemAreHiddenUnlessTheyAreAskedFor() throws Exception {
    Spec.Linux usual = compile(Confinement.DEFAULT).spec().linux();
    assertThat(usual.maskedPaths()).contains("/proc/kcore");
    assertThat(usual.readonlyPaths()).contains("/proc/sys");
    Spec.Linux open = compile(Confinement.DEFAULT.withSystemPaths(false)).spec().linux();
    assertThat(open.maskedPaths()).isEmpty();
    assertThat(open.readonlyPaths()).isEmpty();
  }

  @Test
  void profileThatNobodyCanEnforceIsRefused() throws Exception {
    assertThatThrownBy(() -> compile(Confinement.DEFAULT.withApparmor("mine")))
        .isInstanceOf(OptionException.class)
        .hasMessage(
            "--security-opt=apparmor=mine: this kernel has no AppArmor, or has it turned off: leave"
                + " the option out");
    Optional<String> none =
        compile(Confinement.DEFAULT.withApparmor("unconfined"))
            .spec()
            .process()
            .orElseThrow()
            .apparmorProfile();
    assertThat(none).isEmpty();
  }
}
