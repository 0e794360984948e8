package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A container's configuration on the disk: {@code config.json}, and the reasons for it beside. */
final class StoredSpec {
  private static final String CONFIG = "config.json";
  private static final String CAUSES = "causes.json";

  private StoredSpec() {}

  static void write(ContainerStore store, ContainerRecord record, CompiledSpec compiled)
      throws IOException {
    store.write(record, CONFIG, compiled.spec().toJson().toText() + "\n");
    Json.Obj causes = Json.object().putStrings("causes", compiled.causes().texts()).build();
    store.write(record, CAUSES, causes.toText() + "\n");
  }

  /**
   * What is mounted of this host's files; those of the engine's own do not count, which are in the
   * container's run directory, or in that of the container whose network it shares.
   *
   * @param run the container's run directory
   */
  static List<Spec.Mount> hostMounts(Spec spec, Path run) {
    return spec.mounts().stream()
        .filter(mount -> mount.source().startsWith("/"))
        .filter(mount -> !Path.of(mount.source()).startsWith(run.getParent()))
        .toList();
  }

  /**
   * Those of {@link #hostMounts} that a user or an image asked for: with --ipc host the host's own
   * are mounted too.
   */
  static List<Spec.Mount> askedMounts(CompiledSpec compiled, Path run) {
    return hostMounts(compiled.spec(), run).stream()
        .filter(mount -> !compiled.causes().of("mount:" + mount.destination()).startsWith("--ipc"))
        .toList();
  }

  /**
   * Reads it back.
   *
   * @throws ContainerException when the container is gone, or damaged
   */
  static CompiledSpec read(ContainerStore store, String id) throws IOException {
    if (!Files.exists(store.directory(id))) {
      throw ContainerException.notFound(ContainerId.shown(id));
    }
    byte[] config =
        store
            .read(id, CONFIG)
            .orElseThrow(() -> ContainerException.damaged(id, CONFIG, "is missing"));
    try {
      Optional<byte[]> causes = store.read(id, CAUSES);
      Map<String, String> texts =
          causes.isEmpty() ? Map.of() : Json.parseObject(causes.get()).stringMap("causes");
      return new CompiledSpec(Spec.fromJson(Json.parseObject(config)), new Causes(texts));
    } catch (JsonException e) {
      throw ContainerException.damaged(id, CONFIG, "cannot be read: " + e.getMessage());
    }
  }
}
