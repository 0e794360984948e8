package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.image.Images;
import dev.mydocker.image.Owners;
import dev.mydocker.kernel.UserNamespace;
import dev.mydocker.network.Network;
import dev.mydocker.network.Networks;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.UserMaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where an engine works.
 *
 * @param roots its directories
 * @param store the containers' records
 * @param volumes the volumes
 * @param cgroups the host's hierarchies
 * @param images their images, and the layers of these
 * @param seccomp filters of system calls
 * @param events what has happened
 */
record Home(
    Roots roots,
    ContainerStore store,
    Volumes volumes,
    CgroupHost cgroups,
    Images images,
    SeccompFilters seccomp,
    EventLog events) {

  /**
   * Where a container's layers are unpacked.
   *
   * @param users the ids it has of its own
   */
  Path layers(Optional<UserMaps> users) {
    Optional<Owners> owners = owners(users);
    return owners.isPresent() ? Images.layers(images.layers(), owners.get()) : images.layers();
  }

  /**
   * Whose the files of a container are on the disk, when that is another one than inside: an
   * ordinary user's can be shown by no idmapped mount, so they are written with these owners.
   */
  static Optional<Owners> owners(Optional<UserMaps> users) {
    return users.isEmpty() || UserNamespace.own().initial()
        ? Optional.empty()
        : Optional.of(ContainerFiles.owners(users.get()));
  }

  /** The networks. */
  Networks networks() {
    return new Networks(roots.networks(), roots.connected(), roots.isUsual());
  }

  /** Tells what happens to a network now. */
  void tellNetwork(String action, Network network, Map<String, String> more) {
    events.write("network", action, network.id(), attributes(network, more));
  }

  private static Map<String, String> attributes(Network network, Map<String, String> more) {
    Map<String, String> attributes = new TreeMap<>(more);
    attributes.put("name", network.name());
    attributes.put("type", network.driver());
    return attributes;
  }

  /**
   * What is told of a container's networks, with the time it is now.
   *
   * @param action {@code connect} or {@code disconnect}
   */
  List<Event> ofNetworks(String action, ContainerRecord record) {
    List<Event> out = new ArrayList<>();
    if (record.settings().networks().isEmpty()) {
      return out;
    }
    try {
      List<Network> known = networks().list();
      for (NetworkJoin join : record.settings().networks()) {
        for (Network network : known) {
          if (network.name().equals(join.network())) {
            Map<String, String> more = attributes(network, Map.of("container", record.id()));
            out.add(Event.of("network", action, network.id(), more));
          }
        }
      }
      return out;
    } catch (IOException lost) {
      // As with an event that cannot be written: nothing fails.
      return List.of();
    }
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
