package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One mount of the user's as the specification writes it. */
final class UserMount {
  /** Files of /proc that are replaced to tell a container of its limits, by lxcfs for example. */
  private static final Set<String> PROC_FILES =
      Set.of(
          "/proc/cpuinfo",
          "/proc/diskstats",
          "/proc/loadavg",
          "/proc/meminfo",
          "/proc/net/dev",
          "/proc/slabinfo",
          "/proc/stat",
          "/proc/swaps",
          "/proc/uptime");

  /** The runtime-spec's word for: ids of the files are those of the container's user namespace. */
  private static final String IDMAP = "idmap";

  /** Words that say what a mount is anyway, and that fsconfig(2) does not know. */
  private static final Set<String> NOTHING = Set.of("norelatime", "nostrictatime");

  private UserMount() {}

  /**
   * The mount.
   *
   * @throws OptionException when it would cover /proc, reach out to the host, or needs a newer
   *     kernel
   */
  static Spec.Mount of(MountOption option, HostFacts host, Causes.Collector why)
      throws OptionException {
    refuseOverProc(option);
    if (option instanceof MountOption.Bind bind) {
      return bind(bind, host, why);
    }
    if (option instanceof MountOption.Volume volume) {
      return volume(volume, host, why);
    }
    return tmpfs((MountOption.Tmpfs) option, why);
  }

  /** Who could forge /proc could mislead what is written there before the command runs. */
  private static void refuseOverProc(MountOption option) throws OptionException {
    String target = option.target();
    boolean hosts = option instanceof MountOption.Bind bind && bind.source().equals("/proc");
    if (target.equals("/proc") && !hosts) {
      throw new OptionException("\"/proc\" cannot be mounted: its source is not the host's /proc");
    }
    if (target.startsWith("/proc/") && !PROC_FILES.contains(target)) {
      throw new OptionException(
          OptionException.quote(target) + " cannot be mounted because it is inside /proc");
    }
  }

  private static Spec.Mount bind(MountOption.Bind bind, HostFacts host, Causes.Collector why)
      throws OptionException {
    String word = bind.propagation();
    if (word.endsWith("shared")) {
      throw new OptionException(
          "propagation "
              + word
              + " of "
              + OptionException.quote(bind.target())
              + " is not supported: what a container mounts never reaches the host, use rslave");
    }
    if (bind.recursion() == MountOption.Recursion.READONLY && !host.recursiveReadOnly()) {
      throw new OptionException("bind-recursive=readonly needs Linux 5.12, for mount_setattr");
    }
    List<String> options = new ArrayList<>();
    options.add(bind.recursion() == MountOption.Recursion.DISABLED ? "bind" : "rbind");
    if (bind.readOnly()) {
      word = readOnly(bind, host, options);
    }
    options.add(word);
    if (bind.idmap()) {
      if (host.rootless().isPresent()) {
        throw new OptionException(
            "idmap of "
                + OptionException.quote(bind.target())
                + " needs root, as the file system is the host's: in a container of"
                + " --userns=keep-id your files are yours as they are");
      }
      if (host.users().isEmpty()) {
        throw new OptionException(
            "idmap of "
                + OptionException.quote(bind.target())
                + " is for a container with a user namespace of its own: add --userns=auto");
      }
      options.add(IDMAP);
    }
    why.put("mount:" + bind.target(), cause(bind));
    return new Spec.Mount(bind.target(), "bind", bind.source(), options);
  }

  /**
   * Adds the words for read-only. The launch takes how far it goes from the propagation's {@code
   * r}, other runtimes from {@code rro}; both are given what they read.
   *
   * @return the propagation
   */
  private static String readOnly(MountOption.Bind bind, HostFacts host, List<String> options) {
    String one =
        bind.propagation().startsWith("r") ? bind.propagation().substring(1) : bind.propagation();
    options.add("ro");
    return switch (bind.recursion()) {
      case WRITABLE -> one;
      case DISABLED -> bind.propagation();
      case ENABLED, READONLY -> {
        if (host.recursiveReadOnly()) {
          options.add("rro");
        }
        yield "r" + one;
      }
    };
  }

  private static String cause(MountOption.Bind bind) {
    return bind.createSource()
        ? "--volume=" + bind.source() + ":" + bind.target() + (bind.readOnly() ? ":ro" : "")
        : "--mount=type=bind,source="
            + bind.source()
            + ",target="
            + bind.target()
            + (bind.readOnly() ? ",readonly" : "");
  }

  /** Device nodes in a volume are of no use: who can make one there may not be its only user. */
  private static Spec.Mount volume(
      MountOption.Volume volume, HostFacts host, Causes.Collector why) {
    String content = Optional.ofNullable(host.volumes().get(volume.name())).orElseThrow();
    String subpath = volume.subpath().isEmpty() ? "" : "/" + volume.subpath();
    List<String> options = new ArrayList<>(List.of("rbind", "nodev"));
    if (volume.readOnly()) {
      options.add("ro");
    }
    options.add("rprivate");
    if (host.users().isPresent() && host.rootless().isEmpty()) {
      // Every container of a volume means the same ids, whichever range of the host it has.
      options.add(IDMAP);
    }
    why.put("mount:" + volume.target(), cause(volume));
    return new Spec.Mount(volume.target(), "bind", content + subpath, options);
  }

  private static String cause(MountOption.Volume volume) {
    String named = volume.anonymous() ? "" : volume.name() + ":";
    String readOnly = volume.readOnly() ? ":ro" : "";
    return switch (volume.origin()) {
      case VOLUME_FLAG -> "--volume=" + named + volume.target() + readOnly;
      case MOUNT_FLAG ->
          "--mount=type=volume"
              + (volume.anonymous() ? "" : ",source=" + volume.name())
              + ",target="
              + volume.target()
              + (volume.subpath().isEmpty() ? "" : ",volume-subpath=" + volume.subpath())
              + (volume.readOnly() ? ",readonly" : "");
      case OTHER_CONTAINER -> "--volumes-from";
      case IMAGE -> "image: Volumes";
    };
  }

  private static Spec.Mount tmpfs(MountOption.Tmpfs tmpfs, Causes.Collector why) {
    List<String> options = new ArrayList<>(tmpfs.options());
    options.removeAll(NOTHING);
    tmpfs.size().ifPresent(size -> options.add("size=" + size));
    tmpfs.mode().ifPresent(mode -> options.add("mode=" + Integer.toOctalString(mode)));
    why.put("mount:" + tmpfs.target(), "--tmpfs=" + tmpfs.target());
    return new Spec.Mount(tmpfs.target(), "tmpfs", "tmpfs", options);
  }
}
