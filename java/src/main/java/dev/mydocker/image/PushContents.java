package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that has to be at a registry before a tag may name an image.
 *
 * @param top what the tag names
 * @param below manifests that {@code top} lists, when it is an index
 * @param layers every layer once, those of one manifest after those of another, the lowest first
 * @param configs every configuration
 */
record PushContents(
    Document top, List<Document> below, List<Descriptor> layers, List<Descriptor> configs) {

  /**
   * Reads what the store has.
   *
   * @param platform which image of an index alone; without it the whole index
   * @throws ImageException NO_PLATFORM, and NOT_FOUND when the store lacks a part of it
   */
  static PushContents read(Store store, StoreSource source, Optional<Platform> platform)
      throws IOException {
    Document top = source.top();
    if (Index.is(top) && platform.isPresent()) {
      top = source.manifest(Index.parse(top).choose(platform.get(), source.name()));
    } else if (platform.isPresent()) {
      // Its configuration says which platform it is for; this throws when it is another one.
      Contents.read(source, platform.get());
    }
    List<Document> below = new ArrayList<>();
    if (Index.is(top)) {
      top = typed(top, Index.typeOf(Json.parseObject(top.bytes()), top));
      for (Descriptor each : Index.parse(top).manifests()) {
        below.add(listed(store, source, each));
      }
    } else {
      top = typed(top, Manifest.parse(top).mediaType());
    }
    Map<Digest, Descriptor> layers = new LinkedHashMap<>();
    Map<Digest, Descriptor> configs = new LinkedHashMap<>();
    for (Document document : Index.is(top) ? below : List.of(top)) {
      Manifest manifest = Manifest.parse(document);
      manifest.layers().forEach(layer -> layers.putIfAbsent(layer.digest(), layer));
      configs.putIfAbsent(manifest.config().digest(), manifest.config());
    }
    for (Descriptor blob : layers.values()) {
      require(store, blob, "layer");
    }
    for (Descriptor blob : configs.values()) {
      require(store, blob, "configuration");
    }
    return new PushContents(
        top, List.copyOf(below), List.copyOf(layers.values()), List.copyOf(configs.values()));
  }

  /** The document under the type it has, which may not be written in it. */
  private static Document typed(Document document, String type) {
    return new Document(type, document.bytes(), document.digest());
  }

  private static Document listed(Store store, StoreSource source, Descriptor manifest)
      throws IOException {
    if (!store.has(manifest)) {
      throw new ImageException(
          Kind.NOT_FOUND,
          "not every platform of it is here"
              + manifest.platform().map(p -> ", " + p + " is not").orElse("")
              + ": push one of them with --platform");
    }
    Document document = source.manifest(manifest);
    return typed(document, Manifest.parse(document).mediaType());
  }

  private static void require(Store store, Descriptor blob, String what)
      throws KernelException, ImageException {
    if (!MediaType.isForeign(blob.mediaType()) && !store.has(blob)) {
      throw new ImageException(
          Kind.NOT_FOUND,
          what
              + " "
              + blob.digest().shortHex()
              + " of it is missing in the image store: pull it again");
    }
  }
}
