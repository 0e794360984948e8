package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RootlessTest {
  private static final List<Spec.IdMapping> ONE = List.of(new Spec.IdMapping(0, 1001, 1));
  private static final List<Spec.IdMapping> MANY =
      List.of(new Spec.IdMapping(0, 1001, 1), new Spec.IdMapping(1, 100_000, 65_536));
  private static final HostUser USER = new HostUser("ann", "ann", "", "/home/ann");
  private static final Rootless SINGLE = new Rootless(new UserMaps(ONE, ONE), false, false, USER);
  private static final Rootless RANGES = new Rootless(new UserMaps(MANY, MANY), true, false, USER);

  private static RunOptions.Builder options() throws OptionException {
    return Sample.options().network(new NetworkMode.Pasta());
  }

  private static Spec compiled(RunOptions.Builder options, Rootless rootless)
      throws IOException, OptionException {
    return SpecCompiler.compile(
            options.build(), Sample.IMAGE, Sample.files(), Sample.host(rootless))
        .spec();
  }

  private static Optional<Spec.Mount> at(Spec spec, String destination) {
    return spec.mounts().stream().filter(m -> m.destination().equals(destination)).findAny();
  }

  @Test
  void devicesAreTheHostsOwnNodesAndNoneIsMade() throws Exception {
    DeviceChoice devices =
        new DeviceChoice(List.of(DeviceOption.parse("/dev/fuse:/dev/mine:r")), List.of());
    Spec spec = compiled(options().devices(devices), RANGES);

    assertThat(spec.linux().devices()).isEmpty();
    assertThat(at(spec, "/dev/null")).map(Spec.Mount::source).contains("/dev/null");
    assertThat(at(spec, "/dev/mine")).map(Spec.Mount::source).contains("/dev/fuse");
    assertThat(at(spec, "/dev/mine").orElseThrow().options()).contains("ro");
  }

  @Test
  void terminalsBelongToGroupTtyWhereThereIsOne() throws Exception {
    assertThat(at(compiled(options(), RANGES), "/dev/pts").orElseThrow().options())
        .contains("gid=5");
    assertThat(at(compiled(options(), SINGLE), "/dev/pts").orElseThrow().options())
        .doesNotContain("gid=5");
  }

  @Test
  void pingIsForTheGroupsThereAre() throws Exception {
    assertThat(compiled(options(), RANGES).linux().sysctl())
        .containsEntry("net.ipv4.ping_group_range", "0 65536");
    assertThat(compiled(options(), SINGLE).linux().sysctl())
        .containsEntry("net.ipv4.ping_group_range", "0 0");
  }

  @Test
  void fileSystemsOfTheHostsNamespacesAreBound() throws Exception {
    Spec spec = compiled(options().network(new NetworkMode.Host()), RANGES);

    assertThat(at(spec, "/sys")).map(Spec.Mount::type).contains("bind");
    assertThat(at(spec, "/sys").orElseThrow().options()).contains("ro", "rbind");
    assertThat(at(spec, "/proc")).map(Spec.Mount::type).contains("proc");
  }

  /** Of namespaces of its own, the container's root has no power over the host's network. */
  @Test
  void whoKeepsTheIdMayShareTheHostsNetworkAndNoOtherNamespace() throws Exception {
    RunOptions.Builder options = options().userns(UsernsMode.parse("keep-id"));
    Spec spec = kept(options.network(new NetworkMode.Host()));
    assertThat(spec.linux().namespaces().stream().map(Spec.Namespace::type))
        .contains("user")
        .doesNotContain("network");
    assertThat(at(spec, "/sys")).map(Spec.Mount::type).contains("bind");
    assertThatThrownBy(() -> kept(options.ipc(NamespaceMode.HOST)))
        .hasMessageContaining("cannot share the host's IPC namespace");
  }

  private static Spec kept(RunOptions.Builder options) throws IOException, OptionException {
    UserMaps ids = ((UsernsMode.KeepId) options.build().userns()).maps(RANGES.ids());
    return SpecCompiler.compile(
            options.build(), Sample.IMAGE, Sample.files(), Sample.host(RANGES, Optional.of(ids)))
        .spec();
  }

  @Test
  void theLaunchLearnsWhichIdsThereAre() throws Exception {
    assertThat(compiled(options(), RANGES).annotations()).containsEntry(Spec.ROOTLESS, "ranges");
    assertThat(compiled(options(), SINGLE).annotations()).containsEntry(Spec.ROOTLESS, "single");
  }

  @Test
  void pastaIsNotRoots() throws Exception {
    RunOptions options = options().build();
    assertThatThrownBy(
            () -> SpecCompiler.compile(options, Sample.IMAGE, Sample.files(), Sample.host()))
        .hasMessageContaining("--network=pasta is for ordinary users");
  }

  /** A launch goes by it, root's as well. */
  @Test
  void anAnnotationCannotSayIt() throws Exception {
    refused(
        options().annotations(java.util.Map.of(Spec.ROOTLESS, "single")),
        "\"dev.mydocker.rootless\" is the engine's own word");
  }

  @Test
  void whatNeedsRootIsRefusedInALine() throws Exception {
    DeviceChoice rule = new DeviceChoice(List.of(), List.of(DeviceChoice.parseRule("c 1:3 r")));
    refused(options().network(NetworkMode.parse("mine")), "--network=mine needs root");
    refused(options().userns(UsernsMode.parse("auto")), "--userns=auto needs root");
    refused(options().pid(NamespaceMode.HOST), "--pid=host needs a cgroup");
    refused(options().devices(rule), "--device-cgroup-rule needs root");
    refused(
        options().ulimits(List.of(Ulimit.parse("nofile=30000"))), "the engine's own hard limit is");
  }

  private static void refused(RunOptions.Builder options, String message) {
    assertThatThrownBy(() -> compiled(options, RANGES))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"65536,", "65537,user 65537 does not exist"})
  void usersAreThoseOfTheRanges(String user, String refusal) throws Exception {
    if (refusal == null) {
      assertThat(
              compiled(options().user(UserSpec.parse(user)), RANGES)
                  .process()
                  .orElseThrow()
                  .user()
                  .uid())
          .isEqualTo(Long.parseLong(user));
      return;
    }
    refused(options().user(UserSpec.parse(user)), refusal);
  }

  @Test
  void withoutSubordinateIdsThereIsOnlyRoot() throws Exception {
    assertThatThrownBy(() -> compiled(options().user(UserSpec.parse("1000")), SINGLE))
        .hasMessageContaining("without subordinate ids there is only root");
  }
}
