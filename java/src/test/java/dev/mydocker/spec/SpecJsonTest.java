package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpecJsonTest {
  private static final long MAX_ID = 0xfffffffeL;

  /** Every member set to something. */
  private static Spec full() {
    return new Spec(
        Spec.VERSION,
        Optional.of(
            new Spec.Process(
                true,
                Optional.of(new Spec.ConsoleSize(24, 80)),
                new Spec.User(1000, MAX_ID, List.of(1L, MAX_ID), OptionalInt.of(077)),
                List.of("sh", "", "ä\n"),
                List.of("A=b", "C=\u001b"),
                "/work",
                Optional.of(
                    new Spec.Capabilities(
                        List.of("CAP_CHOWN"),
                        List.of("CAP_KILL"),
                        List.of("CAP_FOWNER"),
                        List.of("CAP_FSETID"),
                        List.of("CAP_BPF"))),
                List.of(new Spec.RlimitEntry("RLIMIT_CORE", 0, -1)),
                true,
                Optional.of("profile"),
                OptionalInt.of(-500))),
        new Spec.Root("/rootfs", true),
        Optional.of("box"),
        Optional.of("example"),
        List.of(
            new Spec.Mount("/a", "bind", "/b", List.of("rbind", "ro")),
            new Spec.Mount("/c", "", "", List.of())),
        new Spec.Linux(
            List.of(
                new Spec.Namespace("pid", Optional.of("/proc/1/ns/pid")),
                new Spec.Namespace("mount", Optional.empty())),
            List.of(new Spec.IdMapping(0, 100_000, 65_536)),
            List.of(new Spec.IdMapping(0, 200_000, 65_536)),
            Map.of("net.ipv4.ip_forward", "1"),
            new Spec.Resources(
                new Spec.Memory(
                    OptionalLong.of(1),
                    OptionalLong.of(2),
                    OptionalLong.of(-1),
                    OptionalLong.of(60),
                    true),
                new Spec.Cpu(
                    OptionalLong.of(2),
                    OptionalLong.of(-1),
                    OptionalLong.of(100_000),
                    Optional.of("0-1"),
                    Optional.of("0")),
                OptionalLong.of(64),
                List.of(
                    new Spec.DeviceRule(
                        true, "c", OptionalLong.of(1), OptionalLong.empty(), "rwm")),
                new Spec.BlockIo(
                    OptionalLong.of(300),
                    List.of(new Spec.DeviceValue(8, 0, 10)),
                    List.of(new Spec.DeviceValue(8, 0, 1), new Spec.DeviceValue(8, 16, 2)),
                    List.of(new Spec.DeviceValue(8, 0, 3)),
                    List.of(new Spec.DeviceValue(8, 0, 4)),
                    List.of(new Spec.DeviceValue(8, 0, 5))),
                Map.of("memory.high", "100M")),
            Optional.of("/mydocker/x"),
            List.of(
                new Spec.Device(
                    "/dev/x",
                    "b",
                    8,
                    1,
                    OptionalInt.of(0600),
                    OptionalLong.of(1),
                    OptionalLong.of(2))),
            List.of("/proc/kcore"),
            List.of("/proc/sys"),
            Optional.of("rslave"),
            Optional.of(new Seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"))),
        Map.of("a", "b"));
  }

  private static Spec read(String text) throws JsonException {
    return Spec.fromJson(Json.parseObject(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void everyMemberIsReadBack() throws JsonException {
    assertThat(read(full().toJson().toText())).isEqualTo(full());
  }

  @Test
  void anInfiniteLimitIsTheGreatestUnsignedNumber() {
    assertThat(full().toJson().toText()).contains("\"hard\":18446744073709551615");
  }

  @Test
  void theLeastDocumentIsRead() throws JsonException {
    Spec spec = read("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}}");
    assertThat(spec.process()).isEmpty();
    assertThat(spec.mounts()).isEmpty();
    assertThat(spec.linux().resources()).isEqualTo(Spec.Resources.NONE);
    assertThat(Spec.fromJson(spec.toJson())).isEqualTo(spec);
  }

  @Test
  void unknownMembersArePassedOver() throws JsonException {
    Spec spec =
        read(
            "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\",\"x\":1},"
                + "\"hooks\":{\"prestart\":[]},\"linux\":{\"intelRdt\":{}}}");
    assertThat(spec.root()).isEqualTo(new Spec.Root("r", false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'ociVersion':'2.0.0','root':{'path':'r'}}",
        "{'ociVersion':'1.2.0'}",
        "{'ociVersion':'1.2.0','root':{}}",
        "{'ociVersion':'1.2.0','root':{'path':''}}",
        "{'ociVersion':1,'root':{'path':'r'}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'work'}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','args':'sh'}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','args':[1]}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','user':{'uid':-1}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','user':{'uid':4294967295}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','user':{'uid':0.5}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/',"
            + "'user':{'additionalGids':[4294967295]}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/',"
            + "'rlimits':[{'type':'RLIMIT_CPU','soft':0,'hard':18446744073709551616}]}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/',"
            + "'rlimits':[{'type':'RLIMIT_CPU','soft':0,'hard':1e999999}]}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'process':{'cwd':'/','oomScoreAdj':4294967296}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'mounts':[7]}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'mounts':[{}]}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'linux':{'sysctl':{'a':1}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'linux':{'resources':{'memory':{'limit':'1m'}}}}",
        "{'ociVersion':'1.2.0','root':{'path':'r'},'annotations':{'a':null}}"
      })
  void RT39_aDocumentWithAWrongMemberIsRefused(String text) {
    assertThatThrownBy(() -> read(text.replace('\'', '"'))).isInstanceOf(JsonException.class);
  }
}
