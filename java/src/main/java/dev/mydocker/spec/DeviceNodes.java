package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** The nodes in /dev, and what the devices cgroup lets through. */
final class DeviceNodes {
  private static final List<Spec.Device> STANDARD =
      List.of(
          node("/dev/null", 1, 3),
          node("/dev/zero", 1, 5),
          node("/dev/full", 1, 7),
          node("/dev/random", 1, 8),
          node("/dev/urandom", 1, 9),
          node("/dev/tty", 5, 0));

  /** Made by the launch itself: a terminal, and links. */
  private static final Set<String> OWN =
      Set.of("/dev/console", "/dev/ptmx", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr");

  private DeviceNodes() {}

  private static Spec.Device node(String path, long major, long minor) {
    return new Spec.Device(
        path, "c", major, minor, OptionalInt.of(0666), OptionalLong.empty(), OptionalLong.empty());
  }

  /**
   * The nodes to be made: none in a /dev that is a directory of the host, and none where something
   * else is mounted.
   */
  static List<Spec.Device> of(
      RunOptions options, HostFacts host, List<Spec.Mount> mounts, Causes.Collector why)
      throws OptionException {
    List<Spec.Device> out = new ArrayList<>();
    if (host.rootless().isPresent()) {
      return out;
    }
    Set<String> taken = new HashSet<>(OWN);
    for (DeviceOption option : options.devices().nodes()) {
      for (Spec.Device device : chosen(option, host)) {
        if (OWN.contains(device.path())) {
          throw owned(device.path());
        }
        add(out, device, taken, mounts, "--device=" + option.text(), why);
      }
    }
    for (Spec.Device device : STANDARD) {
      add(out, device, taken, mounts, "default: as in every /dev", why);
    }
    if (options.privileged()) {
      for (Spec.Device device : host.devices()) {
        add(out, device, taken, mounts, "--privileged: a device of the host", why);
      }
    }
    return out;
  }

  /**
   * The mounts with the host's own nodes among them, as nobody in a user namespace can make any:
   * the container can do with one what its user can.
   *
   * @throws OptionException in Docker's words when there is no such node
   */
  static List<Spec.Mount> bound(
      RunOptions options, HostFacts host, List<Spec.Mount> mounts, Causes.Collector why)
      throws OptionException {
    List<Spec.Mount> out = new ArrayList<>(mounts);
    Set<String> taken = new HashSet<>(OWN);
    for (DeviceOption option : options.devices().nodes()) {
      for (Spec.Device device : chosen(option, host)) {
        if (OWN.contains(device.path())) {
          throw owned(device.path());
        }
        String source = option.source() + device.path().substring(option.target().length());
        boolean readOnly = option.access().indexOf('w') < 0;
        bind(out, source, device.path(), readOnly, taken, "--device=" + option.text(), why);
      }
    }
    for (Spec.Device device : STANDARD) {
      String path = device.path();
      bind(out, path, path, false, taken, "default: as in every /dev; the host's own", why);
    }
    if (options.privileged()) {
      for (Spec.Device device : host.devices()) {
        String path = device.path();
        bind(out, path, path, false, taken, "--privileged: a device of the host", why);
      }
    }
    return out;
  }

  private static void bind(
      List<Spec.Mount> out,
      String source,
      String target,
      boolean readOnly,
      Set<String> taken,
      String cause,
      Causes.Collector why) {
    if (taken.add(target) && !isCovered(target, out)) {
      List<String> options = new ArrayList<>(List.of("bind", "nosuid", "noexec", "rprivate"));
      if (readOnly) {
        options.add("ro");
      }
      out.add(new Spec.Mount(target, "bind", source, options));
      why.put("mount:" + target, cause);
    }
  }

  private static OptionException owned(String path) {
    return new OptionException(
        "--device: "
            + OptionException.quote(path)
            + " is the container's own: give it another path there");
  }

  /**
   * The nodes that are meant, by their paths in the container.
   *
   * @throws OptionException in Docker's words when there is none
   */
  private static List<Spec.Device> chosen(DeviceOption option, HostFacts host)
      throws OptionException {
    List<Spec.Device> found = host.chosen().getOrDefault(option.source(), List.of());
    if (found.isEmpty()) {
      boolean there = host.chosen().containsKey(option.source());
      throw new OptionException(
          "error gathering device information while adding custom device "
              + OptionException.quote(option.source())
              + (there ? ": not a device node" : ": no such file or directory"));
    }
    List<Spec.Device> out = new ArrayList<>();
    for (Spec.Device d : found) {
      String path = option.target() + d.path().substring(option.source().length());
      out.add(
          new Spec.Device(path, d.type(), d.major(), d.minor(), d.fileMode(), d.uid(), d.gid()));
    }
    return out;
  }

  private static void add(
      List<Spec.Device> out,
      Spec.Device device,
      Set<String> taken,
      List<Spec.Mount> mounts,
      String cause,
      Causes.Collector why) {
    if (taken.add(device.path()) && !isCovered(device.path(), mounts)) {
      out.add(device);
      why.put("device:" + device.path(), cause);
    }
  }

  private static boolean isCovered(String path, List<Spec.Mount> mounts) {
    for (Spec.Mount mount : mounts) {
      boolean plainDev = mount.destination().equals("/dev") && mount.type().equals("tmpfs");
      if (!plainDev && ContainerPath.isAtOrBelow(path, mount.destination())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Docker's default: the standard nodes and terminals are used, any node may be made. What was
   * chosen comes on top.
   */
  static List<Spec.DeviceRule> rules(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    if (options.privileged()) {
      why.put("resource:devices", "--privileged: every device");
      return List.of(any(true, "", "rwm"));
    }
    StringBuilder cause = new StringBuilder("default: Docker's");
    List<Spec.DeviceRule> rules = new ArrayList<>();
    rules.add(any(false, "", "rwm"));
    rules.add(any(true, "c", "m"));
    rules.add(any(true, "b", "m"));
    for (Spec.Device device : STANDARD) {
      rules.add(use(device.major(), OptionalLong.of(device.minor())));
    }
    rules.add(use(5, OptionalLong.of(1)));
    rules.add(use(5, OptionalLong.of(2)));
    rules.add(use(136, OptionalLong.empty()));
    for (DeviceOption option : options.devices().nodes()) {
      cause.append("; --device=").append(option.text());
      for (Spec.Device device : chosen(option, host)) {
        OptionalLong major = OptionalLong.of(device.major());
        OptionalLong minor = OptionalLong.of(device.minor());
        rules.add(new Spec.DeviceRule(true, device.type(), major, minor, option.access()));
      }
    }
    for (String rule : options.devices().ruleTexts()) {
      cause.append("; --device-cgroup-rule='").append(rule).append('\'');
    }
    rules.addAll(options.devices().rules());
    why.put("resource:devices", cause.toString());
    return rules;
  }

  private static Spec.DeviceRule any(boolean allow, String type, String access) {
    return new Spec.DeviceRule(allow, type, OptionalLong.empty(), OptionalLong.empty(), access);
  }

  private static Spec.DeviceRule use(long major, OptionalLong minor) {
    return new Spec.DeviceRule(true, "c", OptionalLong.of(major), minor, "rwm");
  }
}
