package dev.mydocker.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a user asked of {@code run}, parsed. Whether the parts agree with each other, the image and
 * the host is for {@link SpecCompiler} to say.
 *
 * @param image the reference as it was given
 * @param command the arguments after the image; empty for the image's own
 * @param interactive whether standard input stays open
 * @param tty whether it gets a terminal
 * @param remove whether it is removed when it ends
 * @param name what it is called
 * @param entrypoint replaces the image's; an empty list clears it
 * @param env in order, those of {@code --env-file} first
 * @param workdir absolute path in the container
 * @param user replaces the image's
 * @param groupAdd further groups
 * @param hostname of its UTS namespace
 * @param domainname of its UTS namespace
 * @param mounts in order
 * @param volumesFrom containers whose mounts it gets as well
 * @param readOnly whether its root cannot be written
 * @param capAdd added to the defaults
 * @param capDrop taken from the defaults
 * @param privileged everything the engine holds, nothing masked, every device
 * @param seccomp which system calls it may make
 * @param confinement what else it may not do
 * @param devices what devices it gets beside those that every one has
 * @param network how it is connected
 * @param ports what the host serves of its ports
 * @param names how it looks names up
 * @param pid whose PID namespace
 * @param ipc whose IPC namespace
 * @param uts whose UTS namespace
 * @param cgroupns whose cgroup namespace
 * @param userns whose user namespace, or which ids one of its own has
 * @param shmSize bytes of /dev/shm
 * @param ulimits the last of a resource counts
 * @param sysctls by dotted name
 * @param stopSignal replaces the image's
 * @param init whether PID 1 is a small init that reaps
 * @param procView whether /proc shows its limits
 * @param passwd whether the user of {@code --userns=keep-id} is in its /etc/passwd
 * @param oomScoreAdj how readily its process is killed when the host has no memory, -1000 to 1000
 * @param annotations of the OCI configuration
 * @param limits resources
 */
