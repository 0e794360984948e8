package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.network.Network;
import dev.mydocker.network.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

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

  /** Tells what happens to a network now. */
  void tellNetwork(String action, Network network, Map<String, String> more) {
    Map<String, String> attributes = new TreeMap<>(more);
    attributes.put("name", network.name());
    attributes.put("type", network.driver());
    events.write("network", action, network.id(), attributes);
  }

  /** Whether something of a network may be on this host. */
  boolean hasNetworks() {
    return Files.exists(roots.connected());
  }

  /**
   * The cgroups into which a process of this one can go: an ordinary user's is let into those below
   * a delegated one when it is there itself.
   */
  CgroupHost enterable() throws IOException {
    if (cgroups.delegation().isEmpty()) {
      return cgroups;
    }
    return CgroupHost.detect().delegation().equals(cgroups.delegation())
        ? cgroups
        : cgroups.withoutAny();
  }

  /** A container's cgroup, whether it exists or not. */
  Cgroup cgroup(String id) {
    return cgroups.at(Leftovers.cgroupPath(id));
  }
}
