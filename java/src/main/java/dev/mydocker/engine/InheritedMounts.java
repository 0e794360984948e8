package dev.mydocker.engine;

import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.VolumesFrom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What {@code --volumes-from} takes over: a container's volumes, and what it has of the host. */
final class InheritedMounts {
  private InheritedMounts() {}

  /**
   * The mounts of another container.
   *
   * @throws ContainerException when there is no such container, or it is damaged
   */
  static List<MountOption> of(Home home, VolumesFrom from) throws IOException {
    String id = home.store().resolve(from.container());
    ContainerRecord record =
        home.store().find(id).orElseThrow(() -> ContainerException.notFound(from.container()));
    List<MountOption> mounts = new ArrayList<>();
    Set<String> targets = new HashSet<>();
    for (MountOption.Volume volume : record.settings().volumes()) {
      targets.add(volume.target());
      mounts.add(
          new MountOption.Volume(
              volume.name(),
              volume.target(),
              volume.readOnly() || from.readOnly(),
              volume.subpath(),
              false,
              volume.anonymous(),
              MountOption.Origin.OTHER_CONTAINER));
    }
    CompiledSpec other = StoredSpec.read(home.store(), id);
    for (Spec.Mount mount : StoredSpec.askedMounts(other, home.roots().running().resolve(id))) {
      if (!targets.contains(mount.destination())) {
        mounts.add(bind(mount, from.readOnly()));
      }
    }
    return mounts;
  }

  private static MountOption.Bind bind(Spec.Mount mount, boolean readOnly) {
    List<String> words = mount.options();
    return new MountOption.Bind(
        mount.source(),
        mount.destination(),
        readOnly || words.contains("ro"),
        words.contains("rslave") ? "rslave" : words.contains("slave") ? "slave" : "rprivate",
        words.contains("rbind") ? MountOption.Recursion.ENABLED : MountOption.Recursion.DISABLED,
        false,
        words.contains("idmap"));
  }
}