public record RunOptions(
    String image,
    List<String> command,
    boolean interactive,
    boolean tty,
    boolean remove,
    Optional<String> name,
    Optional<List<String>> entrypoint,
    List<EnvEntry> env,
    Optional<String> workdir,
    Optional<UserSpec> user,
    List<UserSpec.Principal> groupAdd,
    Optional<String> hostname,
    Optional<String> domainname,
    List<MountOption> mounts,
    List<VolumesFrom> volumesFrom,
    boolean readOnly,
    CapabilityChoice capAdd,
    CapabilityChoice capDrop,
    boolean privileged,
    SeccompOption seccomp,
    Confinement confinement,
    DeviceChoice devices,
    NetworkMode network,
    PortChoice ports,
    NameChoice names,
    NamespaceMode pid,
    NamespaceMode ipc,
    NamespaceMode uts,
    NamespaceMode cgroupns,
    UsernsMode userns,
    OptionalLong shmSize,
    List<Ulimit> ulimits,
    Map<String, String> sysctls,
    Optional<Signal> stopSignal,
    boolean init,
    boolean procView,
    boolean passwd,
    OptionalInt oomScoreAdj,
    Map<String, String> annotations,
    Limits limits) {

  public RunOptions {
    command = List.copyOf(command);
    env = List.copyOf(env);
    groupAdd = List.copyOf(groupAdd);
    mounts = List.copyOf(mounts);
    volumesFrom = List.copyOf(volumesFrom);
    ulimits = List.copyOf(ulimits);
    entrypoint = entrypoint.map(List::copyOf);
    sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** The same with other mounts. */
  public RunOptions with(List<MountOption> others) {
    return with(others, network);
  }

  /** The same connected in another way. */
  public RunOptions with(NetworkMode other) {
    return with(mounts, other);
  }

  private RunOptions with(List<MountOption> others, NetworkMode connected) {
    return new RunOptions(
        image,
        command,
        interactive,
        tty,
        remove,
        name,
        entrypoint,
        env,
        workdir,
        user,
        groupAdd,
        hostname,
        domainname,
        others,
        volumesFrom,
        readOnly,
        capAdd,
        capDrop,
        privileged,
        seccomp,
        confinement,
        devices,
        connected,
        ports,
        names,
        pid,
        ipc,
        uts,
        cgroupns,
        userns,
        shmSize,
        ulimits,
        sysctls,
        stopSignal,
        init,
        procView,
        passwd,
        oomScoreAdj,
        annotations,
        limits);
  }

  /** Options that ask for nothing but that image. */
  public static Builder builder(String image) {
    return new Builder(image);
  }

  /** Collects options; a setter called again replaces what it set before. */
  public static final class Builder {
    private final String image;
    private List<String> command = List.of();
    private boolean interactive = false;
    private boolean tty = false;
    private boolean remove = false;
    private Optional<String> name = Optional.empty();
    private Optional<List<String>> entrypoint = Optional.empty();
    private List<EnvEntry> env = List.of();
    private Optional<String> workdir = Optional.empty();
    private Optional<UserSpec> user = Optional.empty();
    private List<UserSpec.Principal> groupAdd = List.of();
    private Optional<String> hostname = Optional.empty();
    private Optional<String> domainname = Optional.empty();
    private List<MountOption> mounts = List.of();
    private List<VolumesFrom> volumesFrom = List.of();
    private boolean readOnly = false;
    private CapabilityChoice capAdd = CapabilityChoice.NONE;
    private CapabilityChoice capDrop = CapabilityChoice.NONE;
    private boolean privileged = false;
    private SeccompOption seccomp = new SeccompOption.Unsaid();
    private Confinement confinement = Confinement.DEFAULT;
    private DeviceChoice devices = DeviceChoice.NONE;
    private NetworkMode network = NetworkMode.Joined.byDefault();
    private PortChoice ports = PortChoice.NONE;
    private NameChoice names = NameChoice.NONE;
    private NamespaceMode pid = NamespaceMode.PRIVATE;
    private NamespaceMode ipc = NamespaceMode.PRIVATE;
    private NamespaceMode uts = NamespaceMode.PRIVATE;
    private NamespaceMode cgroupns = NamespaceMode.PRIVATE;
    private UsernsMode userns = UsernsMode.HOST;
    private OptionalLong shmSize = OptionalLong.empty();
    private List<Ulimit> ulimits = List.of();
    private Map<String, String> sysctls = Map.of();
    private Optional<Signal> stopSignal = Optional.empty();
    private boolean init = false;
    private boolean procView = true;
    private boolean passwd = true;
    private OptionalLong memory = OptionalLong.empty();
    private OptionalLong memoryReservation = OptionalLong.empty();
    private OptionalLong memorySwap = OptionalLong.empty();
    private OptionalLong nanoCpus = OptionalLong.empty();
    private OptionalLong cpuShares = OptionalLong.empty();
    private OptionalLong cpuPeriod = OptionalLong.empty();
    private OptionalLong cpuQuota = OptionalLong.empty();
    private Optional<String> cpusetCpus = Optional.empty();
    private OptionalLong pidsLimit = OptionalLong.empty();
    private OptionalLong memorySwappiness = OptionalLong.empty();
    private boolean oomKillDisable = false;
    private Optional<String> cpusetMems = Optional.empty();
    private BlockIoChoice blockIo = BlockIoChoice.NONE;
    private final Map<String, String> unified = new LinkedHashMap<>();
    private OptionalInt oomScoreAdj = OptionalInt.empty();
    private Map<String, String> annotations = Map.of();

    private Builder(String image) {
      this.image = image;
    }

    public Builder command(List<String> value) {
      command = value;
      return this;
    }

    public Builder interactive(boolean value) {
      interactive = value;
      return this;
    }

    public Builder tty(boolean value) {
      tty = value;
      return this;
    }

    public Builder remove(boolean value) {
      remove = value;
      return this;
    }

    public Builder name(String value) {
      name = Optional.of(value);
      return this;
    }

    public Builder entrypoint(List<String> value) {
      entrypoint = Optional.of(value);
      return this;
    }

    public Builder env(List<EnvEntry> value) {
      env = value;
      return this;
    }

    public Builder workdir(String value) {
      workdir = Optional.of(value);
      return this;
    }

    public Builder user(UserSpec value) {
      user = Optional.of(value);
      return this;
    }

    public Builder groupAdd(List<UserSpec.Principal> value) {
      groupAdd = value;
      return this;
    }

    public Builder hostname(String value) {
      hostname = Optional.of(value);
      return this;
    }

    public Builder domainname(String value) {
      domainname = Optional.of(value);
      return this;
    }

    public Builder mounts(List<MountOption> value) {
      mounts = value;
      return this;
    }

    public Builder volumesFrom(List<VolumesFrom> value) {
      volumesFrom = value;
      return this;
    }

    public Builder readOnly(boolean value) {
      readOnly = value;
      return this;
    }

    public Builder capAdd(CapabilityChoice value) {
      capAdd = value;
      return this;
    }

    public Builder capDrop(CapabilityChoice value) {
      capDrop = value;
      return this;
    }

    public Builder privileged(boolean value) {
      privileged = value;
      return this;
    }

    public Builder confinement(Confinement value) {
      confinement = value;
      return this;
    }

    public Builder seccomp(SeccompOption value) {
      seccomp = value;
      return this;
    }

    public Builder devices(DeviceChoice value) {
      devices = value;
      return this;
    }

    public Builder network(NetworkMode value) {
      network = value;
      return this;
    }

    public Builder ports(PortChoice value) {
      ports = value;
      return this;
    }

    public Builder names(NameChoice value) {
      names = value;
      return this;
    }

    public Builder pid(NamespaceMode value) {
      pid = value;
      return this;
    }

    public Builder ipc(NamespaceMode value) {
      ipc = value;
      return this;
    }

    public Builder uts(NamespaceMode value) {
      uts = value;
      return this;
    }

    public Builder cgroupns(NamespaceMode value) {
      cgroupns = value;
      return this;
    }

    public Builder userns(UsernsMode value) {
      userns = value;
      return this;
    }

    public Builder shmSize(long value) {
      shmSize = OptionalLong.of(value);
      return this;
    }

    public Builder ulimits(List<Ulimit> value) {
      ulimits = value;
      return this;
    }

    public Builder sysctls(Map<String, String> value) {
      sysctls = value;
      return this;
    }

    public Builder stopSignal(Signal value) {
      stopSignal = Optional.of(value);
      return this;
    }

    public Builder procView(boolean value) {
      procView = value;
      return this;
    }

    public Builder passwd(boolean value) {
      passwd = value;
      return this;
    }

    public Builder init(boolean value) {
      init = value;
      return this;
    }

    public Builder memory(long value) {
      memory = OptionalLong.of(value);
      return this;
    }

    public Builder memoryReservation(long value) {
      memoryReservation = OptionalLong.of(value);
      return this;
    }

    public Builder memorySwap(long value) {
      memorySwap = OptionalLong.of(value);
      return this;
    }

    public Builder nanoCpus(long value) {
      nanoCpus = OptionalLong.of(value);
      return this;
    }

    public Builder cpuShares(long value) {
      cpuShares = OptionalLong.of(value);
      return this;
    }

    public Builder cpuPeriod(long value) {
      cpuPeriod = OptionalLong.of(value);
      return this;
    }

    public Builder cpuQuota(long value) {
      cpuQuota = OptionalLong.of(value);
      return this;
    }

    public Builder cpusetCpus(String value) {
      cpusetCpus = Optional.of(value);
      return this;
    }

    public Builder pidsLimit(long value) {
      pidsLimit = OptionalLong.of(value);
      return this;
    }

    public Builder memorySwappiness(long value) {
      memorySwappiness = OptionalLong.of(value);
      return this;
    }

    public Builder oomKillDisable(boolean value) {
      oomKillDisable = value;
      return this;
    }

    public Builder cpusetMems(String value) {
      cpusetMems = Optional.of(value);
      return this;
    }

    public Builder blockIo(BlockIoChoice value) {
      blockIo = value;
      return this;
    }

    /**
     * A setting of cgroup version 2: {@code memory.high=100M}.
     *
     * @throws OptionException when that is none
     */
    public Builder cgroupConf(String setting) throws OptionException {
      CgroupConf.parse(setting, unified);
      return this;
    }

    public Builder oomScoreAdj(int value) {
      oomScoreAdj = OptionalInt.of(value);
      return this;
    }

    public Builder annotations(Map<String, String> values) {
      annotations = values;
      return this;
    }

    /** The options as they are now. */
    public RunOptions build() {
      Limits limits =
          new Limits(
              memory,
              memoryReservation,
              memorySwap,
              nanoCpus,
              cpuShares,
              cpuPeriod,
              cpuQuota,
              cpusetCpus,
              pidsLimit,
              memorySwappiness,
              oomKillDisable,
              cpusetMems,
              blockIo,
              unified);
      return new RunOptions(
          image,
          command,
          interactive,
          tty,
          remove,
          name,
          entrypoint,
          env,
          workdir,
          user,
          groupAdd,
          hostname,
          domainname,
          mounts,
          volumesFrom,
          readOnly,
          capAdd,
          capDrop,
          privileged,
          seccomp,
          confinement,
          devices,
          network,
          ports,
          names,
          pid,
          ipc,
          uts,
          cgroupns,
          userns,
          shmSize,
          ulimits,
          sysctls,
          stopSignal,
          init,
          procView,
          passwd,
          oomScoreAdj,
          annotations,
          limits);
    }
  }
}
