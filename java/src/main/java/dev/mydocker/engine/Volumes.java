package dev.mydocker.engine;

import dev.mydocker.image.TreeSize;
import dev.mydocker.kernel.Directory;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.VolumeName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The volumes of one state root; safe for several threads, and processes, at once.
 *
 * <p>A volume is in use while a container's record names it, whether the container runs or not. Who
 * makes a container holds its volumes until that record is written, and who removes a volume looks
 * at the records while it holds the volume.
 */
public final class Volumes {
  private final Path all;
  private final ContainerStore containers;
  private final EventLog events;

  Volumes(Roots roots, ContainerStore containers, EventLog events) {
    this.all = roots.volumes();
    this.containers = containers;
    this.events = events;
  }

  /** Writes the record of one that is made: from now on it exists. */
  void record(VolumeHold hold, Volume volume) throws IOException {
    hold.record(volume);
    tell("create", hold.name());
  }

  private void tell(String action, String name) {
    events.write("volume", action, name, Map.of("driver", Volume.DRIVER));
  }

  /**
   * Makes a volume; one that is there already is success.
   *
   * @param name empty for one without a name of its own, which gets 64 hexadecimal digits
   * @param options empty, or {@code type=none}, {@code o=bind} and {@code device}, a directory of
   *     this host that is to be its content
   * @throws OptionException when the name or an option is none
   * @throws VolumeException when there is one of that name with other options, or a damaged one
   */
  public Volume create(
      Optional<String> name, Map<String, String> labels, Map<String, String> options)
      throws IOException, OptionException {
    VolumeOptions.require(options);
    Map<String, String> given = new LinkedHashMap<>(labels);
    if (name.isPresent()) {
      VolumeName.require(name.get());
    } else {
      given.put(Volume.ANONYMOUS, "");
    }
    try (VolumeHold hold = VolumeHold.make(all, name.orElseGet(ContainerId::random))) {
      Optional<Volume> there = hold.read();
      if (there.isPresent()) {
        requireSame(there.get(), options);
        return there.get();
      }
      Volume volume = hold.describe(given, options);
      hold.makeContent();
      record(hold, volume);
      return volume;
    }
  }

  private static void requireSame(Volume there, Map<String, String> options)
      throws VolumeException {
    if (there.damage().isPresent()) {
      throw VolumeException.damaged(there);
    }
    if (!options.isEmpty() && !options.equals(there.options())) {
      throw new VolumeException(
          VolumeException.Kind.CONFLICT,
          "a volume named "
              + there.name()
              + " with other options is there already: take another name, or remove it");
    }
  }

  /** Every volume, by name; damaged ones are among them. */
  public List<Volume> list() throws IOException {
    List<Volume> volumes = new ArrayList<>();
    for (String name : names()) {
      VolumeHold.read(all, name).ifPresent(volumes::add);
    }
    return volumes;
  }

