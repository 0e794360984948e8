package dev.mydocker.network;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is on the disk of networks: which there are ({@code ROOT/networks}), and what of them is on
 * this host now ({@code RUN/networks}). Whoever changes either holds the lock of the latter.
 */
final class NetFiles {

  /**
   * What is on this host.
   *
   * @param endpoints who has what; written before anything is made, and after it is removed
   * @param generation of the kernel's tables when our rules were written; 0 when it is not known
   */
  record State(List<Endpoint> endpoints, long generation) {
    State {
      endpoints = List.copyOf(endpoints);
    }
  }

  private final Path networks;
  private final Path run;

  NetFiles(Path networks, Path run) {
    this.networks = networks;
    this.run = run;
  }

  Fd lock() throws IOException {
    makeDirectory(run);
    try (Directory directory = Directory.open(run)) {
      return directory.lock();
    }
  }

  private static void makeDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /** Every network that was written down. */
  List<Network> networks() throws IOException {
    List<Network> out = new ArrayList<>();
    Path file = networks.resolve("networks.json");
    Optional<Json.Obj> json = read(file);
    if (json.isPresent()) {
      try {
        for (Json one : json.get().array("networks")) {
          if (one instanceof Json.Obj network) {
            out.add(Network.parse(network));
          }
        }
      } catch (JsonException e) {
        throw damaged(file, e);
      }
    }
    return out;
  }

  void write(List<Network> all) throws IOException {
    makeDirectory(networks);
    List<Json> out = new ArrayList<>();
    for (Network network : all) {
      out.add(network.toJson());
    }
    Json.Obj json = Json.object().put("networks", new Json.Arr(out)).build();
    write(networks.resolve("networks.json"), json.toText() + "\n", true);
  }

  /** Empty before the first use since the host has started. */
  Optional<State> state() throws IOException {
    Path file = run.resolve("state.json");
    Optional<Json.Obj> json = read(file);
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      List<Endpoint> endpoints = new ArrayList<>();
      for (Json one : json.get().array("endpoints")) {
        if (one instanceof Json.Obj endpoint) {
          endpoints.add(Endpoint.parse(endpoint));
        }
      }
      return Optional.of(new State(endpoints, json.get().integer("generation").orElse(0L)));
    } catch (JsonException e) {
      throw damaged(file, e);
    }
  }

  /** Not synced: after a power cut there is nothing on the host. */
  void write(State state) throws IOException {
    List<Json> out = new ArrayList<>();
    for (Endpoint endpoint : state.endpoints()) {
      out.add(endpoint.toJson());
    }
    Json.Obj json =
        Json.object()
            .put("generation", state.generation())
            .put("endpoints", new Json.Arr(out))
            .build();
    write(run.resolve("state.json"), json.toText() + "\n", false);
  }

  /** The rules as they were written last; empty when there are none. */
  String rules() throws IOException {
    try {
      return Files.readString(run.resolve("rules.nft"));
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  void writeRules(String rules) throws IOException {
    if (rules.isEmpty()) {
      Files.deleteIfExists(run.resolve("rules.nft"));
    } else {
      write(run.resolve("rules.nft"), rules, false);
    }
  }

  private static Optional<Json.Obj> read(Path file) throws IOException {
    try {
      return Optional.of(Json.parseObject(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonException e) {
      throw damaged(file, e);
    }
  }

  private static IOException damaged(Path file, JsonException e) {
    return new IOException(file + " is damaged: " + e.getMessage(), e);
  }

  /** What the monitors of containers read about a network; removed when it is empty. */
  void writeNames(String network, String names) throws IOException {
    writeOrRemove(run.resolve("names." + network), names);
  }

  /** What a container's monitor reads about its networks; one that is gone has none. */
  void writeMembership(String container, String networks) throws IOException {
    Path own = run.resolveSibling("containers").resolve(container);
    if (Files.isDirectory(own)) {
      writeOrRemove(own.resolve("networks"), networks);
    }
  }

  private static void writeOrRemove(Path file, String content) throws IOException {
    if (content.isEmpty()) {
      Files.deleteIfExists(file);
    } else {
      write(file, content, false);
    }
  }

  private static void write(Path file, String content, boolean sync) throws IOException {
    byte[] name = bytes(file);
    byte[] temporary = bytes(file.resolveSibling("." + file.getFileName() + ".new"));
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_TRUNC | Linux.O_NOFOLLOW;
    int opened = Linux.openat2(Linux.AT_FDCWD, temporary, flags, 0600, 0);
    try (Fd fd = Fd.of(opened, "openat2", file.toString())) {
      fd.output().write(content.getBytes(StandardCharsets.UTF_8));
      if (sync) {
        KernelException.check(Linux.fsync(fd.number()), "fsync", file.toString());
      }
    }
    int renamed = Linux.renameat2(Linux.AT_FDCWD, temporary, Linux.AT_FDCWD, name, 0);
    KernelException.check(renamed, "renameat2", file.toString());
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }
}
