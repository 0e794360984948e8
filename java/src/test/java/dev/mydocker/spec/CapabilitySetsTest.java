package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapabilitySetsTest {

  private static CapabilityChoice choice(String words) throws OptionException {
    return CapabilityChoice.parse(words == null ? List.of() : Arrays.asList(words.split(" ")));
  }

  private static long bounding(Spec spec) {
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    for (String name : spec.process().orElseThrow().capabilities().orElseThrow().bounding()) {
      set.add(Capability.valueOf(name));
    }
    return Capability.mask(set);
  }

  /** All of Linux 5.9 but CAP_SYS_RESOURCE: {@code 1ffffffffff & ~(1 << 24)}. */
  @ParameterizedTest
  @CsvSource({
    ",,a80425fb",
    "NET_ADMIN,,a80435fb",
    ",CHOWN,a80425fa",
    "NET_ADMIN,ALL,1000",
    ",ALL,0",
    "ALL,,1fffeffffff",
    "ALL,CHOWN,1fffefffffe",
    "ALL,ALL,1fffeffffff",
    "CHOWN,CHOWN,a80425fb",
    "SYS_ADMIN,NET_RAW KILL,a82405db"
  })
  void addedAndDroppedAsInDocker(String add, String drop, String mask) throws Exception {
    RunOptions.Builder options = Sample.options().capAdd(choice(add)).capDrop(choice(drop));
    assertThat(Long.toHexString(bounding(Sample.compile(options).spec()))).isEqualTo(mask);
  }

  @Test
  void privilegedIsEverythingTheEngineHasButWhatIsDropped() throws Exception {
    assertThat(bounding(Sample.compile(Sample.options().privileged(true)).spec()))
        .isEqualTo(Capability.mask(Sample.HELD));
    RunOptions.Builder less = Sample.options().privileged(true).capDrop(choice("NET_RAW"));
    assertThat(bounding(Sample.compile(less).spec()))
        .isEqualTo(Capability.mask(Sample.HELD) & ~(1L << 13));
  }

  @Test
  void RT17_onlyRootHoldsThemAndNobodyInheritsThem() throws Exception {
    Spec.Capabilities root =
        Sample.compile(Sample.options()).spec().process().orElseThrow().capabilities().get();
    assertThat(root.effective()).isEqualTo(root.bounding());
    assertThat(root.permitted()).isEqualTo(root.bounding());
    assertThat(root.inheritable()).isEmpty();
    assertThat(root.ambient()).isEmpty();
    Spec.Capabilities user =
        Sample.compile(Sample.options().user(UserSpec.parse("1000")))
            .spec()
            .process()
            .orElseThrow()
            .capabilities()
            .get();
    assertThat(user.bounding()).isEqualTo(root.bounding());
    assertThat(user.effective()).isEmpty();
    assertThat(user.permitted()).isEmpty();
    assertThat(user.inheritable()).isEmpty();
    assertThat(user.ambient()).isEmpty();
  }

  @Test
  void oneThatWasAskedForAndIsLackingIsNamed() {
    assertThatThrownBy(() -> Sample.compile(Sample.options().capAdd(choice("SYS_RESOURCE"))))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("--cap-add=CAP_SYS_RESOURCE");
  }

  @Test
  void aDefaultThatIsLackingIsLeftOutAndSaid() throws Exception {
    Set<Capability> few = EnumSet.of(Capability.CAP_CHOWN, Capability.CAP_KILL);
    CompiledSpec compiled =
        SpecCompiler.compile(
            Sample.options().build(),
            Sample.IMAGE,
            Sample.files(),
            Sample.host(few, 2, true, true));
    assertThat(bounding(compiled.spec())).isEqualTo(Capability.mask(few));
    assertThat(compiled.causes().of("capabilities"))
        .contains("not had by the engine")
        .contains("CAP_MKNOD")
        .doesNotContain("CAP_KILL");
  }
}
