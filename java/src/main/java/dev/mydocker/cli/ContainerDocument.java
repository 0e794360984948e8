package dev.mydocker.cli;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerSizes;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Health;
import dev.mydocker.engine.HealthCheck;
import dev.mydocker.engine.Volume;
import dev.mydocker.json.Json;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.DeviceOption;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.PortOption;
import dev.mydocker.spec.Seccomp;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** A container as {@code docker inspect} shows it. */
final class ContainerDocument {
  private static final String NEVER = "0001-01-01T00:00:00Z";

  private ContainerDocument() {}

  /**
   * A container's document.
   *
   * @param mounts what was asked to be mounted of the host
   * @param size only when it was asked for
   * @param networks what it has of its networks
   */
  static Json.Obj of(
      ContainerInfo container,
      Spec spec,
      Causes causes,
      List<Spec.Mount> mounts,
      Optional<ContainerSizes.Size> size,
      Json.Obj networks) {
    List<String> command = container.command();
    Spec.Process process = spec.process().orElseThrow();
    return Json.object()
        .put("Id", container.id())
        .put("Created", container.created().toString())
        .put("Path", command.isEmpty() ? "" : command.get(0))
        .putStrings("Args", command.isEmpty() ? command : command.subList(1, command.size()))
        .put("State", state(container))
        .put("Image", container.imageId())
        .put("Name", "/" + container.name())
        .put("RestartCount", container.restarts())
        .put("Driver", "overlay2")
        .put("Platform", "linux")
        .put("HostConfig", host(container, spec, causes, mounts))
        .put("SizeRw", size.map(s -> number(s.written())))
        .put("SizeRootFs", size.map(s -> number(s.root())))
        .put("Mounts", mounts(container, mounts))
        .put("Config", config(container, spec, process))
        .put("NetworkSettings", networks)
        .build();
  }

  private static Json.Num number(long value) {
    return new Json.Num(value);
  }

  private static Json.Obj state(ContainerInfo container) {
    ContainerState state = container.state();
    return Json.object()
        .put("Status", state.text())
        .put("Running", state.isRunning())
        .put("Paused", state == ContainerState.PAUSED)
        .put("Restarting", state == ContainerState.RESTARTING)
        .put("OOMKilled", container.exit().map(Exit::oomKilled).orElse(false))
        .put("Dead", state == ContainerState.DEAD)
        .put("Pid", container.pid())
        .put("ExitCode", container.exit().map(Exit::code).orElse(0))
        .put("Error", "")
        .put("StartedAt", moment(container.started()))
        .put("FinishedAt", moment(container.finished()))
        .put("Health", container.health().map(Health::toJson))
        .build();
  }

  private static String moment(Optional<Instant> moment) {
    return moment.map(Instant::toString).orElse(NEVER);
  }

  private static Json.Obj host(
      ContainerInfo container, Spec spec, Causes causes, List<Spec.Mount> mounts) {
    Spec.Resources limits = spec.linux().resources();
    Json.Obj restart =
        Json.object()
            .put("Name", container.settings().restart().when().text())
            .put("MaximumRetryCount", container.settings().restart().retries())
            .build();
    return Json.object()
        .putStrings("Binds", binds(container, mounts))
        .put("Mounts", asked(container))
        .putStrings("VolumesFrom", container.settings().volumesFrom())
        .put("NetworkMode", mode(container))
        .put("PortBindings", bindings(container))
        .putStrings("Dns", container.settings().names().servers())
        .putStrings("DnsOptions", container.settings().names().options())
        .putStrings("DnsSearch", container.settings().names().search())
        .putStrings("ExtraHosts", container.settings().names().hosts())
        .put("UsernsMode", spec.annotations().getOrDefault(Spec.USERNS, ""))
        .put("RestartPolicy", restart)
        .put("AutoRemove", container.settings().remove())
        .put("SecurityOpt", security(spec, causes))
        .put("ReadonlyRootfs", spec.root().readonly())
        .put("Memory", limits.memory().limit().orElse(0))
        .put("MemoryReservation", limits.memory().reservation().orElse(0))
        .put("MemorySwap", limits.memory().swap().orElse(0))
        .put("CpuShares", limits.cpu().shares().orElse(0))
        .put("CpuPeriod", limits.cpu().period().orElse(0))
        .put("CpuQuota", limits.cpu().quota().orElse(0))
        .put("CpusetCpus", limits.cpu().cpus().orElse(""))
        .put("CpusetMems", limits.cpu().mems().orElse(""))
        .put("MemorySwappiness", swappiness(limits))
        .put("OomKillDisable", limits.memory().disableOomKiller())
        .put("OomScoreAdj", spec.process().map(p -> p.oomScoreAdj().orElse(0)).orElse(0))
        .put("BlkioWeight", limits.blockIo().weight().orElse(0))
        .put("BlkioWeightDevice", devices("Weight", limits.blockIo().weights()))
        .put("BlkioDeviceReadBps", devices("Rate", limits.blockIo().readBps()))
        .put("BlkioDeviceWriteBps", devices("Rate", limits.blockIo().writeBps()))
        .put("BlkioDeviceReadIOps", devices("Rate", limits.blockIo().readIops()))
        .put("BlkioDeviceWriteIOps", devices("Rate", limits.blockIo().writeIops()))
        .put("PidsLimit", limits.pidsLimit().orElse(0))
        .put("Devices", devices(container))
        .putStrings("DeviceCgroupRules", container.settings().devices().ruleTexts())
        .putStrings("MaskedPaths", spec.linux().maskedPaths())
        .putStrings("ReadonlyPaths", spec.linux().readonlyPaths())
        .build();
  }

