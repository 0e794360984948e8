package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An OCI image layout with an index of several platforms in the making, right or wrong. */
final class TestIndex extends TestLayout {
  static final Platform HOST = Platform.host();
  static final Platform OTHER = new Platform("linux", "riscv64", "");
  static final Platform THIRD = new Platform("linux", "s390x", "");
  private static final Platform UNKNOWN = new Platform("unknown", "unknown", "");

  private final List<Descriptor> manifests = new ArrayList<>();

  TestIndex(Path directory) throws IOException {
    super(directory);
  }

  /** An image of one layer with a file {@code /machine} that says {@code content}. */
  TestIndex image(Platform platform, String content) throws IOException {
    return image(platform, platform, content);
  }

  /** An image whose configuration may say another platform than the index. */
  TestIndex image(Platform listed, Platform own, String content) throws IOException {
    byte[] tar = new RawTar().file("machine", content).end();
    Descriptor layer = blob(GzipInputTest.gzip(tar), MediaType.OCI_LAYER + "+gzip");
    Json.Obj rootfs =
        Json.object()
            .put("type", "layers")
            .putStrings("diff_ids", List.of(Digest.of(tar).toString()))
            .build();
    Json.Obj config =
        Json.object()
            .put("architecture", own.architecture())
            .put("os", own.os())
            .put("rootfs", rootfs)
            .build();
    return manifest(blob(config.toBytes(), MediaType.OCI_CONFIG), layer, listed);
  }

  /** What BuildKit adds for each image: a manifest whose layer is a statement about it. */
  TestIndex attestation(String statement) throws IOException {
    Descriptor layer =
        blob(statement.getBytes(StandardCharsets.UTF_8), "application/vnd.in-toto+json");
    Json.Obj config =
        Json.object()
            .put("architecture", "unknown")
            .put("os", "unknown")
            .put("config", Json.object().build())
            .put(
                "rootfs",
                Json.object()
                    .put("type", "layers")
                    .putStrings("diff_ids", List.of(layer.digest().toString()))
                    .build())
            .build();
    return manifest(blob(config.toBytes(), MediaType.OCI_CONFIG), layer, UNKNOWN);
  }

  private TestIndex manifest(Descriptor config, Descriptor layer, Platform platform)
      throws IOException {
    byte[] manifest =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_MANIFEST)
            .put("config", config.toJson())
            .put("layers", new Json.Arr(List.of(layer.toJson())))
            .build()
            .toPrettyBytes();
    Descriptor blob = blob(manifest, MediaType.OCI_MANIFEST);
    return list(
        new Descriptor(
            blob.mediaType(), blob.digest(), blob.size(), Optional.of(platform), Map.of()));
  }

  /** Lists anything. */
  TestIndex list(Descriptor manifest) {
    manifests.add(manifest);
    return this;
  }

  /** What was listed so far. */
  List<Descriptor> manifests() {
    return List.copyOf(manifests);
  }

  /** Names the index so far, and gives what its name stands for. */
  Descriptor tag(String tag) throws IOException {
    byte[] index =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_INDEX)
            .put("manifests", new Json.Arr(manifests.stream().<Json>map(d -> d.toJson()).toList()))
            .build()
            .toPrettyBytes();
    Descriptor top = blob(index, MediaType.OCI_INDEX);
    name(top, tag);
    return top;
  }
}
