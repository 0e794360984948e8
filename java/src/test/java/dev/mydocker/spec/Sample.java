package dev.mydocker.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** A host, an image and its files for tests; each test changes what it is about. */
final class Sample {
  static final String ID = "0123456789ab" + "c".repeat(52);

  static final String PASSWD =
      """
      root:x:0:0:root:/root:/bin/sh
      web:x:1000:100:Web:/srv/web:/bin/sh
      """;

  static final String GROUP =
      """
      root:x:0:
      users:x:100:
      audio:x:29:web,root
      video:x:44:other,web
      """;

  static final ImageDefaults IMAGE =
      new ImageDefaults(
          "", List.of("PATH=/bin"), List.of(), List.of("sh"), "", Optional.empty(), List.of());

  /** All but CAP_SYS_RESOURCE. */
  static final Set<Capability> HELD = EnumSet.complementOf(EnumSet.of(Capability.CAP_SYS_RESOURCE));

  private Sample() {}

  static RunOptions.Builder options() {
    return RunOptions.builder("image").command(List.of("id"));
  }

  static HostFacts host() {
    return host(HELD, 2, true, true);
  }

  static HostFacts host(
      Set<Capability> held, int cgroupVersion, boolean swapAccounting, boolean recursiveReadOnly) {
    return host(held, cgroupVersion, swapAccounting, recursiveReadOnly, Optional.empty());
  }

  /** With another container, in whose network namespace this one lives. */
  static HostFacts host(NetworkOwner network) {
    return host(HELD, 2, true, true, Optional.of(network));
  }

  private static HostFacts host(
      Set<Capability> held,
      int cgroupVersion,
      boolean swapAccounting,
      boolean recursiveReadOnly,
      Optional<NetworkOwner> network) {
    return new HostFacts(
        ID,
        "server",
        "/run/mydocker/rootfs",
        "/run/mydocker/hosts",
        "/run/mydocker/hostname",
        "/run/mydocker/resolv.conf",
        held,
        Map.of(Rlimit.RLIMIT_NOFILE, 20_000L),
        OptionalLong.of(1024),
        Set.of(0, 1, 2, 4),
        8L << 30,
        cgroupVersion,
        swapAccounting,
        recursiveReadOnly,
        List.of(
            device("/dev/null", "c", 1, 3),
            device("/dev/console", "c", 5, 1),
            device("/dev/kvm", "c", 10, 232),
            device("/dev/shm/node", "c", 1, 3),
            device("/dev/vda", "b", 254, 0)),
        Map.of(
            "/dev/fuse", List.of(device("/dev/fuse", "c", 10, 229)),
            "/dev/snd",
                List.of(
                    device("/dev/snd/timer", "c", 116, 33),
                    device("/dev/snd/by-path/card", "c", 116, 7)),
            "/etc/passwd", List.of()),
        List.of("/sys/devices/system/cpu/cpu0/thermal_throttle"),
        false,
        new Machine("amd64", 6, 1),
        (machine, capabilities) -> new Seccomp("{\"defaultAction\":\"SCMP_ACT_ERRNO\"}"),
        Map.of("data", "/volumes/data", "made", "/volumes/made"),
        Optional.empty(),
        network,
        Optional.empty());
  }

  /** The same host of an ordinary user. */
  static HostFacts host(Rootless rootless) {
    return host(rootless, Optional.empty());
  }

  /** With a container that has users of its own there. */
  static HostFacts host(Rootless rootless, Optional<UserMaps> users) {
    HostFacts h = host();
    return new HostFacts(
        h.id(),
        h.hostname(),
        h.rootfs(),
        h.hostsFile(),
        h.hostnameFile(),
        h.resolvConfFile(),
        EnumSet.allOf(Capability.class),
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
        h.machine(),
        h.seccomp(),
        h.volumes(),
        users,
        h.network(),
        Optional.of(rootless));
  }

  private static Spec.Device device(String path, String type, long major, long minor) {
    return new Spec.Device(
        path, type, major, minor, OptionalInt.of(0600), OptionalLong.of(0), OptionalLong.of(6));
  }

  static ImageFiles files() {
    return files(PASSWD, GROUP);
  }

  static ImageFiles files(String passwd, String group) {
    return files(passwd.getBytes(StandardCharsets.UTF_8), group.getBytes(StandardCharsets.UTF_8));
  }

  static ImageFiles files(byte[] passwd, byte[] group) {
    Map<String, byte[]> content = new HashMap<>();
    content.put("/etc/passwd", passwd);
    content.put("/etc/group", group);
    return (path, limit) -> {
      Optional<byte[]> bytes = Optional.ofNullable(content.get(path));
      if (bytes.isPresent() && bytes.get().length > limit) {
        throw new IOException(path + " is over " + limit + " bytes");
      }
      return bytes;
    };
  }

  static final ImageFiles NO_FILES = (path, limit) -> Optional.empty();

  static CompiledSpec compile(RunOptions.Builder options) throws OptionException, IOException {
    return SpecCompiler.compile(options.build(), IMAGE, files(), host());
  }

  static CompiledSpec compile(RunOptions.Builder options, ImageDefaults image)
      throws OptionException, IOException {
    return SpecCompiler.compile(options.build(), image, files(), host());
  }

  static ImageDefaults imageWithUser(String user) {
    return new ImageDefaults(
        user, List.of(), List.of(), List.of("sh"), "", Optional.empty(), List.of());
  }

  static ImageDefaults imageWithVolumes(String... volumes) {
    return new ImageDefaults(
        "", List.of(), List.of(), List.of("sh"), "", Optional.empty(), List.of(volumes));
  }
}
