package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Profiles as Docker and OCI write them. */
class SeccompReaderTest {
  private static final Machine AMD64 = new Machine("amd64", 5, 10);
  private static final Machine ARM64 = new Machine("arm64", 4, 7);

  private static SeccompProfile read(String text, Machine machine, String... capabilities)
      throws JsonException {
    byte[] bytes = text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return SeccompReader.read(Json.parseObject(bytes), machine, List.of(capabilities));
  }

  /** A profile with one rule. */
  private static String rule(String members) {
    return "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{" + members + "}]}";
  }

  private static boolean applies(String conditions, Machine machine, String... capabilities)
      throws JsonException {
    String rule = rule("'names':['read'],'action':'SCMP_ACT_ALLOW'," + conditions);
    return !read(rule, machine, capabilities).rules().isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | \"defaultAction\" is missing",
        "{'defaultAction':'SCMP_ACT_PARDON'} | there is no action \"SCMP_ACT_PARDON\"",
        "{'defaultAction':7} | \"defaultAction\" must be a string",
        "{'defaultAction':'SCMP_ACT_NOTIFY'} | SCMP_ACT_NOTIFY asks another program, and there is"
            + " none here",
        "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096}"
            + "| \"defaultErrnoRet\" is not from 0 to 4095",
        "{'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1}"
            + "| \"defaultErrnoRet\" has no meaning for SCMP_ACT_ALLOW",
        "{'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_VAX']}"
            + "| there is no architecture \"SCMP_ARCH_VAX\"",
        "{'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_X86'],"
            + "'archMap':[{'architecture':'SCMP_ARCH_ARM'}]}"
            + "| \"architectures\" and \"archMap\" are both given: use one of them",
        "{'defaultAction':'SCMP_ACT_ALLOW','flags':['SECCOMP_FILTER_FLAG_NEW_LISTENER']}"
            + "| the flag \"SECCOMP_FILTER_FLAG_NEW_LISTENER\" is not supported",
        "{'defaultAction':'SCMP_ACT_LOG','syscalls':[{'name':'read','action':'SCMP_ACT_ALLOW'},"
            + "{'names':['write','read'],'action':'SCMP_ACT_KILL'}]}"
            + "| rules of \"read\" contradict each other",
        "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':{}} | \"syscalls\" must be an array",
      })
  void SC14_whatMeansNothingIsRefused(String profile, String message) {
    assertThatThrownBy(() -> read(profile, AMD64)).hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'action':'SCMP_ACT_ALLOW' | a rule has no \"names\"",
        "'name':'read','names':['write'],'action':'SCMP_ACT_ALLOW'"
            + "| \"name\" and \"names\" are both given: use one of them",
        "'names':['read'] | \"action\" is missing",
        "'names':['read'],'action':'ALLOW' | there is no action \"ALLOW\"",
        "'names':['read'],'action':'SCMP_ACT_ERRNO','errnoRet':5000"
            + "| \"errnoRet\" is not from 0 to 4095",
        "'names':['read'],'action':'SCMP_ACT_ERRNO','errnoRet':-1"
            + "| \"errnoRet\" is not from 0 to 4095",
        "'names':['read'],'action':'SCMP_ACT_KILL','errnoRet':1"
            + "| \"errnoRet\" has no meaning for SCMP_ACT_KILL",
        "'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':9,'value':1,"
            + "'op':'SCMP_CMP_EQ'}] | \"index\" is not from 0 to 5",
        "'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':-1,"
            + "'op':'SCMP_CMP_EQ'}] | \"value\" is not an unsigned 64-bit integer",
        "'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':1,"
            + "'op':'EQ'}] | there is no comparison \"EQ\"",
        "'names':['read'],'action':'SCMP_ACT_ALLOW','includes':{'minKernel':'5'}"
            + "| \"minKernel\" \"5\" is not like \"4.8\"",
        "'names':['read'],'action':'SCMP_ACT_ALLOW','excludes':{'minKernel':'5.x'}"
            + "| \"minKernel\" \"5.x\" is not like \"4.8\"",
      })
  void SC14_ruleThatMeansNothingIsRefused(String members, String message) {
    assertThatThrownBy(() -> read(rule(members), AMD64)).hasMessage(message);
  }

  @Test
  void SC14_errnoMayBeAnyNumberOfTheKernels() throws JsonException {
    SeccompProfile profile =
        read(rule("'names':['read'],'action':'SCMP_ACT_ERRNO','errnoRet':0"), AMD64);
    assertThat(profile.rules().get(0).action().value()).isZero();
    assertThat(profile.fallback().value()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'includes':{} | true",
        "'includes':{'caps':['CAP_KILL']} | true",
        "'includes':{'caps':['CAP_KILL','CAP_CHOWN']} | false",
        "'excludes':{'caps':['CAP_KILL','CAP_CHOWN']} | false",
        "'excludes':{'caps':['CAP_CHOWN']} | true",
        "'includes':{'caps':['CAP_OF_THE_FUTURE']} | false",
        "'includes':{'arches':['amd64','x32']} | true",
        "'includes':{'arches':['arm64']} | false",
        "'excludes':{'arches':['amd64']} | false",
        "'includes':{'minKernel':'5.10'} | true",
        "'includes':{'minKernel':'5.11'} | false",
        "'includes':{'minKernel':'4.20'} | true",
        "'includes':{'minKernel':'6.0'} | false",
        "'excludes':{'minKernel':'5.10'} | false",
        "'includes':{'caps':['CAP_KILL'],'arches':['arm64']} | false",
        "'includes':{'caps':['CAP_KILL']},'excludes':{'arches':['amd64']} | false",
      })
  void ruleAppliesWhereItsConditionsHold(String conditions, boolean applies) throws JsonException {
    assertThat(applies(conditions, AMD64, "CAP_KILL")).isEqualTo(applies);
  }

  @Test
  void architecturesAreThoseThatThisMachineRuns() throws JsonException {
    String map =
        "{'defaultAction':'SCMP_ACT_ALLOW','archMap':[{'architecture':'SCMP_ARCH_X86_64',"
            + "'subArchitectures':['SCMP_ARCH_X86','SCMP_ARCH_X32']},"
            + "{'architecture':'SCMP_ARCH_AARCH64','subArchitectures':['SCMP_ARCH_ARM']}]}";
    assertThat(read(map, AMD64).architectures())
        .containsExactly("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
    assertThat(read(map, ARM64).architectures())
        .containsExactly("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
    String list =
        "{'defaultAction':'SCMP_ACT_ALLOW','architectures':['SCMP_ARCH_X86','SCMP_ARCH_S390X']}";
    assertThat(read(list, AMD64).architectures())
        .containsExactly("SCMP_ARCH_X86_64", "SCMP_ARCH_X86");
    assertThat(read("{'defaultAction':'SCMP_ACT_ALLOW'}", AMD64).architectures())
        .containsExactly("SCMP_ARCH_X86_64");
  }

  @Test
  void whatIsWrittenIsReadBackAsItIs() throws Exception {
    for (Machine machine : List.of(AMD64, ARM64)) {
      SeccompProfile builtin = SeccompReader.builtin(machine, List.of("CAP_SYS_CHROOT"));
      String text = builtin.toJson().toText();
      SeccompProfile again = read(text, machine);
      assertThat(again).isEqualTo(builtin);
      assertThat(again.toJson().toText()).isEqualTo(text);
    }
    String all =
        "{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':9,'flags':['SECCOMP_FILTER_FLAG_LOG',"
            + "'SECCOMP_FILTER_FLAG_TSYNC'],'syscalls':[{'name':'read','action':'SCMP_ACT_TRAP',"
            + "'args':[{'index':5,'value':18446744073709551615,'op':'SCMP_CMP_NE'}]}]}";
    String written = read(all, AMD64).toJson().toText();
    assertThat(written).contains("18446744073709551615", "\"defaultErrnoRet\":9");
    assertThat(read(written, AMD64)).isEqualTo(read(all, AMD64));
  }

  @Test
  void theEnginesProfileIsOfTheSizeOfDockers() throws Exception {
    SeccompProfile builtin = SeccompReader.builtin(AMD64, List.of());
    assertThat(builtin.fallback().kind()).isEqualTo(SeccompProfile.Kind.SCMP_ACT_ERRNO);
    long allowed =
        builtin.rules().stream()
            .filter(rule -> rule.action().kind() == SeccompProfile.Kind.SCMP_ACT_ALLOW)
            .flatMap(rule -> rule.names().stream())
            .distinct()
            .count();
    assertThat(allowed).isBetween(350L, 380L);
  }

  @Test
  void kernelsBefore48DoNotTrace() throws Exception {
    String allowed = SeccompReader.builtin(AMD64, List.of()).toJson().toText();
    String refused = SeccompReader.builtin(ARM64, List.of()).toJson().toText();
    assertThat(allowed).contains("\"ptrace\"");
    assertThat(refused).doesNotContain("\"ptrace\"");
  }

  // ---- options ----------------------------------------------------------------------------------

  private static CompiledSpec compile(SeccompOption option, boolean privileged) throws Exception {
    return Sample.compile(Sample.options().privileged(privileged).seccomp(option));
  }

  @Test
  void thatIsAskedForCountsBeforePrivileged() throws Exception {
    SeccompOption unsaid = new SeccompOption.Unsaid();
    assertThat(compile(unsaid, false).spec().linux().seccomp()).isPresent();
    assertThat(compile(unsaid, true).spec().linux().seccomp()).isEmpty();
    SeccompOption unconfined = new SeccompOption.Unconfined();
    assertThat(compile(unconfined, false).spec().linux().seccomp()).isEmpty();
    assertThat(compile(unconfined, false).causes().of("seccomp"))
        .isEqualTo("--security-opt=seccomp=unconfined");
    SeccompOption own =
        new SeccompOption.Profile(
            "x.json", Json.object().put("defaultAction", "SCMP_ACT_LOG").build());
    assertThat(compile(own, true).spec().linux().seccomp().orElseThrow().json())
        .isEqualTo(
            "{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
                + "\"syscalls\":[]}");
  }

  @Test
  void theProfileThatIsWrongIsNamed() {
    SeccompOption wrong = new SeccompOption.Profile("x.json", Json.object().build());
    assertThatThrownBy(() -> compile(wrong, false))
        .isInstanceOf(OptionException.class)
        .hasMessage("--security-opt=seccomp=x.json: \"defaultAction\" is missing");
  }
}
