package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a container has of its own and what of the host's: namespaces, names, sysctls, rlimits. */
class HostSharingTest {

  private static List<String> namespaces(RunOptions.Builder options) throws Exception {
    return Sample.compile(options).spec().linux().namespaces().stream()
        .map(Spec.Namespace::type)
        .toList();
  }

  private static RunOptions.Builder sysctl(String name) {
    return Sample.options().sysctls(Map.of(name, "1"));
  }

  @Test
  void everyNamespaceButTheUsersIsItsOwn() throws Exception {
    assertThat(namespaces(Sample.options()))
        .containsExactlyInAnyOrder("mount", "network", "uts", "pid", "ipc", "cgroup");
  }

  @Test
  void eachOptionSharesOneNamespace() throws Exception {
    NamespaceMode host = NamespaceMode.HOST;
    assertThat(namespaces(Sample.options().pid(host))).doesNotContain("pid").hasSize(5);
    assertThat(namespaces(Sample.options().ipc(host))).doesNotContain("ipc").hasSize(5);
    assertThat(namespaces(Sample.options().uts(host))).doesNotContain("uts").hasSize(5);
    assertThat(namespaces(Sample.options().cgroupns(host))).doesNotContain("cgroup").hasSize(5);
    assertThat(namespaces(Sample.options().network(new NetworkMode.Host())))
        .doesNotContain("network")
        .hasSize(5);
  }

  @Test
  void theCgroupNamespaceIsPrivateOnV1AsWell() throws Exception {
    CompiledSpec v1 =
        SpecCompiler.compile(
            Sample.options().privileged(true).build(),
            Sample.IMAGE,
            Sample.files(),
            Sample.host(Sample.HELD, 1, true, true));
    assertThat(v1.spec().linux().namespaces()).extracting(Spec.Namespace::type).contains("cgroup");
    assertThat(v1.causes().of("namespace:cgroup")).contains("its own");
  }

  @Test
  void itsNameIsGivenOrItsIdsOrTheHosts() throws Exception {
    assertThat(Sample.compile(Sample.options()).spec().hostname()).contains("0123456789ab");
    assertThat(Sample.compile(Sample.options().hostname("box")).spec().hostname()).contains("box");
    RunOptions.Builder network = Sample.options().network(new NetworkMode.Host());
    assertThat(Sample.compile(network).spec().hostname()).contains("server");
    assertThat(Sample.compile(network.hostname("box")).spec().hostname()).contains("box");
  }

  private static CompiledSpec sharing(RunOptions.Builder options, boolean hosts) throws Exception {
    NetworkOwner web =
        new NetworkOwner("/run/c/netns", "/run/web", hosts, "web", Optional.of("example"));
    return SpecCompiler.compile(
        options.network(new NetworkMode.OfContainer("web")).build(),
        Sample.IMAGE,
        Sample.files(),
        Sample.host(web));
  }

  @Test
  void theNetworkOfAnotherContainerComesWithItsNamesAndParameters() throws Exception {
    CompiledSpec compiled = sharing(Sample.options(), false);
    Spec spec = compiled.spec();
    assertThat(spec.linux().namespaces())
        .contains(new Spec.Namespace("network", Optional.of("/run/c/netns")));
    assertThat(compiled.causes().of("namespace:network")).isEqualTo("--network=container:web");
    assertThat(compiled.causes().of("mount:/etc/hosts")).startsWith("--network=container:web");
    assertThat(spec.hostname()).contains("web");
    assertThat(spec.domainname()).contains("example");
    assertThat(spec.linux().sysctl()).isEmpty();
    String name = "net.core.somaxconn";
    assertThat(sharing(sysctl(name), false).spec().linux().sysctl()).containsEntry(name, "1");
    assertThatThrownBy(() -> sharing(sysctl(name), true))
        .hasMessageContaining("not allowed in host network namespace");
  }

