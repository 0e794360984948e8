package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
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

  /** A container's cgroup, whether it exists or not. */
  Cgroup cgroup(String id) {
    return cgroups.at(Leftovers.cgroupPath(id));
  }
}
