package dev.mydocker.engine;

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
  private static final String STARTED = "started";

  private final Roots roots;

  ContainerStore(Roots roots) {
    this.roots = roots;
  }

  /** A container's directory, whether it exists or not. */
  Path directory(String id) {
    return roots.containers().resolve(id);
  }

  /**
   * Writes a record; its directory is made when it is missing. That of a container which goes at
   * its end is not synced: a boot would be its end.
   */
  void write(ContainerRecord record) throws IOException {
    StateFile.makeDirectories(directory(record.id()));
    write(record, "record.json", record.toText());
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

  /** When the run began that has no end in the record yet. */
  Optional<Long> begun(String id) throws IOException {
    try {
      String text = Files.readString(directory(id).resolve(STARTED));
      return text.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(text));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (NumberFormatException e) {
      throw new IOException(directory(id).resolve(STARTED) + " is damaged", e);
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
    if (ContainerId.is(reference) && find(reference).isPresent()) {
      return reference;
    }
    Optional<String> owner = isFileName(reference) ? owner(reference) : Optional.empty();
    if (owner.isPresent() && find(owner.get()).isPresent()) {
      return owner.get();
    }
    List<String> found = new ArrayList<>();
    for (String id : reference.isEmpty() ? List.<String>of() : ids()) {
      if (id.startsWith(reference) && find(id).isPresent()) {
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

  private static boolean isFileName(String text) {
    return !text.isEmpty() && !text.startsWith(".") && text.indexOf('/') < 0 && text.length() < 256;
  }

  /**
   * Gives a container another name.
   *
   * @throws ContainerException when the container is gone, or the name is somebody else's
   */
  void rename(String id, String name) throws IOException {
    String before = find(id).orElseThrow(() -> ContainerException.notFound(id)).name();
    String owner = claim(name, id);
    if (!owner.equals(id)) {
      throw taken(name, owner);
    }
    update(id, record -> record.named(name));
    if (!before.equals(name)) {
      release(before, id);
    }
  }

  /** What is said of a name that another container has. */
  static ContainerException taken(String name, String owner) {
    return new ContainerException(
        ContainerException.Kind.STATE,
        "the container name \""
            + name
            + "\" is in use by container "
            + owner.substring(0, 12)
            + ": take another name, or remove that container");
  }

  /** The record of that id; empty when there is none, or one that a power cut has emptied. */
  Optional<ContainerRecord> find(String id) throws IOException {
    try {
      byte[] text = Files.readAllBytes(directory(id).resolve("record.json"));
      return text.length == 0 ? Optional.empty() : Optional.of(ContainerRecord.parse(text));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
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
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    byte[] temporary = ".name.new".getBytes(StandardCharsets.UTF_8);
    try (Directory names = Directory.open(roots.names());
        Fd guard = names.lock()) {
      Optional<String> owner = owner(name);
      if (owner.isPresent() && exists(owner.get())) {
        return owner.get();
      }
      try (Directory own = Directory.open(directory(id))) {
        try (Fd file = own.create(temporary)) {
          file.output().write(id.getBytes(StandardCharsets.UTF_8));
        }
        // Takes over a name whose container is gone.
        own.rename(temporary, names, bytes, 0);
      }
      return id;
    }
  }

  private Optional<String> owner(String name) throws IOException {
    try {
      return Optional.of(Files.readString(roots.names().resolve(name)).strip());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private boolean exists(String id) {
    return ContainerId.is(id)
        && (Files.exists(directory(id)) || Files.exists(roots.running().resolve(id)));
  }

  /** Removes a container's name, record and writable layer. An absent container is success. */
  void delete(String id) throws IOException {
    if (Files.isDirectory(roots.names())) {
      releaseNames(id);
    }
    if (Files.isDirectory(roots.containers())) {
      try (Directory all = Directory.open(roots.containers())) {
        all.removeTree(id.getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  private void releaseNames(String id) throws IOException {
    Optional<ContainerRecord> record = find(id);
    if (record.isEmpty()) {
      return;
    }
    release(record.get().name(), id);
  }

  private void release(String name, String id) throws IOException {
    try (Directory names = Directory.open(roots.names());
        Fd guard = names.lock()) {
      if (owner(name).equals(Optional.of(id))) {
        names.unlink(name.getBytes(StandardCharsets.UTF_8));
      }
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
