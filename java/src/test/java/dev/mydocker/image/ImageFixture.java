package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** An image in a store whose layers are any bytes at all: enough to be pushed, not to be run. */
final class ImageFixture {
  private ImageFixture() {}

  /**
   * Puts an OCI image there.
   *
   * @param root the state root
   * @param name the full name
   * @return its manifest
   */
  static Document put(Path root, String name, List<byte[]> layers) throws IOException {
    return put(root, name, MediaType.OCI_MANIFEST, layers);
  }

  /** {@link #put} of a manifest of another type. */
  static Document put(Path root, String name, String type, List<byte[]> layers) throws IOException {
    boolean oci = type.equals(MediaType.OCI_MANIFEST);
    return put(root, name, type, oci ? MediaType.OCI_LAYER : MediaType.DOCKER_LAYER, layers);
  }

  /** {@link #put} with layers of another type. */
  static Document put(Path root, String name, String type, String layerType, List<byte[]> layers)
      throws IOException {
    boolean oci = type.equals(MediaType.OCI_MANIFEST);
    try (ImageState state = ImageState.create(root);
        Workplace work = Workplace.open(state.work())) {
      List<Json> descriptors = new ArrayList<>();
      List<String> diffIds = new ArrayList<>();
      for (byte[] layer : layers) {
        state.store().write(Digest.of(layer), layer, work);
        diffIds.add(Digest.of(layer).toString());
        descriptors.add(new Descriptor(layerType, Digest.of(layer), layer.length).toJson());
      }
      Json.Obj rootfs = Json.object().put("type", "layers").putStrings("diff_ids", diffIds).build();
      byte[] config =
          Json.object()
              .put("architecture", Platform.host().architecture())
              .put("os", "linux")
              .put("rootfs", rootfs)
              .build()
              .toBytes();
      state.store().write(Digest.of(config), config, work);
      // Pretty on purpose: a push that parses and writes it again changes its digest.
      byte[] manifest =
          Json.object()
              .put("schemaVersion", 2)
              .put("mediaType", type)
              .put(
                  "config",
                  new Descriptor(
                          oci ? MediaType.OCI_CONFIG : MediaType.DOCKER_CONFIG,
                          Digest.of(config),
                          config.length)
                      .toJson())
              .put("layers", new Json.Arr(descriptors))
              .build()
              .toPrettyBytes();
      Document document = Document.of(type, manifest);
      state.store().write(document.digest(), manifest, work);
      state.store().put(name, new Descriptor(type, document.digest(), manifest.length));
      return document;
    }
  }

  /** Puts an index over images that are there, or are not. */
  static Document putIndex(Path root, String name, List<Descriptor> manifests) throws IOException {
    try (ImageState state = ImageState.create(root);
        Workplace work = Workplace.open(state.work())) {
      byte[] index =
          Json.object()
              .put("schemaVersion", 2)
              .put("mediaType", MediaType.OCI_INDEX)
              .put(
                  "manifests",
                  new Json.Arr(manifests.stream().map(d -> (Json) d.toJson()).toList()))
              .build()
              .toPrettyBytes();
      Document document = Document.of(MediaType.OCI_INDEX, index);
      state.store().write(document.digest(), index, work);
      Set<Digest> here = new LinkedHashSet<>();
      for (Descriptor d : manifests) {
        if (state.store().has(d)) {
          here.add(d.digest());
        }
      }
      Descriptor line = new Descriptor(MediaType.OCI_INDEX, document.digest(), index.length);
      state.store().put(name, new Present(Set.of(), here).in(line));
      return document;
    }
  }

  /** Gives a kept image another name. */
  static void tag(Path root, String name, String other) throws IOException {
    try (ImageState state = ImageState.find(root).orElseThrow()) {
      state.store().put(other, state.store().find(name).orElseThrow());
    }
  }
}