  private static Json swappiness(Spec.Resources limits) {
    OptionalLong value = limits.memory().swappiness();
    return value.isPresent() ? new Json.Num(value.getAsLong()) : new Json.Null();
  }

  /** The kernel knows devices by number; udev has that path for each. */
  private static Json devices(String what, List<Spec.DeviceValue> values) {
    List<Json> out = new ArrayList<>();
    for (Spec.DeviceValue value : values) {
      out.add(
          Json.object()
              .put("Path", "/dev/block/" + value.major() + ":" + value.minor())
              .put(what, value.value())
              .build());
    }
    return new Json.Arr(out);
  }

  private static String mode(ContainerInfo container) {
    List<NetworkJoin> networks = container.settings().networks();
    if (!networks.isEmpty()) {
      return networks.get(0).network();
    }
    return container.settings().network().text();
  }

  private static Json.Obj bindings(ContainerInfo container) {
    Map<String, List<Json>> byInside = new LinkedHashMap<>();
    for (PortOption port : container.settings().ports().published()) {
      byInside
          .computeIfAbsent(port.port() + "/" + port.protocol(), inside -> new ArrayList<>())
          .add(
              Json.object()
                  .put("HostIp", port.host())
                  .put("HostPort", port.first() == 0 ? "" : Integer.toString(port.first()))
                  .build());
    }
    Json.Builder out = Json.object();
    byInside.forEach((inside, all) -> out.put(inside, new Json.Arr(all)));
    return out.build();
  }

  private static Json exposed(ContainerInfo container) {
    Json.Builder out = Json.object();
    for (String port : container.settings().ports().exposed()) {
      out.put(port, Json.object().build());
    }
    return out.build();
  }

  /** As with Docker, a profile is its content, and nothing at all is null. */
  private static Json security(Spec spec, Causes causes) {
    List<String> said = new ArrayList<>();
    if (spec.process().isPresent() && spec.process().get().noNewPrivileges()) {
      said.add("no-new-privileges");
    }
    if (causes.of("seccomp").startsWith("--security-opt")) {
      said.add("seccomp=" + spec.linux().seccomp().map(Seccomp::json).orElse("unconfined"));
    }
    spec.process()
        .flatMap(Spec.Process::apparmorProfile)
        .ifPresent(profile -> said.add("apparmor=" + profile));
    if (spec.annotations().getOrDefault(Spec.PROC_VIEW, "").equals(Spec.PROC_VIEW_OFF)) {
      said.add("proc-view=off");
    }
    return said.isEmpty() ? new Json.Null() : Json.strings(said);
  }

  private static Json.Arr devices(ContainerInfo container) {
    List<Json> out = new ArrayList<>();
    for (DeviceOption device : container.settings().devices().nodes()) {
      out.add(
          Json.object()
              .put("PathOnHost", device.source())
              .put("PathInContainer", device.target())
              .put("CgroupPermissions", device.access())
              .build());
    }
    return new Json.Arr(out);
  }

  /** The volume that is mounted there; empty when it is something of the host. */
  private static Optional<MountOption.Volume> volume(ContainerInfo container, Spec.Mount mount) {
    return container.settings().volumes().stream()
        .filter(volume -> volume.target().equals(mount.destination()))
        .findFirst();
  }

