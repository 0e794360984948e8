package dev.mydocker.spec;

import java.util.List;

/**
 * What an engine of an ordinary user can give: it is root of a user namespace, and nobody outside.
 *
 * @param ids which ids of the host those of that namespace are; 0 is the user
 * @param groups whether its processes may choose their groups
 * @param cgroups whether a cgroup was delegated to the user (cgroups(7))
 * @param user who that is outside
 */
public record Rootless(UserMaps ids, boolean groups, boolean cgroups, HostUser user) {

  /** Whether the user has no ids but the own one. */
  boolean single() {
    return !groups;
  }

  /**
   * Refuses what it cannot give.
   *
   * @param user whom the container's command runs as
   * @throws OptionException a sentence for the user
   */
  void refuse(RunOptions options, Spec.User user) throws OptionException {
    if (options.userns() instanceof UsernsMode.KeepId) {
      // Then the ids are the container's, see UsernsConflicts.
      user = new Spec.User(0, 0, List.of(), user.umask());
    }
    networks(options);
    if (options.userns() instanceof UsernsMode.Auto
        || options.userns() instanceof UsernsMode.Given
        || options.userns() instanceof UsernsMode.OfContainer) {
      throw new OptionException(
          "--userns="
              + options.userns().text()
              + " needs root: the containers of an ordinary user share a user namespace already;"
              + " keep-id gives one of its own");
    }
    if (options.pid() == NamespaceMode.HOST && !cgroups) {
      throw new OptionException(
          "--pid=host needs a cgroup, by which the engine finds what such a container leaves"
              + " behind, and none is delegated to this user");
    }
    if (!options.devices().rules().isEmpty()) {
      throw new OptionException(
          "--device-cgroup-rule needs root: an ordinary user's containers use the devices that the"
              + " user may use, and no other");
    }
    require("user", ids.uids(), user.uid());
    require("group", ids.gids(), user.gid());
    if (single() && !options.groupAdd().isEmpty()) {
      throw new OptionException(
          "--group-add needs subordinate ids: give the user some in /etc/subuid and /etc/subgid");
    }
    for (long gid : single() ? List.<Long>of() : user.additionalGids()) {
      require("group", ids.gids(), gid);
    }
  }

  /** A user as it can be: who has one id only is in no groups that an image names. */
  Spec.User settle(Spec.User user) {
    return single() ? new Spec.User(user.uid(), user.gid(), List.of(), user.umask()) : user;
  }

  private static void networks(RunOptions options) throws OptionException {
    if (!(options.network() instanceof NetworkMode.Joined joined)) {
      return;
    }
    for (NetworkJoin join : joined.networks()) {
      throw new OptionException(
          "--network="
              + join.network()
              + " needs root, as bridges are the host's: an ordinary user has pasta (the default),"
              + " none and host");
    }
  }

  private void require(String what, List<Spec.IdMapping> maps, long id) throws OptionException {
    if (UserMaps.host(maps, id).isPresent()) {
      return;
    }
    throw new OptionException(
        what
            + " "
            + id
            + " does not exist in this user's namespace: "
            + (single()
                ? "without subordinate ids there is only root; give the user some in /etc/subuid"
                    + " and /etc/subgid"
                : "give the user more ids in /etc/subuid and /etc/subgid"));
  }
}
