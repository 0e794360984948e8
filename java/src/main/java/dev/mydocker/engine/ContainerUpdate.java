package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupUpdate;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Changes a container's limits and restart policy: on the disk and in its cgroup, or nowhere. */
final class ContainerUpdate {
  private ContainerUpdate() {}

  /**
   * Does it. The container neither starts nor is removed meanwhile, which is for the caller to see
   * to; of several changes at a time each is done whole.
   *
   * @param running whether there is a cgroup to be changed
   * @return the configuration from now on
   */
  static CompiledSpec of(Home home, String id, ContainerChange change, boolean running)
      throws IOException, OptionException {
    try (Directory own = Directory.open(home.store().directory(id));
        Fd guard = own.lock()) {
      ContainerRecord record = home.store().get(id);
      ContainerSettings settings = settings(record, change, running);
      CompiledSpec now = StoredSpec.read(home.store(), id);
      Path run = home.roots().running().resolve(id);
      CompiledSpec wanted =
          now.with(
              change.limits(),
              new HostProbe(home.cgroups(), home.seccomp())
                  .facts(id, run, false, Set.of(), Map.of(), Optional.empty(), Optional.empty()));
      CgroupUpdate cgroup = cgroup(home, id, now.spec(), wanted);
      if (running) {
        cgroup.run();
      }
      try {
        StoredSpec.write(home.store(), record, wanted);
        home.store().write(record.with(settings));
        return wanted;
      } catch (IOException e) {
        cgroup.undo();
        StoredSpec.write(home.store(), record, now);
        throw e;
      }
    }
  }

  private static CgroupUpdate cgroup(Home home, String id, Spec now, CompiledSpec wanted)
      throws IOException {
    return home.cgroups()
        .update(
            Leftovers.cgroupPath(id),
            now.linux().resources(),
            wanted.spec().linux().resources(),
            wanted.causes());
  }

  /** Whether a monitor starts its container again is settled when it is started itself. */
  private static ContainerSettings settings(
      ContainerRecord record, ContainerChange change, boolean running) throws OptionException {
    ContainerSettings now = record.settings();
    Optional<RestartPolicy> wanted = change.restart();
    if (wanted.isEmpty()) {
      return now;
    }
    boolean again = wanted.get().startsAgain();
    if (again && now.remove()) {
      throw new OptionException("--restart: a container that goes at its end (--rm) has no next");
    }
    if (again && running && !now.restart().startsAgain()) {
      throw new OptionException(
          "--restart: container "
              + ContainerId.shown(record.id())
              + " was started without a policy: stop it first, or leave --restart out");
    }
    return now.with(wanted.get());
  }
}