  @Test
  void whatTheOtherContainerDecidesIsRefusedAsByDocker() throws Exception {
    String mode = " and the network mode";
    refused(Sample.options().hostname("x"), "hostname" + mode);
    refused(Sample.options().domainname("x"), "domainname" + mode);
    List<String> none = List.of();
    for (NameChoice names :
        List.of(
            NameChoice.parse(List.of("9.9.9.9"), none, none, none),
            NameChoice.parse(none, List.of("x"), none, none),
            NameChoice.parse(none, none, List.of("x"), none))) {
      refused(Sample.options().names(names), "dns" + mode);
    }
    refused(
        Sample.options().names(NameChoice.parse(none, none, none, List.of("a:1.2.3.4"))),
        "custom host-to-IP mapping" + mode);
    String ports = "port publishing and the container type network mode";
    refused(Sample.options().ports(PortChoice.parse(List.of("80:80"), false, none)), ports);
    refused(Sample.options().ports(PortChoice.parse(none, true, none)), ports);
    refused(
        Sample.options().ports(PortChoice.parse(none, false, List.of("80"))),
        "port exposing and the container type network mode");
  }

  private static void refused(RunOptions.Builder options, String what) {
    assertThatThrownBy(() -> sharing(options, false))
        .isInstanceOf(OptionException.class)
        .hasMessage("conflicting options: " + what);
  }

