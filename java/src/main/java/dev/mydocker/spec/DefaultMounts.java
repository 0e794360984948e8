package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The mounts every container gets: the kernel's own file systems, and three files of /etc. */
final class DefaultMounts {
  private static final long SHM_SIZE = 64L << 20;

  private DefaultMounts() {}

  /**
   * Docker's, parents first.
   *
   * @throws OptionException when --shm-size contradicts --ipc
   */
  static List<Spec.Mount> kernel(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    String sys = options.privileged() ? "rw" : "ro";
    boolean rootless = host.rootless().isPresent();
    List<Spec.Mount> out = new ArrayList<>();
    out.add(
        rootless && options.pid() == NamespaceMode.HOST
            ? hosts("/proc", "rw")
            : new Spec.Mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")));
    out.add(
        new Spec.Mount(
            "/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k")));
    out.add(new Spec.Mount("/dev/pts", "devpts", "devpts", terminals(host)));
    out.add(
        rootless && options.network() instanceof NetworkMode.Host
            ? hosts("/sys", sys)
            : new Spec.Mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", sys)));
    out.add(
        rootless && options.cgroupns() == NamespaceMode.HOST
            ? hosts("/sys/fs/cgroup", sys)
            : new Spec.Mount(
                "/sys/fs/cgroup", "cgroup", "cgroup", List.of("nosuid", "noexec", "nodev", sys)));
    if (!rootless || options.ipc() != NamespaceMode.HOST) {
      // The host's queues an ordinary user cannot mount, and not every host has them to be bound.
      out.add(
          new Spec.Mount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev")));
    }
    for (Spec.Mount mount : out) {
      why.put("mount:" + mount.destination(), "default: Docker's");
    }
    if (options.privileged()) {
      why.put("mount:/sys", "--privileged: writable");
      why.put("mount:/sys/fs/cgroup", "--privileged: writable");
    }
    out.add(shm(options, host, why));
    return out;
  }

  /**
   * Group 5 is tty, to whom terminals belong; an ordinary user without subordinate ids has none.
   */
  private static List<String> terminals(HostFacts host) {
    List<String> options =
        new ArrayList<>(List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"));
    if (host.rootless().isEmpty()
        || UserMaps.host(host.rootless().get().ids().gids(), 5).isPresent()) {
      options.add("gid=5");
    }
    return options;
  }

  /**
   * The host's own: a file system that shows a namespace is mounted by who has power over that
   * namespace, and an ordinary user has none over the host's.
   */
  private static Spec.Mount hosts(String path, String access) {
    List<String> options = new ArrayList<>(List.of("rbind", "nosuid", "noexec", "nodev"));
    if (access.equals("ro")) {
      options.add("ro");
    }
    options.add("rprivate");
    return new Spec.Mount(path, "bind", path, options);
  }

  /**
   * A mqueue file system shows the queues of its mounter's IPC namespace; a tmpfs has no such tie.
   */
  private static Spec.Mount shm(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    OptionalLong size = options.shmSize();
    if (options.ipc() == NamespaceMode.HOST) {
      if (size.isPresent()) {
        throw new OptionException(
            "conflicting options: --shm-size and --ipc=host: /dev/shm is the host's");
      }
      if (host.rootless().isEmpty()) {
        why.put("mount:/dev/mqueue", "--ipc=host: the host's");
      }
      why.put("mount:/dev/shm", "--ipc=host: the host's");
      return new Spec.Mount("/dev/shm", "bind", "/dev/shm", List.of("rbind", "rprivate"));
    }
    if (size.orElse(0) < 0) {
      throw new OptionException("SHM size can not be less than 0");
    }
    long bytes = size.orElse(0) == 0 ? SHM_SIZE : size.getAsLong();
    why.put(
        "mount:/dev/shm",
        bytes == size.orElse(0) ? "--shm-size=" + Bytes.format(bytes) : "default: Docker's, 64m");
    return new Spec.Mount(
        "/dev/shm",
        "tmpfs",
        "shm",
        List.of("nosuid", "noexec", "nodev", "mode=1777", "size=" + bytes));
  }

  /** The files the engine writes for this container; with a read-only root they are so too. */
  static List<Spec.Mount> files(RunOptions options, HostFacts host, Causes.Collector why) {
    List<String> bind =
        options.readOnly() ? List.of("rbind", "ro", "rprivate") : List.of("rbind", "rprivate");
    List<Spec.Mount> out =
        List.of(
            new Spec.Mount("/etc/resolv.conf", "bind", host.resolvConfFile(), bind),
            new Spec.Mount("/etc/hostname", "bind", host.hostnameFile(), bind),
            new Spec.Mount("/etc/hosts", "bind", host.hostsFile(), bind));
    for (Spec.Mount mount : out) {
      why.put(
          "mount:" + mount.destination(),
          options.network() instanceof NetworkMode.OfContainer other
              ? "--network=" + other.text() + ": that container's"
              : "default: written for this container");
    }
    return out;
  }
}
