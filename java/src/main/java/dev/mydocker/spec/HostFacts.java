package dev.mydocker.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a specification depends on besides image and options.
 *
 * @param id the container's id, 64 hexadecimal digits
 * @param hostname the host's own
 * @param rootfs where the container's root is put together, for {@code root.path}
 * @param hostsFile the file to be seen as /etc/hosts
 * @param hostnameFile the file to be seen as /etc/hostname
 * @param resolvConfFile the file to be seen as /etc/resolv.conf
 * @param capabilities the engine's bounding set
 * @param hardLimits the engine's hard resource limits; -1 for none
 * @param openFiles the soft RLIMIT_NOFILE this program was started with, when its JVM has raised it
 * @param onlineCpus numbers of the CPUs a container can be given
 * @param memory the host's, bytes
 * @param cgroupVersion 1 (hybrid included) or 2
 * @param swapAccounting whether the kernel can limit memory and swap together
 * @param recursiveReadOnly whether the kernel has mount_setattr(2), Linux 5.12
 * @param devices the nodes of the host's /dev, which a privileged container gets
 * @param chosen what {@code --device} and limits of devices name, by that path: the node, or all
 *     below the directory; nothing of what is not there
 * @param thermalThrottle the directories /sys/devices/system/cpu/cpuN/thermal_throttle there are
 * @param apparmor whether the kernel has AppArmor, and uses it
 * @param machine what a seccomp profile asks for
 * @param seccomp the engine's own profile
 * @param volumes where the content of each volume of the container is, by the volume's name
 * @param users the ids of its user namespace; empty when it lives in the engine's
 * @param rootless what an engine of an ordinary user can give; empty for root's
 */
public record HostFacts(
    String id,
    String hostname,
    String rootfs,
    String hostsFile,
    String hostnameFile,
    String resolvConfFile,
    Set<Capability> capabilities,
    Map<Rlimit, Long> hardLimits,
    OptionalLong openFiles,
    Set<Integer> onlineCpus,
    long memory,
    int cgroupVersion,
    boolean swapAccounting,
    boolean recursiveReadOnly,
    List<Spec.Device> devices,
    Map<String, List<Spec.Device>> chosen,
    List<String> thermalThrottle,
    boolean apparmor,
    Machine machine,
    Seccomp.Builtin seccomp,
    Map<String, String> volumes,
    Optional<UserMaps> users,
    Optional<Rootless> rootless) {

  public HostFacts {
    capabilities = Set.copyOf(capabilities);
    hardLimits = Map.copyOf(hardLimits);
    onlineCpus = Set.copyOf(onlineCpus);
    devices = List.copyOf(devices);
    chosen = Map.copyOf(chosen);
    thermalThrottle = List.copyOf(thermalThrottle);
    volumes = Map.copyOf(volumes);
  }
}
