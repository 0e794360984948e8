package dev.mydocker.spec;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A container's configuration: {@code config.json} of the OCI runtime-spec 1.2, as far as this
 * engine uses it. Names, units and meanings are those of its config.md and config-linux.md.
 */
public record Spec(
    String ociVersion,
    Optional<Process> process,
    Root root,
    Optional<String> hostname,
    Optional<String> domainname,
    List<Mount> mounts,
    Linux linux,
    Map<String, String> annotations) {

  /** The version of the specification that is written. */
  public static final String VERSION = "1.2.0";

  /** What annotations of the engine's own begin with. */
  static final String OWN = "dev.mydocker.";

  /** The annotation that is {@code true} when PID 1 is to be an init that reaps. */
  public static final String INIT = "dev.mydocker.init";

  /** The annotation that is {@link #PROC_VIEW_OFF} when /proc is to show the host's machine. */
  public static final String PROC_VIEW = "dev.mydocker.proc-view";

  public static final String PROC_VIEW_OFF = "off";

  /** The annotation with the value of --userns, of a container with a user namespace of its own. */
  public static final String USERNS = "dev.mydocker.userns";

  /**
   * The annotation of a container that an ordinary user has made: {@link #ROOTLESS_SINGLE} when its
   * root is the only user it has, else {@link #ROOTLESS_RANGES}.
   */
  public static final String ROOTLESS = "dev.mydocker.rootless";

  public static final String ROOTLESS_SINGLE = "single";

  public static final String ROOTLESS_RANGES = "ranges";

  /** The annotation with the signal that stops the container, of the image-spec's conversion.md. */
  public static final String STOP_SIGNAL = "org.opencontainers.image.stopSignal";

  public Spec {
    mounts = List.copyOf(mounts);
    annotations = copy(annotations);
  }

  /** The same with other limits. */
  public Spec withResources(Resources resources) {
    Linux changed =
        new Linux(
            linux.namespaces(),
            linux.uidMappings(),
            linux.gidMappings(),
            linux.sysctl(),
            resources,
            linux.cgroupsPath(),
            linux.devices(),
            linux.maskedPaths(),
            linux.readonlyPaths(),
            linux.rootfsPropagation(),
            linux.seccomp());
    return new Spec(ociVersion, process, root, hostname, domainname, mounts, changed, annotations);
  }

  /** The container's process. */
  public record Process(
      boolean terminal,
      Optional<ConsoleSize> consoleSize,
      User user,
      List<String> args,
      List<String> env,
      String cwd,
      Optional<Capabilities> capabilities,
      List<RlimitEntry> rlimits,
      boolean noNewPrivileges,
      Optional<String> apparmorProfile,
      OptionalInt oomScoreAdj) {
    public Process {
      args = List.copyOf(args);
      env = List.copyOf(env);
      rlimits = List.copyOf(rlimits);
    }
  }

  /** A terminal's size in characters. */
  public record ConsoleSize(int height, int width) {}

  /** Who the process is; ids are unsigned 32-bit numbers in a long. */
  public record User(long uid, long gid, List<Long> additionalGids, OptionalInt umask) {
    public User {
      additionalGids = List.copyOf(additionalGids);
    }
  }

  /** Five sets of capability names ({@code CAP_CHOWN}). */
  public record Capabilities(
      List<String> bounding,
      List<String> effective,
      List<String> inheritable,
      List<String> permitted,
      List<String> ambient) {
    public Capabilities {
      bounding = List.copyOf(bounding);
      effective = List.copyOf(effective);
      inheritable = List.copyOf(inheritable);
      permitted = List.copyOf(permitted);
      ambient = List.copyOf(ambient);
    }
  }

  /** A resource limit; {@code -1} is RLIM_INFINITY, as values are unsigned 64-bit numbers. */
  public record RlimitEntry(String type, long soft, long hard) {}

  /** The root file system. */
  public record Root(String path, boolean readonly) {}

  /** A mount; type and source are empty when the document has none. */
  public record Mount(String destination, String type, String source, List<String> options) {
    public Mount {
      options = List.copyOf(options);
    }
  }

  /** The Linux part. */
  public record Linux(
      List<Namespace> namespaces,
      List<IdMapping> uidMappings,
      List<IdMapping> gidMappings,
      Map<String, String> sysctl,
      Resources resources,
      Optional<String> cgroupsPath,
      List<Device> devices,
      List<String> maskedPaths,
      List<String> readonlyPaths,
      Optional<String> rootfsPropagation,
      Optional<Seccomp> seccomp) {
    public Linux {
      namespaces = List.copyOf(namespaces);
      uidMappings = List.copyOf(uidMappings);
      gidMappings = List.copyOf(gidMappings);
      sysctl = copy(sysctl);
      devices = List.copyOf(devices);
      maskedPaths = List.copyOf(maskedPaths);
      readonlyPaths = List.copyOf(readonlyPaths);
    }
  }

  /**
   * A namespace of its own, or, with a path, one to join.
   *
   * @param type pid, network, mount, ipc, uts, user, cgroup or time
   */
  public record Namespace(String type, Optional<String> path) {}

  /** A range of ids of a user namespace. */
  public record IdMapping(long containerId, long hostId, long size) {}

  /** The limits of the container's cgroup; {@code unified} is of version 2, by files' names. */
  public record Resources(
      Memory memory,
      Cpu cpu,
      OptionalLong pidsLimit,
      List<DeviceRule> devices,
      BlockIo blockIo,
      Map<String, String> unified) {

    /** No limits. */
    public static final Resources NONE =
        new Resources(Memory.NONE, Cpu.NONE, OptionalLong.empty(), List.of());

    /** Without limits of block devices. */
    public Resources(Memory memory, Cpu cpu, OptionalLong pidsLimit, List<DeviceRule> devices) {
      this(memory, cpu, pidsLimit, devices, BlockIo.NONE);
    }

    /** Without settings by the names of files. */
    public Resources(
        Memory memory, Cpu cpu, OptionalLong pidsLimit, List<DeviceRule> devices, BlockIo blockIo) {
      this(memory, cpu, pidsLimit, devices, blockIo, Map.of());
    }

    public Resources {
      unified = copy(unified);
      devices = List.copyOf(devices);
    }
  }

  /**
   * Bytes; -1 is no limit; swap is memory and swap together. Swappiness is 0 to 100. With the OOM
   * killer disabled a process waits until there is memory.
   */
  public record Memory(
      OptionalLong limit,
      OptionalLong reservation,
      OptionalLong swap,
      OptionalLong swappiness,
      boolean disableOomKiller) {
    /** No limits. */
    public static final Memory NONE =
        new Memory(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

    /** Swapped and killed as the kernel does by default. */
    public Memory(OptionalLong limit, OptionalLong reservation, OptionalLong swap) {
      this(limit, reservation, swap, OptionalLong.empty(), false);
    }
  }

  /** Shares are a weight of 2 to 262144; quota and period are microseconds. */
  public record Cpu(
      OptionalLong shares,
      OptionalLong quota,
      OptionalLong period,
      Optional<String> cpus,
      Optional<String> mems) {
    /** No limits. */
    public static final Cpu NONE =
        new Cpu(
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty());
  }

  /**
   * Use of block devices.
   *
   * @param weight relative, 10 to 1000
   * @param weights the same for one device
   * @param readBps bytes per second
   * @param writeBps bytes per second
   * @param readIops operations per second
   * @param writeIops operations per second
   */
  public record BlockIo(
      OptionalLong weight,
      List<DeviceValue> weights,
      List<DeviceValue> readBps,
      List<DeviceValue> writeBps,
      List<DeviceValue> readIops,
      List<DeviceValue> writeIops) {
    /** No limits. */
    public static final BlockIo NONE =
        new BlockIo(OptionalLong.empty(), List.of(), List.of(), List.of(), List.of(), List.of());

    public BlockIo {
      weights = List.copyOf(weights);
      readBps = List.copyOf(readBps);
      writeBps = List.copyOf(writeBps);
      readIops = List.copyOf(readIops);
      writeIops = List.copyOf(writeIops);
    }
  }

  /** A weight or a rate of one block device. */
  public record DeviceValue(long major, long minor, long value) {}

  /** A rule of the devices cgroup; an empty type or number means any. */
  public record DeviceRule(
      boolean allow, String type, OptionalLong major, OptionalLong minor, String access) {}

  /**
   * A device node.
   *
   * @param type c, b, u or p
   * @param fileMode permission bits; empty for 0666
   */
  public record Device(
      String path,
      String type,
      long major,
      long minor,
      OptionalInt fileMode,
      OptionalLong uid,
      OptionalLong gid) {}

  /** This as {@code config.json}. */
  public Json.Obj toJson() {
    return SpecWriter.write(this);
  }

  /**
   * Reads {@code config.json}; members this engine does not know are passed over.
   *
   * @throws JsonException when a mandatory member is missing or one has the wrong type
   */
  public static Spec fromJson(Json.Obj json) throws JsonException {
    return SpecReader.read(json);
  }

  private static Map<String, String> copy(Map<String, String> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
