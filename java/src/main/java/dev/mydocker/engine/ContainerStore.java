package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The containers' records, names and writable layers, below {@code ROOT/containers}. */
final class ContainerStore {
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

  /** Writes a container's configuration; its record is there. */
  void writeConfig(ContainerRecord record, String config) throws IOException {
    write(record, "config.json", config);
  }

  /** A container's configuration. */
  Spec config(String id) throws IOException {
    Path file = directory(id).resolve("config.json");
    try {
      return Spec.fromJson(Json.parseObject(Files.readAllBytes(file)));
    } catch (JsonException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  private void write(ContainerRecord record, String file, String content) throws IOException {
    StateFile.write(directory(record.id()).resolve(file), content, !record.remove());
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
    try (Directory names = Directory.open(roots.names());
        Fd guard = names.lock()) {
      if (owner(record.get().name()).equals(Optional.of(id))) {
        names.unlink(record.get().name().getBytes(StandardCharsets.UTF_8));
      }
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}
