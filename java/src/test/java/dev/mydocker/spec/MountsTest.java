package dev.mydocker.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountsTest {

  private static RunOptions.Builder volumes(String... volumes) throws OptionException {
    List<MountOption> mounts = new ArrayList<>();
    for (String volume : volumes) {
      mounts.add(MountOption.parseVolume(volume, "/"));
    }
    return Sample.options().mounts(mounts);
  }

  private static RunOptions.Builder tmpfs(String text) throws OptionException {
    return Sample.options().mounts(List.of(MountOption.parseTmpfs(text)));
  }

  private static RunOptions.Builder mount(String text) throws OptionException {
    return Sample.options().mounts(List.of(MountOption.parseMount(text, "/")));
  }

  private static List<String> targets(Spec spec) {
    return spec.mounts().stream().map(Spec.Mount::destination).toList();
  }

  private static Optional<Spec.Mount> at(Spec spec, String target) {
    return spec.mounts().stream().filter(m -> m.destination().equals(target)).findFirst();
  }

  private static List<String> optionsAt(CompiledSpec compiled, String target) {
    return at(compiled.spec(), target).orElseThrow().options();
  }

  @Test
  void parentsComeBeforeWhatIsBelowThem() throws Exception {
    Spec spec = Sample.compile(volumes("/1:/a/b/c", "/2:/a", "/3:/etc", "/4:/a/b")).spec();
    assertThat(targets(spec)).containsSubsequence("/a", "/a/b", "/a/b/c");
    assertThat(targets(spec)).containsSubsequence("/etc", "/etc/hosts");
    assertThat(targets(spec)).containsSubsequence("/proc", "/dev", "/dev/pts", "/sys", "/a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dev/shm",
        "/dev/mqueue",
        "/sys/fs/cgroup",
        "/sys",
        "/etc/hosts",
        "/etc/hostname"
      })
  void aMountOfTheUsersReplacesADefaultOne(String target) throws Exception {
    CompiledSpec compiled = Sample.compile(volumes("/mine:" + target));
    assertThat(targets(compiled.spec())).containsOnlyOnce(target);
    assertThat(at(compiled.spec(), target).orElseThrow().source()).isEqualTo("/mine");
    assertThat(compiled.causes().of("mount:" + target)).isEqualTo("--volume=/mine:" + target);
  }

  @Test
  void underAMountOverDevNothingOfTheEnginesIsMade() throws Exception {
    CompiledSpec compiled = Sample.compile(volumes("/dev:/dev"));
    assertThat(targets(compiled.spec())).doesNotContain("/dev/pts", "/dev/shm", "/dev/mqueue");
    assertThat(compiled.spec().linux().devices()).isEmpty();
    assertThat(compiled.causes().texts()).doesNotContainKeys("mount:/dev/shm", "device:/dev/null");
  }

  @Test
  void aDeviceIsNotMadeWhereSomethingIsMounted() throws Exception {
    CompiledSpec compiled = Sample.compile(volumes("/dev/zero:/dev/null").privileged(true));
    assertThat(compiled.spec().linux().devices())
        .extracting(Spec.Device::path)
        .containsExactly(
            "/dev/zero",
            "/dev/full",
            "/dev/random",
            "/dev/urandom",
            "/dev/tty",
            "/dev/kvm",
            "/dev/vda");
  }

  @Test
  void aTargetNamedTwiceIsRefused() {
    assertThatThrownBy(() -> Sample.compile(volumes("/1:/a", "/2:/a/.")))
        .isInstanceOf(OptionException.class)
        .hasMessage("Duplicate mount point: /a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "type=bind,src=/s,dst=/d|rbind rprivate",
        "type=bind,src=/s,dst=/d,ro|rbind ro rro rprivate",
        "type=bind,src=/s,dst=/d,ro,bind-propagation=private|rbind ro rro rprivate",
        "type=bind,src=/s,dst=/d,ro,bind-recursive=readonly|rbind ro rro rprivate",
        "type=bind,src=/s,dst=/d,ro,bind-recursive=writable|rbind ro private",
        "type=bind,src=/s,dst=/d,bind-recursive=disabled|bind rprivate",
        "type=bind,src=/s,dst=/d,ro,bind-nonrecursive|bind ro rprivate",
        "type=bind,src=/s,dst=/d,bind-propagation=rslave|rbind rslave",
        "type=tmpfs,dst=/d|noexec nosuid nodev",
        "type=tmpfs,dst=/d,tmpfs-size=1m,tmpfs-mode=0700|noexec nosuid nodev size=1048576 mode=700"
      })
  void aMountIsWrittenInTheWordsOfTheSpecification(String text, String options) throws Exception {
    assertThat(optionsAt(Sample.compile(mount(text)), "/d")).containsExactly(options.split(" "));
  }

  @Test
  void wordsThatTheKernelDoesNotKnowAreLeftOut() throws Exception {
    assertThat(optionsAt(Sample.compile(tmpfs("/d:norelatime,nostrictatime,ro")), "/d"))
        .containsExactly("noexec", "nosuid", "nodev", "ro");
  }

  @Test
  void readOnlyAllTheWayDownNeedsTheKernelsHelp() throws Exception {
    HostFacts old = Sample.host(Sample.HELD, 2, true, false);
    RunOptions asked = mount("type=bind,src=/s,dst=/d,ro,bind-recursive=readonly").build();
    assertThatThrownBy(() -> SpecCompiler.compile(asked, Sample.IMAGE, Sample.files(), old))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("5.12");
    RunOptions hoped = volumes("/s:/d:ro").build();
    CompiledSpec compiled = SpecCompiler.compile(hoped, Sample.IMAGE, Sample.files(), old);
    assertThat(optionsAt(compiled, "/d")).containsExactly("rbind", "ro", "rprivate");
  }

  @Test
  void whatAContainerMountsNeverReachesTheHost() throws Exception {
    assertThatThrownBy(() -> Sample.compile(volumes("/s:/d:rshared")))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("rslave");
    assertThat(Sample.compile(volumes("/s:/d:rslave")).spec().linux().rootfsPropagation())
        .contains("rslave");
    assertThat(Sample.compile(volumes("/s:/d")).spec().linux().rootfsPropagation()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/s:/proc",
        "/s:/proc/sys",
        "/s:/proc/self/attr",
        "/s:/proc/1",
        "/proc/x:/proc",
        "data:/proc",
        "data:/proc/sys",
        "/proc/sys"
      })
  void RT13_aMountOverProcIsRefused(String volume) {
    assertThatThrownBy(() -> Sample.compile(volumes(volume)))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("cannot be mounted");
  }

  @Test
  void RT13_aTmpfsOverProcIsRefused() {
    assertThatThrownBy(() -> Sample.compile(tmpfs("/proc")))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("cannot be mounted");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc/cpuinfo", "/proc/meminfo", "/proc/uptime", "/proc/net/dev"})
  void RT13_singleFilesOfProcMayBeReplaced(String target) throws Exception {
    assertThat(targets(Sample.compile(volumes("/s:" + target)).spec())).contains(target);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/proc", "/proc/self/attr", "/sys", "/sys/fs", "/", "/a/../proc", "", "."})
  void RT13_anImageVolumeOverTheKernelsTreesIsRefused(String volume) {
    assertThatThrownBy(() -> settled(Sample.imageWithVolumes(volume), List.of()))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("the image's Volumes: ");
  }

  private static List<MountOption> settled(ImageDefaults image, List<MountOption> inherited)
      throws OptionException {
    List<MountOption> asked =
        List.of(
            MountOption.parseVolume("/s:/mine", "/"),
            MountOption.parseVolume("data:/data:ro", "/"),
            MountOption.parseVolume("/own", "/"));
    List<MountOption> all = new ArrayList<>();
    for (MountOption mount : VolumeMounts.of(asked, inherited, image)) {
      boolean unnamed = mount instanceof MountOption.Volume volume && volume.name().isEmpty();
      all.add(unnamed ? ((MountOption.Volume) mount).named("made") : mount);
    }
    return all;
  }

  @Test
  void theUsersMountsComeBeforeOtherContainersAndThoseBeforeTheImages() throws Exception {
    MountOption.Volume other =
        new MountOption.Volume(
            "others", "/b", true, "", false, false, MountOption.Origin.OTHER_CONTAINER);
    MountOption.Bind hidden = (MountOption.Bind) MountOption.parseVolume("/x:/data", "/");
    List<MountOption> all =
        settled(Sample.imageWithVolumes("/mine", "a", "/b"), List.of(other, hidden));
    assertThat(all.stream().map(MountOption::target).toList())
        .containsExactly("/mine", "/data", "/own", "/a", "/b");
    assertThat(VolumeMounts.volumes(all).stream().map(MountOption.Volume::name).toList())
        .containsExactly("data", "made", "made", "others");
    assertThat(VolumeMounts.volumes(all).stream().filter(MountOption.Volume::anonymous).toList())
        .extracting(MountOption.Volume::target)
        .containsExactly("/own", "/a");
  }

  @Test
  void RT34_aVolumeIsBoundFromItsContentWithoutDeviceNodes() throws Exception {
    List<MountOption> all = settled(Sample.imageWithVolumes("/a"), List.of());
    CompiledSpec compiled = Sample.compile(Sample.options().readOnly(true).mounts(all));
    assertThat(at(compiled.spec(), "/data").orElseThrow().source()).isEqualTo("/volumes/data");
    assertThat(optionsAt(compiled, "/data")).containsExactly("rbind", "nodev", "ro", "rprivate");
    assertThat(optionsAt(compiled, "/a")).containsExactly("rbind", "nodev", "rprivate");
    assertThat(compiled.causes().of("mount:/data")).isEqualTo("--volume=data:/data:ro");
    assertThat(compiled.causes().of("mount:/own")).isEqualTo("--volume=/own");
    assertThat(compiled.causes().of("mount:/a")).isEqualTo("image: Volumes");
  }

  @Test
  void aPartOfAVolumeIsNamedBelowItsContent() throws Exception {
    CompiledSpec compiled = Sample.compile(mount("source=data,target=/d,volume-subpath=a/b"));
    assertThat(at(compiled.spec(), "/d").orElseThrow().source()).isEqualTo("/volumes/data/a/b");
    assertThat(compiled.causes().of("mount:/d"))
        .isEqualTo("--mount=type=volume,source=data,target=/d,volume-subpath=a/b");
  }

  @Test
  void withAReadOnlyRootTheEnginesFilesAreSoToo() throws Exception {
    CompiledSpec compiled = Sample.compile(Sample.options().readOnly(true));
    assertThat(compiled.spec().root().readonly()).isTrue();
    assertThat(optionsAt(compiled, "/etc/hosts")).contains("ro");
    assertThat(optionsAt(Sample.compile(Sample.options()), "/etc/hosts")).doesNotContain("ro");
  }

  @Test
  void shmHasTheSizeThatIsAskedFor() throws Exception {
    assertThat(optionsAt(Sample.compile(Sample.options()), "/dev/shm")).contains("size=67108864");
    CompiledSpec asked = Sample.compile(Sample.options().shmSize(1 << 20));
    assertThat(optionsAt(asked, "/dev/shm")).contains("size=1048576");
    assertThat(asked.causes().of("mount:/dev/shm")).isEqualTo("--shm-size=1m");
    assertThatThrownBy(() -> Sample.compile(Sample.options().shmSize(-1)))
        .hasMessage("SHM size can not be less than 0");
  }

  @Test
  void withTheHostsIpcShmIsTheHosts() throws Exception {
    RunOptions.Builder host = Sample.options().ipc(NamespaceMode.HOST);
    assertThat(at(Sample.compile(host).spec(), "/dev/shm").orElseThrow().source())
        .isEqualTo("/dev/shm");
    assertThatThrownBy(() -> Sample.compile(host.shmSize(1 << 20)))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("conflicting options");
  }

  @Test
  void privilegedHidesAndProtectsNothing() throws Exception {
    CompiledSpec compiled = Sample.compile(Sample.options().privileged(true));
    assertThat(compiled.spec().linux().maskedPaths()).isEmpty();
    assertThat(compiled.spec().linux().readonlyPaths()).isEmpty();
    assertThat(optionsAt(compiled, "/sys")).contains("rw").doesNotContain("ro");
    assertThat(optionsAt(compiled, "/sys/fs/cgroup")).contains("rw").doesNotContain("ro");
    assertThat(compiled.spec().linux().resources().devices()).hasSize(1);
  }
}
