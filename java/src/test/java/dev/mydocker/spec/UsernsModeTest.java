package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The grammar of {@code --userns}, and what cannot go with it. */
class UsernsModeTest {
  private static final UserMaps USERS =
      new UserMaps(
          List.of(new Spec.IdMapping(0, 1L << 31, 1001)),
          List.of(new Spec.IdMapping(0, 1L << 31, 101)));

  private static Spec.IdMapping map(long inside, long host, long size) {
    return new Spec.IdMapping(inside, host, size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host"})
  void theHostsIsTheUsualOne(String text) throws OptionException {
    assertThat(UsernsMode.parse(text)).isEqualTo(new UsernsMode.Host(text));
  }

  @Test
  void autoTakesAsManyIdsAs16BitsName() throws OptionException {
    assertThat(UsernsMode.parse("auto"))
        .isEqualTo(new UsernsMode.Auto("auto", 65_536, List.of(), List.of()));
  }

  @Test
  void autoTakesOptions() throws OptionException {
    String text = "auto:size=10,uidmapping=5:700000:2,uidmapping=0:0:1,gidmapping=3:4:5";
    assertThat(UsernsMode.parse(text))
        .isEqualTo(
            new UsernsMode.Auto(
                text, 10, List.of(map(5, 700_000, 2), map(0, 0, 1)), List.of(map(3, 4, 5))));
  }

  @Test
  void anotherContainersAndGivenOnes() throws OptionException {
    assertThat(UsernsMode.parse("container:web"))
        .isEqualTo(new UsernsMode.OfContainer("container:web", "web"));
    assertThat(UsernsMode.parse("0:100000:65536,70000:1:1"))
        .isEqualTo(
            new UsernsMode.Given(
                "0:100000:65536,70000:1:1", List.of(map(0, 100_000, 65_536), map(70_000, 1, 1))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "private",
        "container:",
        "auto:size=0",
        "auto:size=-1",
        "auto:size=4294967296",
        "auto:size",
        "auto:what=1",
        "auto:,",
        "keep-id:",
        "keep-id:uid",
        "keep-id:uid=-1",
        "keep-id:size=5",
        "keep-id:uid=2147483648",
        "0:1",
        "0:1:0",
        "0:1:2:3",
        "0:4294967295:1",
        "4294967295:0:1",
        "0:1:4294967295",
        "0:x:1",
        "0:1:1,",
        "-1:1:1"
      })
  void RT60_malformedModesAreRefused(String text) {
    assertThatThrownBy(() -> UsernsMode.parse(text))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("--userns");
  }

  @ParameterizedTest
  @CsvSource({"0:100:10;9:200:1", "0:100:10;10:109:5", "5:1:1;5:2:1", "0:0:100;50:50:1"})
  void RT60_overlappingRangesAreRefused(String ranges) {
    String text = ranges.replace(';', ',');
    assertThatThrownBy(() -> UsernsMode.parse(text)).hasMessageContaining("overlaps");
    String auto = "auto:uidmapping=" + ranges.replace(";", ",uidmapping=");
    assertThatThrownBy(() -> UsernsMode.parse(auto)).hasMessageContaining("overlaps");
  }

  /** The engine's namespace: the user, 1000, is 0 in it, and five subordinate ids follow. */
  private static final UserMaps ENGINE =
      new UserMaps(
          List.of(map(0, 1000, 1), map(1, 100_000, 5)), List.of(map(0, 3, 1), map(1, 100_000, 5)));

  private static UserMaps kept(String text) throws OptionException {
    return ((UsernsMode.KeepId) UsernsMode.parse(text)).maps(ENGINE);
  }

  @Test
  void keptIdsAreTheUsersAndOthersComeInTheirOrder() throws OptionException {
    assertThat(kept("keep-id"))
        .as("a user beyond what there is of ids, and a group among them")
        .isEqualTo(
            new UserMaps(
                List.of(map(0, 1, 5), map(1000, 0, 1)),
                List.of(map(0, 1, 3), map(3, 0, 1), map(4, 4, 2))));
    assertThat(kept("keep-id:uid=5,gid=0"))
        .isEqualTo(
            new UserMaps(List.of(map(0, 1, 5), map(5, 0, 1)), List.of(map(0, 0, 1), map(1, 1, 5))));
    UserMaps alone = new UserMaps(List.of(map(0, 1000, 1)), List.of(map(0, 3, 1)));
    assertThatThrownBy(() -> ((UsernsMode.KeepId) UsernsMode.parse("keep-id")).maps(alone))
        .hasMessageContaining("needs subordinate ids");
  }

  @Test
  void anIdIsTheHostsOneOfItsRange() {
    List<Spec.IdMapping> maps = List.of(map(0, 1000, 10), map(20, 5, 1));
    assertThat(UserMaps.host(maps, 9)).hasValue(1009);
    assertThat(UserMaps.host(maps, 10)).isEmpty();
    assertThat(UserMaps.host(maps, 20)).hasValue(5);
  }

  // ---- what cannot be ---------------------------------------------------------------------------

  private static Spec compiled(RunOptions.Builder options, Machine machine)
      throws IOException, OptionException {
    HostFacts h = Sample.host();
    HostFacts host =
        new HostFacts(
            h.id(),
            h.hostname(),
            h.rootfs(),
            h.hostsFile(),
            h.hostnameFile(),
            h.resolvConfFile(),
            h.capabilities(),
            h.hardLimits(),
            h.openFiles(),
            h.onlineCpus(),
            h.memory(),
            h.cgroupVersion(),
            h.swapAccounting(),
            h.recursiveReadOnly(),
            h.devices(),
            h.chosen(),
            h.thermalThrottle(),
            h.apparmor(),
            machine,
            h.seccomp(),
            h.volumes(),
            Optional.of(USERS),
            h.network(),
            Optional.empty());
    return SpecCompiler.compile(options.build(), Sample.IMAGE, Sample.files(), host).spec();
  }

  private static RunOptions.Builder auto() throws OptionException {
    return Sample.options().userns(UsernsMode.parse("auto:size=1001"));
  }

  private static Spec compiled(RunOptions.Builder options) throws IOException, OptionException {
    return compiled(options, new Machine("amd64", 5, 19));
  }

  @Test
  void whoHasUsersOfItsOwnJoinsNoOthersNetwork() throws Exception {
    RunOptions.Builder options = auto().network(NetworkMode.parse("container:web"));
    assertThatThrownBy(() -> compiled(options))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("another container's network namespace")
        .hasMessageContaining("give --userns=host");
  }

  @Test
  void theConfigurationNamesNamespaceMapsAndMode() throws Exception {
    Spec spec = compiled(auto());
    assertThat(spec.linux().namespaces()).contains(new Spec.Namespace("user", Optional.empty()));
    assertThat(spec.linux().uidMappings()).isEqualTo(USERS.uids());
    assertThat(spec.linux().gidMappings()).isEqualTo(USERS.gids());
    assertThat(spec.annotations()).containsEntry(Spec.USERNS, "auto:size=1001");
    assertThat(spec.linux().sysctl()).containsEntry("net.ipv4.ping_group_range", "0 100");
    String json = new String(spec.toJson().toPrettyBytes(), StandardCharsets.UTF_8);
    Golden.assertSame("spec-userns.json", json);
  }

  @Test
  void aKernelWithoutOverlayOnIdmappedLayersIsNamed() throws Exception {
    RunOptions.Builder options = auto();
    assertThatThrownBy(() -> compiled(options, new Machine("amd64", 5, 18)))
        .hasMessage("--userns needs Linux 5.19, for overlayfs on idmapped layers; this is 5.18");
  }

  @Test
  void namespacesOfTheHostAndPrivilegesAreRefusedAsDockerDoes() throws Exception {
    List<RunOptions.Builder> wrong =
        List.of(
            auto().network(new NetworkMode.Host()),
            auto().pid(NamespaceMode.HOST),
            auto().ipc(NamespaceMode.HOST),
            auto().uts(NamespaceMode.HOST),
            auto().cgroupns(NamespaceMode.HOST),
            auto().privileged(true));
    for (RunOptions.Builder options : wrong) {
      assertThatThrownBy(() -> compiled(options)).hasMessageContaining("user namespaces");
    }
  }

  @Test
  void usersWithoutAnIdAreRefused() throws Exception {
    for (String user : List.of("1001", "0:101")) {
      RunOptions.Builder options = auto().user(UserSpec.parse(user));
      assertThatThrownBy(() -> compiled(options)).hasMessageContaining("has no id");
    }
    assertThat(compiled(auto().user(UserSpec.parse("1000:100")))).isNotNull();
  }

  @Test
  void idmapIsForVolumesAlwaysAndForBindsWhenAsked() throws Exception {
    Spec spec =
        compiled(
            auto()
                .mounts(
                    List.of(
                        MountOption.parseVolume("data:/v", "/"),
                        MountOption.parseVolume("/srv:/a:ro,idmap", "/"),
                        MountOption.parseVolume("/srv:/b", "/"),
                        MountOption.parseMount("type=bind,src=/srv,dst=/c,idmap", "/"))));
    for (Spec.Mount mount : spec.mounts()) {
      boolean mapped = List.of("/v", "/a", "/c").contains(mount.destination());
      assertThat(mount.options().contains("idmap")).as(mount.destination()).isEqualTo(mapped);
    }
    RunOptions.Builder host =
        Sample.options().mounts(List.of(MountOption.parseVolume("/srv:/a:idmap", "/")));
    assertThatThrownBy(() -> Sample.compile(host)).hasMessageContaining("--userns=auto");
  }
}
