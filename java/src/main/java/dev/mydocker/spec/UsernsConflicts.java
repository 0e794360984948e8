package dev.mydocker.spec;

import java.util.List;

/** What a container with a user namespace of its own cannot have. */
final class UsernsConflicts {
  private UsernsConflicts() {}

  /**
   * Refuses what cannot be: as Docker does, namespaces of the host, over which its root has no
   * power, and {@code --privileged}; and ids that it does not have. An ordinary user's containers
   * have no power over the host's network either way, so {@code keep-id} may share that.
   *
   * @param maps the ids that it has
   * @throws OptionException a sentence for the user
   */
  static void refuse(RunOptions options, Spec.User user, HostFacts host, UserMaps maps)
      throws OptionException {
    boolean keeps = options.userns() instanceof UsernsMode.KeepId;
    if (!keeps && !host.machine().isFrom(5, 19)) {
      throw new OptionException(
          "--userns needs Linux 5.19, for overlayfs on idmapped layers; this is "
              + host.machine().major()
              + "."
              + host.machine().minor());
    }
    if (options.privileged()) {
      throw new OptionException(
          "privileged mode is incompatible with user namespaces: give --userns=host");
    }
    refuse(options.network() instanceof NetworkMode.Host && !keeps, "network");
    refuse(options.pid() == NamespaceMode.HOST, "PID");
    refuse(options.ipc() == NamespaceMode.HOST, "IPC");
    refuse(options.uts() == NamespaceMode.HOST, "UTS");
    refuse(options.cgroupns() == NamespaceMode.HOST, "cgroup");
    require("user", maps.uids(), 0);
    require("group", maps.gids(), 0);
    require("user", maps.uids(), user.uid());
    require("group", maps.gids(), user.gid());
    for (long gid : user.additionalGids()) {
      require("group", maps.gids(), gid);
    }
  }

  private static void refuse(boolean hosts, String namespace) throws OptionException {
    if (hosts) {
      throw new OptionException(
          "cannot share the host's "
              + namespace
              + " namespace when user namespaces are enabled: give --userns=host");
    }
  }

  private static void require(String what, List<Spec.IdMapping> ids, long id)
      throws OptionException {
    if (UserMaps.host(ids, id).isEmpty()) {
      throw new OptionException(
          what + " " + id + " has no id in the container's user namespace: give it a larger one");
    }
  }
}
