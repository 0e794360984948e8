package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image's configuration, from the OCI image-spec's config.md (Docker's form is the same). What
 * the document leaves out is empty.
 *
 * @param platform what the image runs on
 * @param user {@code user[:group]}, names or numbers, or empty
 * @param env {@code NAME=value} in order
 * @param entrypoint the command's fixed part
 * @param cmd the command's default arguments
 * @param workingDir an absolute path, or empty
 * @param exposedPorts {@code 80/tcp}
 * @param volumes absolute paths
 * @param labels by name
 * @param stopSignal a signal's name or number
 * @param healthcheck as it is in the document
 * @param shell what runs a command that is a text
 * @param diffIds the digests of the uncompressed layers, the lowest first
 * @param created RFC 3339
 * @param history as it is in the document
 */
public record ImageConfig(
    Platform platform,
    String user,
    List<String> env,
    List<String> entrypoint,
    List<String> cmd,
    String workingDir,
    List<String> exposedPorts,
    List<String> volumes,
    Map<String, String> labels,
    Optional<String> stopSignal,
    Optional<Json.Obj> healthcheck,
    List<String> shell,
    List<Digest> diffIds,
    Optional<String> created,
    List<Json> history) {

  /** The configuration of an image that has none beyond its platform and layers. */
  public static ImageConfig of(Platform platform, List<Digest> diffIds) {
    return new ImageConfig(
        platform,
        "",
        List.of(),
        List.of(),
        List.of(),
        "",
        List.of(),
        List.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        diffIds,
        Optional.empty(),
        List.of());
  }

  /**
   * Reads the document.
   *
   * @param bytes UTF-8 JSON, bounded by the caller
   * @throws ImageException NOT_AN_IMAGE when it is not an image's configuration
   */
  public static ImageConfig parse(byte[] bytes) throws ImageException {
    return Document.read("image configuration", () -> read(Json.parseObject(bytes)));
  }

  private static ImageConfig read(Json.Obj root) throws java.io.IOException {
    Document.refuseCaseVariants(root, List.of("architecture", "os", "config", "rootfs"));
    Json.Obj config = root.object("config").orElse(Json.object().build());
    return new ImageConfig(
        new Platform(
            Document.required(root, "os"),
            Document.required(root, "architecture"),
            root.string("variant").orElse("")),
        config.string("User").orElse(""),
        config.strings("Env"),
        config.strings("Entrypoint"),
        config.strings("Cmd"),
        config.string("WorkingDir").orElse(""),
        keys(config, "ExposedPorts"),
        keys(config, "Volumes"),
        config.stringMap("Labels"),
        config.string("StopSignal").filter(s -> !s.isEmpty()),
        config.object("Healthcheck"),
        config.strings("Shell"),
        diffIds(root),
        root.string("created"),
        root.array("history"));
  }

  private static List<Digest> diffIds(Json.Obj root) throws java.io.IOException {
    Json.Obj rootfs =
        root.object("rootfs").orElseThrow(() -> Document.wrong("it has no \"rootfs\""));
    if (!Document.required(rootfs, "type").equals("layers")) {
      throw Document.wrong("its \"rootfs\" is not of type \"layers\"");
    }
    List<Digest> out = new ArrayList<>();
    for (String text : rootfs.strings("diff_ids")) {
      Digest digest = Digest.parse(text);
      if (!digest.algorithm().equals("sha256")) {
        throw new ImageException(
            ImageException.Kind.UNSUPPORTED, "a layer's diff id is not sha256: " + digest);
      }
      out.add(digest);
    }
    if (out.size() > Manifest.MAX_LAYERS) {
      throw Document.wrong("it has more than " + Manifest.MAX_LAYERS + " layers");
    }
    return List.copyOf(out);
  }

  private static List<String> keys(Json.Obj config, String name) throws java.io.IOException {
    Optional<Json.Obj> set = config.object(name);
    return set.isEmpty() ? List.of() : List.copyOf(set.get().members().keySet());
  }
}
