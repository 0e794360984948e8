package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An OCI image layout in the making; every part of it can be made wrong. */
final class TestImage extends TestLayout {
  private final List<Json> layers = new ArrayList<>();
  private final List<String> diffIds = new ArrayList<>();
  private Optional<Digest> manifest = Optional.empty();

  TestImage(Path directory) throws IOException {
    super(directory);
  }

  TestImage layer(byte[] tar) throws IOException {
    return layer(GzipInputTest.gzip(tar), MediaType.OCI_LAYER + "+gzip", Digest.of(tar));
  }

  TestImage layer(byte[] blob, String type, Digest diffId) throws IOException {
    layers.add(blob(blob, type).toJson());
    diffIds.add(diffId.toString());
    return this;
  }

  /** Adds a member to the descriptor of the layer that was added last. */
  TestImage describe(String name, Json value) {
    int last = layers.size() - 1;
    Map<String, Json> members = new LinkedHashMap<>(((Json.Obj) layers.get(last)).members());
    members.put(name, value);
    layers.set(last, new Json.Obj(members));
    return this;
  }

  /** Names the image so far. */
  TestImage tag(String tag) throws IOException {
    Json.Obj config =
        Json.object()
            .put("architecture", Platform.host().architecture())
            .put("os", "linux")
            .put("config", Json.object().build())
            .put(
                "rootfs",
                Json.object().put("type", "layers").putStrings("diff_ids", diffIds).build())
            .build();
    return tag(tag, config.toBytes());
  }

  TestImage tag(String tag, byte[] config) throws IOException {
    Json.Obj manifest =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_MANIFEST)
            .put("config", blob(config, MediaType.OCI_CONFIG).toJson())
            .put("layers", new Json.Arr(layers))
            .build();
    Descriptor descriptor = blob(manifest.toBytes(), MediaType.OCI_MANIFEST);
    this.manifest = Optional.of(descriptor.digest());
    name(descriptor, tag);
    return this;
  }

  /** Answers as a registry that has the image under every name. */
  void serve(RegistryStub.Request request, OutputStream out) throws IOException {
    boolean blob = request.target().contains("/blobs/");
    String name = request.target().substring(request.target().lastIndexOf('/') + 1);
    Path file = path(blob ? Digest.parse(name) : manifest.orElseThrow());
    String type = "Content-Type: " + (blob ? "application/octet-stream" : MediaType.OCI_MANIFEST);
    if (Files.exists(file)) {
      RegistryStub.reply(out, 200, Files.readAllBytes(file), type);
    } else {
      RegistryStub.reply(out, 404, "");
    }
  }

  /** The digest of a layer's blob. */
  Digest layerDigest(int index) throws IOException {
    return Descriptor.read(layers.get(index)).digest();
  }

  Digest diffId(int index) throws IOException {
    return Digest.parse(diffIds.get(index));
  }
}
