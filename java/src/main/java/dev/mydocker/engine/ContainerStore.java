package dev.mydocker.engine;

import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The containers' records, names and writable layers, below {@code ROOT/containers}. */
final class ContainerStore {
  private static final String RECORD = "record.json";
  private static final String STARTED = "started";

  /** There from the first change of its name on: a kill may have left it two. */
  private static final String RENAMED = "renamed";

  private final Roots roots;

  ContainerStore(Roots roots) {
    this.roots = roots;
  }

  /** A container's directory, whether it exists or not. */
  Path directory(String id) {
    return roots.containers().resolve(id);
  }

  /** Makes a container's directory. */
  void make(String id) throws IOException {
    StateFile.makeDirectories(directory(id));
  }

  /**
   * Writes a record. That of a container which goes at its end is not synced: a boot would be its
   * end.
   */
  void write(ContainerRecord record) throws IOException {
    write(record, RECORD, record.toText());
  }

  /** Writes a file beside the record. */
  void write(ContainerRecord record, String file, String content) throws IOException {
    StateFile.write(directory(record.id()).resolve(file), content, !record.remove());
  }

  /**
   * Changes a record under its own lock.
   *
   * @param change gives the record itself back when there is nothing to change: then nothing is
   *     written
   * @return the record as it is now
   * @throws ContainerException when it is gone
   */
  ContainerRecord update(String id, UnaryOperator<ContainerRecord> change) throws IOException {
    try (Directory own = Directory.open(directory(id));
        Fd guard = own.lock()) {
      ContainerRecord before = find(id).orElseThrow(() -> ContainerException.notFound(id));
      ContainerRecord after = change.apply(before);
      if (after != before) {
        write(after);
      }
      return after;
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        throw ContainerException.notFound(id);
      }
      throw e;
    }
  }

  /** Notes that a run has begun. Not synced: after a power cut it may seem never to have. */
  void begin(String id, long started) throws IOException {
    Files.writeString(directory(id).resolve(STARTED), Long.toString(started));
  }

  /** As if that run had not begun. */
  void forget(String id) throws IOException {
    Files.deleteIfExists(directory(id).resolve(STARTED));
  }

  /** When the run began that has no end in the record yet; about when, if the file is damaged. */
  Optional<Long> begun(String id) throws IOException {
    Path file = directory(id).resolve(STARTED);
    try {
      byte[] text = Files.readAllBytes(file);
      return Optional.of(Long.parseLong(new String(text, StandardCharsets.ISO_8859_1)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.of(Files.getLastModifiedTime(file).toMillis());
    }
  }

  /** Records the end of a run. */
  void end(String id, ContainerRecord.LastRun run) throws IOException {
    update(id, record -> record.ended(run));
    Files.deleteIfExists(directory(id).resolve(STARTED));
  }

  /** A file beside the record; empty when it is not there. */
  Optional<byte[]> read(String id, String file) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(directory(id).resolve(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * The container that is meant.
   *
   * @param reference a name, an id, or the beginning of an id that only one container has
   * @throws ContainerException when there is none, or more than one
   */
  String resolve(String reference) throws IOException {
    if (ContainerId.is(reference) && Files.exists(directory(reference))) {
      return reference;
    }
    Optional<String> owner = ContainerName.is(reference) ? owner(reference) : Optional.empty();
    if (owner.isPresent() && isNamed(owner.get(), reference)) {
      return owner.get();
    }
    List<String> found = new ArrayList<>();
    for (String id : reference.isEmpty() ? List.<String>of() : ids()) {
      if (id.startsWith(reference)) {
        found.add(id);
      }
    }
    if (found.size() > 1) {
      throw new ContainerException(
          ContainerException.Kind.AMBIGUOUS,
          "more than one container has an id that begins with " + reference + ": give more of it");
    }
    if (found.isEmpty()) {
      throw ContainerException.notFound(reference);
    }
    return found.get(0);
  }

  /**
   * Gives a container another name. The record decides: a file among the names that says otherwise
   * is one that a kill has left.
   *
   * @throws ContainerException when the container is gone, or the name is somebody else's
   */
  void rename(String id, String name) throws IOException {
    try (Directory names = Directory.open(roots.names());
        Fd guard = names.lock()) {
      String before = find(id).orElseThrow(() -> ContainerException.notFound(id)).name();
      if (before.equals(name)) {
        return;
      }
      Files.writeString(directory(id).resolve(RENAMED), "");
      String owner = claim(names, name, id);
      if (!owner.equals(id)) {
        throw taken(name, owner);
      }
      String given = before;
      try {
        update(id, record -> record.named(name));
      } catch (IOException e) {
        given = name;
        throw e;
      } finally {
        release(names, given, id);
      }
    }
  }

  /** What is said of a name that another container has. */
  static ContainerException taken(String name, String owner) {
    return new ContainerException(
        ContainerException.Kind.STATE,
        "the container name \""
            + name
            + "\" is in use by container "
            + ContainerId.shown(owner)
            + ": take another name, or remove that container");
  }

  /**
   * The record of that id.
   *
   * @throws ContainerException when there is none, or it is damaged
   */
  ContainerRecord get(String id) throws IOException {
    return find(id).orElseThrow(() -> ContainerException.notFound(ContainerId.shown(id)));
  }

  /**
   * The record of that id; empty when there is none.
   *
   * @throws ContainerException when it is damaged
   */
  Optional<ContainerRecord> find(String id) throws IOException {
    try {
      ContainerRecord record =
          ContainerRecord.parse(Files.readAllBytes(directory(id).resolve(RECORD)));
      if (!record.id().equals(id)) {
        throw new JsonException("it is not that of this container");
      }
      return Optional.of(record);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonException e) {
      throw ContainerException.damaged(id, RECORD, "cannot be read: " + e.getMessage());
    }
  }

  /** Whether there is a directory without a record, and nobody who makes or removes it. */
  boolean hasLostRecord(String id) throws IOException {
    // Both have a run directory, from before the first file until after the last.
    Path run = roots.running().resolve(id);
    return !Files.exists(run)
        && !Files.exists(directory(id).resolve(RECORD))
        && !Files.exists(run)
        && Files.exists(directory(id));
  }

  /** Where all of them are. */
  Path all() {
    return roots.containers();
  }

  /** The ids of all containers that have a directory here. */
  List<String> ids() throws IOException {
    List<String> ids = new ArrayList<>();
    if (!Files.isDirectory(roots.containers())) {
      return ids;
    }
    try (Directory all = Directory.open(roots.containers())) {
      for (Directory.Entry entry : all.list()) {
        String id = new String(entry.name(), StandardCharsets.US_ASCII);
        if (ContainerId.is(id)) {
          ids.add(id);
        }
      }
    }
    return ids;
  }

  /**
   * Gives {@code name} to {@code id}, which has a directory here. The file comes from there, whole,
   * so that a kill leaves nothing among the names.
   *
   * @return the id that has the name; {@code id} itself on success
   */
  String claim(String name, String id) throws IOException {
    StateFile.makeDirectories(roots.names());
    try (Directory names = Directory.open(roots.names());
        Fd guard = names.lock()) {
      return claim(names, name, id);
    }
  }

  private String claim(Directory names, String name, String id) throws IOException {
    Optional<String> owner = owner(name);
    if (owner.isPresent() && (owner.get().equals(id) || isNamed(owner.get(), name))) {
      return owner.get();
    }
    byte[] temporary = bytes(".name.new");
    try (Directory own = Directory.open(directory(id))) {
      own.removeTree(temporary);
      try (Fd file = own.create(temporary)) {
        file.output().write(bytes(id));
      }
      // Takes over a name whose container is gone, or has another.
      own.rename(temporary, names, bytes(name), 0);
    }
    return id;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Optional<String> owner(String name) throws IOException {
    try {
      byte[] id = Files.readAllBytes(roots.names().resolve(name));
      return Optional.of(new String(id, StandardCharsets.ISO_8859_1).strip());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Whether it bears a name that is claimed for it: one without a readable record does. */
  private boolean isNamed(String id, String name) throws IOException {
    if (!ContainerId.is(id)
        || !Files.exists(directory(id)) && !Files.exists(roots.running().resolve(id))) {
      return false;
    }
    try {
      return find(id).map(record -> record.name().equals(name)).orElse(true);
    } catch (ContainerException damaged) {
      return true;
    }
  }

  /**
   * Removes a container's names, record and writable layer, the record first: from then on the next
   * command would finish it. An absent container is success.
   */
  void delete(String id) throws IOException {
    if (!Files.isDirectory(directory(id))) {
      return;
    }
    List<String> names = names(id);
    try (Directory own = Directory.open(directory(id));
        Fd guard = own.lock()) {
      own.removeTree(bytes(RECORD));
    }
    if (Files.isDirectory(roots.names())) {
      try (Directory all = Directory.open(roots.names());
          Fd guard = all.lock()) {
        for (String name : names) {
          release(all, name, id);
        }
      }
    }
    try (Directory all = Directory.open(roots.containers())) {
      all.removeTree(bytes(id));
    }
  }

  /** What is claimed for it among the names; every name is looked at when the record is no help. */
  List<String> names(String id) throws IOException {
    if (!Files.exists(directory(id).resolve(RENAMED))) {
      try {
        Optional<ContainerRecord> record = find(id);
        if (record.isPresent()) {
          return List.of(record.get().name());
        }
      } catch (ContainerException damaged) {
        // All are looked at.
      }
    }
    List<String> found = new ArrayList<>();
    if (Files.isDirectory(roots.names())) {
      try (Directory all = Directory.open(roots.names())) {
        for (Directory.Entry entry : all.list()) {
          String name = new String(entry.name(), StandardCharsets.US_ASCII);
          if (ContainerName.is(name) && owner(name).equals(Optional.of(id))) {
            found.add(name);
          }
        }
      }
    }
    return found;
  }

  private void release(Directory names, String name, String id) throws IOException {
    if (owner(name).equals(Optional.of(id))) {
      names.unlink(bytes(name));
    }
  }
}