  @Test
  void theHostIsNeverRenamed() throws Exception {
    RunOptions.Builder uts = Sample.options().uts(NamespaceMode.HOST);
    Spec spec = Sample.compile(uts).spec();
    assertThat(spec.hostname()).isEmpty();
    assertThat(spec.process().orElseThrow().env()).contains("HOSTNAME=server");
    assertThatThrownBy(() -> Sample.compile(uts.hostname("box")))
        .isInstanceOf(OptionException.class)
        .hasMessage("conflicting options: hostname and the UTS mode");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\nb", "a\0", "a/b", "ä", "\u001b"})
  void aNameThatCouldEndALineOfHostsIsRefused(String name) {
    assertThatThrownBy(() -> Sample.compile(Sample.options().hostname(name)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--hostname");
    assertThatThrownBy(() -> Sample.compile(Sample.options().domainname(name)))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--domainname");
  }

  @Test
  void aNameIsAtMost64Long() throws Exception {
    String longest = "n".repeat(64);
    assertThat(Sample.compile(Sample.options().hostname(longest)).spec().hostname())
        .contains(longest);
    assertThatThrownBy(() -> Sample.compile(Sample.options().hostname(longest + "n")))
        .isInstanceOf(OptionException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "net.ipv4.ip_forward",
        "net.core.somaxconn",
        "kernel.shmmax",
        "kernel.sem",
        "fs.mqueue.msg_max",
        "kernel.domainname"
      })
  void aParameterOfItsOwnNamespacesIsSet(String name) throws Exception {
    assertThat(Sample.compile(sysctl(name)).spec().linux().sysctl()).containsEntry(name, "1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "net",
        "net.",
        ".net",
        "net..x",
        "net/ipv4/ip_forward",
        "net./../kernel/core_pattern",
        "net.a b",
        "net.a\0",
        "kernel.core_pattern",
        "kernel.hostname",
        "kernel.shmmax2",
        "vm.swappiness",
        "fs.file-max",
        "NET.ipv4.ip_forward"
      })
  void aParameterOfTheHostIsRefused(String name) {
    assertThatThrownBy(() -> Sample.compile(sysctl(name)))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("is not allowed");
  }

  @ParameterizedTest
  @CsvSource({
    "net.ipv4.ip_forward,network",
    "kernel.shmmax,IPC",
    "fs.mqueue.msg_max,IPC",
    "kernel.domainname,UTS"
  })
  void aParameterOfASharedNamespaceIsRefused(String name, String kind) {
    RunOptions.Builder shared =
        sysctl(name)
            .network(new NetworkMode.Host())
            .ipc(NamespaceMode.HOST)
            .uts(NamespaceMode.HOST);
    assertThatThrownBy(() -> Sample.compile(shared))
        .isInstanceOf(OptionException.class)
        .hasMessage("sysctl \"" + name + "\" not allowed in host " + kind + " namespace");
  }

  @Test
  void whatDockerSetsCanBeSetOtherwise() throws Exception {
    String port = "net.ipv4.ip_unprivileged_port_start";
    assertThat(Sample.compile(Sample.options()).spec().linux().sysctl()).containsEntry(port, "0");
    assertThat(Sample.compile(sysctl(port)).spec().linux().sysctl()).containsEntry(port, "1");
    RunOptions.Builder host = Sample.options().network(new NetworkMode.Host());
    assertThat(Sample.compile(host).spec().linux().sysctl()).isEmpty();
  }

  @Test
  void noResourceLimitIsSetUnlessAskedButTheOneThatTheJvmRaised() throws Exception {
    assertThat(Sample.compile(Sample.options()).spec().process().orElseThrow().rlimits())
        .containsExactly(new Spec.RlimitEntry("RLIMIT_NOFILE", 1024, 20_000));
    RunOptions.Builder asked =
        Sample.options()
            .ulimits(
                List.of(
                    Ulimit.parse("nofile=1"), Ulimit.parse("core=0"), Ulimit.parse("nofile=2:3")));
    assertThat(Sample.compile(asked).spec().process().orElseThrow().rlimits())
        .containsExactly(
            new Spec.RlimitEntry("RLIMIT_CORE", 0, 0), new Spec.RlimitEntry("RLIMIT_NOFILE", 2, 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nofile=20001", "nofile=1:20001", "nofile=1:unlimited"})
  void aLimitAboveTheEnginesIsRefusedBeforeAnythingStarts(String text) throws Exception {
    RunOptions options = Sample.options().ulimits(List.of(Ulimit.parse(text))).build();
    assertThatThrownBy(
            () -> SpecCompiler.compile(options, Sample.IMAGE, Sample.files(), Sample.host()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("the engine's own hard limit is 20000")
        .hasMessageContaining("CAP_SYS_RESOURCE");
    HostFacts able = Sample.host(EnumSet.allOf(Capability.class), 2, true, true);
    assertThat(
            SpecCompiler.compile(options, Sample.IMAGE, Sample.files(), able)
                .spec()
                .process()
                .orElseThrow()
                .rlimits())
        .hasSize(1);
  }

  @Test
  void theStopSignalIsTheUsersOrTheImages() throws Exception {
    ImageDefaults image =
        new ImageDefaults(
            "", List.of(), List.of(), List.of("sh"), "", java.util.Optional.of("3"), List.of());
    assertThat(Sample.compile(Sample.options(), image).spec().annotations())
        .containsEntry(Spec.STOP_SIGNAL, "SIGQUIT");
    RunOptions.Builder own = Sample.options().stopSignal(Signal.parse("INT"));
    assertThat(Sample.compile(own, image).spec().annotations())
        .containsEntry(Spec.STOP_SIGNAL, "SIGINT");
    assertThat(Sample.compile(Sample.options()).spec().annotations()).isEmpty();
  }

  @Test
  void anImagesNonsenseAsStopSignalIsRefused() {
    ImageDefaults image =
        new ImageDefaults(
            "",
            List.of(),
            List.of(),
            List.of("sh"),
            "",
            java.util.Optional.of("SIGNOPE"),
            List.of());
    assertThatThrownBy(() -> Sample.compile(Sample.options(), image))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("the image's StopSignal: ");
  }

  @Test
  void everyPartHasItsCause() throws Exception {
    CompiledSpec compiled = Sample.compile(Sample.options().readOnly(true).tty(true).init(true));
    Spec.Linux linux = compiled.spec().linux();
    Map<String, String> texts = compiled.causes().texts();
    assertThat(texts)
        .containsKeys("args", "env", "cwd", "user", "terminal", "capabilities", "hostname")
        .containsKeys("root.readonly", "init");
    compiled
        .spec()
        .mounts()
        .forEach(m -> assertThat(texts).containsKey("mount:" + m.destination()));
    linux.namespaces().forEach(n -> assertThat(texts).containsKey("namespace:" + n.type()));
    linux.devices().forEach(d -> assertThat(texts).containsKey("device:" + d.path()));
    linux.maskedPaths().forEach(p -> assertThat(texts).containsKey("masked:" + p));
    linux.readonlyPaths().forEach(p -> assertThat(texts).containsKey("readonly:" + p));
    linux.sysctl().keySet().forEach(s -> assertThat(texts).containsKey("sysctl:" + s));
  }
}
