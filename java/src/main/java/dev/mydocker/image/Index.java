package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A list of manifests, usually one per platform (OCI image-spec, image-index.md, and Docker's
 * manifest list).
 *
 * @param manifests in the document's order
 */
record Index(List<Descriptor> manifests) {

  /**
   * Whether the document is an index rather than a manifest.
   *
   * @throws ImageException NOT_AN_IMAGE for neither, or for both at once
   */
  static boolean is(Document document) throws ImageException {
    return Document.read(
        "manifest " + document.digest(),
        () -> MediaType.isIndex(typeOf(Json.parseObject(document.bytes()), document)));
  }

  /** Reads a document for which {@link #is} holds. */
  static Index parse(Document document) throws ImageException {
    return Document.read("index " + document.digest(), () -> read(document.bytes()));
  }

  private static Index read(byte[] bytes) throws IOException {
    List<Descriptor> out = new ArrayList<>();
    for (Json manifest : Json.parseObject(bytes).array("manifests")) {
      out.add(Descriptor.read(manifest));
    }
    return new Index(List.copyOf(out));
  }

  /**
   * The manifest that serves {@code platform} best; of equals, the first.
   *
   * @throws ImageException NO_PLATFORM, naming those there are
   */
  Descriptor choose(Platform platform, String name) throws ImageException {
    Optional<Descriptor> best = best(platform);
    if (best.isEmpty()) {
      String there = StoreSource.platforms(images());
      throw new ImageException(
          Kind.NO_PLATFORM,
          name
              + " has no image for "
              + platform
              + "; it has "
              + (there.isEmpty() ? "none with a platform" : there));
    }
    return best.get();
  }

  /** {@link #choose}; empty when there is none. */
  Optional<Descriptor> best(Platform platform) {
    Optional<Descriptor> best = Optional.empty();
    int distance = Integer.MAX_VALUE;
    for (Descriptor d : images()) {
      if (d.platform().isEmpty()) {
        return Optional.of(d);
      }
      int candidate = platform.distance(d.platform().get());
      if (candidate >= 0 && candidate < distance) {
        best = Optional.of(d);
        distance = candidate;
      }
    }
    return best;
  }

  /**
   * The manifests that can be chosen: those that have a platform; one may be listed for several.
   * BuildKit's attestations are for the platform {@code unknown/unknown}, and are none. A manifest
   * that is alone needs no platform.
   */
  List<Descriptor> images() {
    if (manifests.size() == 1 && manifests.get(0).platform().isEmpty()) {
      return manifests;
    }
    return manifests.stream()
        .filter(d -> MediaType.isManifest(d.mediaType()))
        .filter(d -> d.platform().isPresent() && !d.platform().get().os().equals("unknown"))
        .toList();
  }

  /** All manifests, each once: as an image if it is listed as one. */
  List<Descriptor> distinct() {
    Map<Digest, Descriptor> out = new LinkedHashMap<>();
    manifests.forEach(d -> out.putIfAbsent(d.digest(), d));
    Map<Digest, Descriptor> images = new LinkedHashMap<>();
    images().forEach(d -> images.putIfAbsent(d.digest(), d));
    out.putAll(images);
    return List.copyOf(out.values());
  }

  /**
   * The type of a manifest or index: what it says itself, else what its giver declared, else what
   * its members show. The document, its giver and its members must agree (CVE-2021-41190).
   */
  static String typeOf(Json.Obj root, Document document) throws IOException {
    Document.refuseCaseVariants(
        root, List.of("schemaVersion", "mediaType", "config", "layers", "manifests", "fsLayers"));
    String declared = MediaType.strip(document.mediaType());
    long schema = root.integer("schemaVersion").orElse(0L);
    if (schema == 1
        || root.get("fsLayers").isPresent()
        || declared.startsWith(MediaType.DOCKER_SCHEMA1)) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          "it has Docker's schema 1, which was given up in 2017: push the image again with a"
              + " current tool");
    }
    if (schema != 2) {
      throw Document.wrong("its schemaVersion is not 2");
    }
    boolean list = root.get("manifests").isPresent();
    if (list == (root.get("layers").isPresent() || root.get("config").isPresent())) {
      throw Document.wrong(
          list ? "it is a manifest and an index at once" : "it is neither manifest nor index");
    }
    String shown = list ? MediaType.OCI_INDEX : MediaType.OCI_MANIFEST;
    String own = root.string("mediaType").orElse("");
    boolean known = MediaType.isIndex(declared) || MediaType.isManifest(declared);
    String type = !own.isEmpty() ? own : known ? declared : shown;
    if (known && !declared.equals(type)) {
      throw Document.wrong(
          "it calls itself " + ImageException.quote(own) + " but came as " + declared);
    }
    if (list ? !MediaType.isIndex(type) : !MediaType.isManifest(type)) {
      throw Document.wrong(
          "its type " + ImageException.quote(type) + " does not agree with its members");
    }
    return type;
  }
}