  /** The directories, of what is no volume yet or any more too. */
  private List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(all)) {
      try (Directory directory = Directory.open(all)) {
        for (Directory.Entry entry : directory.list()) {
          names.add(new String(entry.name(), StandardCharsets.ISO_8859_1));
        }
      }
    }
    names.removeIf(name -> !VolumeName.is(name));
    names.sort(null);
    return names;
  }

  /**
   * A volume.
   *
   * @throws VolumeException when there is none of that name
   */
  public Volume find(String name) throws IOException {
    Optional<Volume> found = VolumeName.is(name) ? VolumeHold.read(all, name) : Optional.empty();
    return found.orElseThrow(() -> VolumeException.notFound(name));
  }

  /** The ids of the containers that have a volume, by its name; of those that can be told. */
  public Map<String, List<String>> users() throws IOException {
    Map<String, List<String>> users = new TreeMap<>();
    for (String id : containers.ids()) {
      try {
        for (String name : used(id)) {
          users.computeIfAbsent(name, n -> new ArrayList<>()).add(id);
        }
      } catch (ContainerException damaged) {
        continue;
      }
    }
    return users;
  }

  private List<String> used(String id) throws IOException {
    return containers
        .find(id)
        .map(record -> namesOf(record.settings().volumes()))
        .orElse(List.of());
  }

  private static List<String> namesOf(List<MountOption.Volume> volumes) {
    return volumes.stream().map(MountOption.Volume::name).distinct().toList();
  }

  /**
   * What a volume takes of the disk.
   *
   * @param links how many containers have it
   * @param bytes of the files in it; 0 when it is a directory of the host
   */
  public record Usage(Volume volume, int links, long bytes) {}

  /** What every volume takes of the disk, by name. */
  public List<Usage> usage() throws IOException {
    List<Usage> usage = new ArrayList<>();
    Map<String, List<String>> users = users();
    for (Volume volume : list()) {
      int links = users.getOrDefault(volume.name(), List.of()).size();
      usage.add(new Usage(volume, links, size(volume)));
    }
    return usage;
  }

  private static long size(Volume volume) throws IOException {
    return volume.bound() ? 0 : TreeSize.at(volume.content());
  }

  /**
   * Removes a volume and its content.
   *
   * @throws VolumeException when there is none of that name, or a container has it
   */
  public void remove(String name) throws IOException {
    if (!remove(name, "")) {
      throw VolumeException.notFound(name);
    }
  }

  /**
   * The same.
   *
   * @param leaving a container that has it and does not count
   * @return false when there was none
   */
  private boolean remove(String name, String leaving) throws IOException {
    Optional<VolumeHold> found =
        VolumeName.is(name) ? VolumeHold.find(all, name) : Optional.empty();
    return found.isPresent() && remove(found.get(), leaving);
  }

  private boolean remove(VolumeHold held, String leaving) throws IOException {
    try (held) {
      requireUnused(held.name(), leaving);
      boolean there = held.read().isPresent();
      held.remove();
      if (there) {
        tell("destroy", held.name());
      }
      return there;
    }
  }

  /** Whether no container has it, and none may have it. */
  boolean isUnused(String name) throws IOException {
    try {
      requireUnused(name, "");
      return true;
    } catch (VolumeException used) {
      return false;
    }
  }

  private void requireUnused(String name, String leaving) throws IOException {
    List<String> users = new ArrayList<>();
    for (String id : containers.ids()) {
      try {
        if (!id.equals(leaving) && used(id).contains(name)) {
          users.add(id);
        }
      } catch (ContainerException damaged) {
        throw new VolumeException(
            VolumeException.Kind.IN_USE,
            "cannot tell whether volume "
                + name
                + " is in use, so it is not removed: "
                + damaged.getMessage());
      }
    }
    if (!users.isEmpty()) {
      throw new VolumeException(
          VolumeException.Kind.IN_USE,
          "remove " + name + ": volume is in use - [" + String.join(", ", users) + "]");
    }
  }

  /**
   * What a pruning has removed.
   *
   * @param names of the volumes
   * @param bytes of the files in them
   * @param failures a line for each that could not be removed
   */
  public record Pruned(List<String> names, long bytes, List<String> failures) {
    public Pruned {
      names = List.copyOf(names);
      failures = List.copyOf(failures);
    }
  }

  /**
   * Removes volumes that no container has.
   *
   * @param every those with a name of their own as well
   * @param which of them
   */
  public Pruned prune(boolean every, Predicate<Volume> which) throws IOException {
    sweep();
    List<String> names = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    long bytes = 0;
    Map<String, List<String>> users = users();
    for (Volume volume : list()) {
      boolean meant = (every || volume.anonymous()) && !users.containsKey(volume.name());
      if (meant && which.test(volume)) {
        try {
          long size = size(volume);
          if (removeUnlessUsed(volume.name(), "")) {
            names.add(volume.name());
            bytes += size;
          }
        } catch (IOException stuck) {
          failures.add(stuck.getMessage());
        }
      }
    }
    events.write("volume", "prune", "", Map.of("reclaimed", Long.toString(bytes)));
    return new Pruned(names, bytes, failures);
  }

  private boolean removeUnlessUsed(String name, String leaving) throws IOException {
    try {
      return remove(name, leaving);
    } catch (VolumeException used) {
      return false;
    }
  }

  /** Removes what the making and the removal of volumes have left that were killed. */
  void sweep() throws IOException {
    for (String name : names()) {
      if (VolumeHold.read(all, name).isEmpty()) {
        Optional<VolumeHold> left = VolumeHold.tryFind(all, name);
        if (left.isPresent()) {
          try (VolumeHold hold = left.get()) {
            if (hold.read().isEmpty() && isUnused(name)) {
              hold.remove();
            }
          }
        }
      }
    }
  }

  /** Removes the volumes without a name that only this container has, which is about to go. */
  void removeAnonymous(ContainerRecord leaving) throws IOException {
    for (MountOption.Volume volume : leaving.settings().volumes()) {
      if (volume.anonymous()) {
        removeUnlessUsed(volume.name(), leaving.id());
      }
    }
  }

  /** Writes the records of a container's volumes that are missing since its maker was killed. */
  void complete(ContainerRecord container) throws IOException {
    for (MountOption.Volume volume : container.settings().volumes()) {
      if (VolumeHold.read(all, volume.name()).isEmpty()) {
        try (VolumeHold hold = VolumeHold.make(all, volume.name())) {
          if (hold.read().isEmpty()) {
            if (!Files.isDirectory(VolumeHold.content(all, volume.name()))) {
              hold.makeContent();
            }
            record(hold, hold.describe(volume.anonymous()));
          }
        }
      }
    }
  }

  /** Holds the volumes that a container shall have; those that are not there are made. */
  VolumeClaim claim(List<MountOption.Volume> volumes) throws IOException {
    return VolumeClaim.of(this, all, volumes);
  }

  /** Where the content of these volumes is, or will be, by their names. */
  Map<String, String> places(List<MountOption.Volume> volumes) throws IOException {
    Map<String, String> places = new TreeMap<>();
    for (String name : namesOf(volumes)) {
      Path own = VolumeHold.content(all, name);
      places.put(name, VolumeHold.read(all, name).map(Volume::content).orElse(own).toString());
    }
    return places;
  }
}
