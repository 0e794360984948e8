package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.network.Networks;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where an engine works.
 *
 * @param roots its directories
 * @param store the containers' records
 * @param volumes the volumes
 * @param cgroups the host's hierarchies
 * @param layers the directory of the unpacked layers
 * @param seccomp filters of system calls
 * @param events what has happened
 */
record Home(
    Roots roots,
    ContainerStore store,
    Volumes volumes,
    CgroupHost cgroups,
    Path layers,
    SeccompFilters seccomp,
    EventLog events) {

  /** The networks. */
  Networks networks() {
    return new Networks(roots.networks(), roots.connected(), roots.isUsual());
  }

  /** Whether something of a network may be on this host. */
  boolean hasNetworks() {
    return Files.exists(roots.connected());
  }

  /** A container's cgroup, whether it exists or not. */
  Cgroup cgroup(String id) {
    return cgroups.at(Leftovers.cgroupPath(id));
  }
}