  /** What {@code -v} has mounted, as it would be given again; a volume without a name is not. */
  private static List<String> binds(ContainerInfo container, List<Spec.Mount> mounts) {
    List<String> out = new ArrayList<>();
    for (Spec.Mount mount : mounts) {
      Optional<MountOption.Volume> volume = volume(container, mount);
      boolean flag =
          volume.isEmpty()
              || volume.get().origin() == MountOption.Origin.VOLUME_FLAG
                  && !volume.get().anonymous();
      if (flag) {
        String source = volume.map(MountOption.Volume::name).orElse(mount.source());
        out.add(source + ":" + mount.destination() + (isReadOnly(mount) ? ":ro" : ""));
      }
    }
    return out;
  }

  /** The volumes that {@code --mount} asked for. */
  private static Json.Arr asked(ContainerInfo container) {
    List<Json> out = new ArrayList<>();
    for (MountOption.Volume volume : container.settings().volumes()) {
      if (volume.origin() == MountOption.Origin.MOUNT_FLAG) {
        out.add(asked(volume));
      }
    }
    return new Json.Arr(out);
  }

  /** As with Docker, what is not set is left out. */
  private static Json.Obj asked(MountOption.Volume volume) {
    Json.Builder options = Json.object();
    if (!volume.copy()) {
      options.put("NoCopy", true);
    }
    if (!volume.subpath().isEmpty()) {
      options.put("Subpath", volume.subpath());
    }
    Json.Builder out = Json.object().put("Type", "volume");
    if (!volume.anonymous()) {
      out.put("Source", volume.name());
    }
    out.put("Target", volume.target());
    if (volume.readOnly()) {
      out.put("ReadOnly", true);
    }
    return out.put("VolumeOptions", options.build()).build();
  }

  private static boolean isReadOnly(Spec.Mount mount) {
    return mount.options().contains("ro");
  }

  private static Json.Arr mounts(ContainerInfo container, List<Spec.Mount> mounts) {
    List<Json> out = new ArrayList<>();
    for (Spec.Mount mount : mounts) {
      Optional<MountOption.Volume> volume = volume(container, mount);
      Json.Builder one = Json.object().put("Type", volume.isPresent() ? "volume" : "bind");
      volume.ifPresent(v -> one.put("Name", v.name()));
      one.put("Source", mount.source()).put("Destination", mount.destination());
      volume.ifPresent(v -> one.put("Driver", Volume.DRIVER));
      boolean volumeFlag =
          volume.isPresent() && volume.get().origin() == MountOption.Origin.VOLUME_FLAG;
      out.add(
          one.put("Mode", volumeFlag && isReadOnly(mount) ? "ro" : "")
              .put("RW", !isReadOnly(mount))
              .put("Propagation", volume.isPresent() ? "" : "rprivate")
              .build());
    }
    return new Json.Arr(out);
  }

  private static Json.Obj config(ContainerInfo container, Spec spec, Spec.Process process) {
    return Json.object()
        .put("Hostname", spec.hostname().orElse(""))
        .put("Domainname", spec.domainname().orElse(""))
        .put("User", user(process.user()))
        .put("ExposedPorts", exposed(container))
        .put("Tty", process.terminal())
        .put("OpenStdin", container.settings().interactive())
        .putStrings("Env", process.env())
        .putStrings("Cmd", container.command())
        .put("Image", container.image())
        .put("Volumes", unnamed(container))
        .put("WorkingDir", process.cwd())
        .putStrings("Labels", container.settings().labels())
        .put("StopSignal", spec.annotations().getOrDefault(Spec.STOP_SIGNAL, Signal.TERM.name()))
        .put("StopTimeout", container.settings().stopSeconds())
        .put("Healthcheck", container.settings().health().map(HealthCheck::toJson))
        .build();
  }

  /** Where a volume without a name is asked for; as with Docker, nothing at all is null. */
  private static Json unnamed(ContainerInfo container) {
    Json.Builder out = Json.object();
    for (MountOption.Volume volume : container.settings().volumes()) {
      boolean own = volume.origin() != MountOption.Origin.OTHER_CONTAINER;
      if (volume.anonymous() && own) {
        out.put(volume.target(), Json.object().build());
      }
    }
    Json.Obj volumes = out.build();
    return volumes.members().isEmpty() ? new Json.Null() : volumes;
  }

  private static String user(Spec.User user) {
    return user.uid() == 0 && user.gid() == 0 ? "" : user.uid() + ":" + user.gid();
  }
}
