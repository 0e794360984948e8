package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.spec.MountOption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The volumes of a container that is being made, held until the container's record names them.
 * Those that were not there are made, and removed again unless {@link #record} is reached.
 */
final class VolumeClaim implements AutoCloseable {

  /**
   * One of them.
   *
   * @param made whether it was not there
   */
  private record Claimed(VolumeHold hold, Volume volume, boolean made) {}

  private final Volumes volumes;
  private final Map<String, Claimed> claimed = new TreeMap<>();
  private boolean recorded;

  private VolumeClaim(Volumes volumes) {
    this.volumes = volumes;
  }

  /**
   * Waits for whoever makes, fills or removes one of them.
   *
   * @param all the directory of the volumes
   * @throws VolumeException when one is damaged
   */
  static VolumeClaim of(Volumes volumes, Path all, List<MountOption.Volume> wanted)
      throws IOException {
    VolumeClaim claim = new VolumeClaim(volumes);
    try {
      Map<String, Boolean> anonymous = new TreeMap<>();
      for (MountOption.Volume volume : wanted) {
        anonymous.put(volume.name(), volume.anonymous());
      }
      // In the order of their names, so that two who want the same ones do not wait for each other.
      for (Map.Entry<String, Boolean> volume : anonymous.entrySet()) {
        claim.add(VolumeHold.make(all, volume.getKey()), volume.getValue());
      }
      return claim;
    } catch (IOException | RuntimeException e) {
      claim.close(e);
      throw e;
    }
  }

  private void add(VolumeHold hold, boolean anonymous) throws IOException {
    try {
      Optional<Volume> there = hold.read();
      if (there.isPresent() && there.get().damage().isPresent()) {
        throw VolumeException.damaged(there.get());
      }
      Volume volume = there.isPresent() ? there.get() : hold.describe(anonymous);
      claimed.put(hold.name(), new Claimed(hold, volume, there.isEmpty()));
    } catch (IOException | RuntimeException e) {
      hold.close();
      throw e;
    }
    if (claimed.get(hold.name()).made()) {
      hold.makeContent();
    }
  }

  /** Where the content of each is, by name. */
  Map<String, String> places() {
    Map<String, String> places = new TreeMap<>();
    for (Claimed one : claimed.values()) {
      places.put(one.volume().name(), one.volume().content().toString());
    }
    return places;
  }

  /**
   * Copies what the image has at their targets into those that are empty, with the target's own
   * owner and mode.
   *
   * @param layer of the container, which does not run
   */
  void fill(ContainerLayer layer, List<MountOption.Volume> mounts) throws IOException {
    List<MountOption.Volume> wanted = new ArrayList<>();
    for (MountOption.Volume volume : mounts) {
      Claimed one = claimed.get(volume.name());
      if (volume.copy() && volume.subpath().isEmpty() && one.hold().isEmpty(one.volume())) {
        wanted.add(volume);
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    layer.prepare();
    try (Directory root = layer.mount(true)) {
      for (MountOption.Volume volume : wanted) {
        fill(root, volume);
      }
    }
  }

  private void fill(Directory root, MountOption.Volume volume) throws IOException {
    Claimed one = claimed.get(volume.name());
    Optional<Directory> found =
        ContainerFiles.find(root, volume.target(), Directory.Resolve.IN_ROOT);
    if (found.isEmpty() || !one.hold().isEmpty(one.volume())) {
      // An image has nothing there, or another mount of this volume has filled it.
      return;
    }
    try (Directory image = found.get()) {
      one.hold().fill(one.volume(), image);
    } catch (IOException e) {
      emptyAgain(one, e);
      throw e;
    }
  }

  /** So that it is filled the next time; what somebody else may have written stays. */
  private void emptyAgain(Claimed one, IOException failure) {
    try {
      if (!one.volume().bound() && volumes.isUnused(one.volume().name())) {
        one.hold().empty(one.volume());
      }
    } catch (IOException second) {
      failure.addSuppressed(second);
    }
  }

  /** Writes the records of those that were made: they stay. */
  void record() throws IOException {
    for (Claimed one : claimed.values()) {
      if (one.made()) {
        volumes.record(one.hold(), one.volume());
      }
    }
    recorded = true;
  }

  private void close(Exception failure) {
    try {
      close();
    } catch (IOException second) {
      failure.addSuppressed(second);
    }
  }

  @Override
  public void close() throws IOException {
    List<IOException> failures = new ArrayList<>();
    for (Claimed one : claimed.values()) {
      try (VolumeHold hold = one.hold()) {
        if (one.made() && !recorded) {
          hold.remove();
        }
      } catch (IOException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      IOException first = failures.get(0);
      failures.subList(1, failures.size()).forEach(first::addSuppressed);
      throw first;
    }
  }
}
