package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One platform's image: its configuration and its layers (OCI image-spec, manifest.md, and Docker's
 * image manifest version 2, schema 2).
 *
 * @param mediaType the manifest's own type
 * @param config the configuration
 * @param layers the lowest first
 */
record Manifest(String mediaType, Descriptor config, List<Descriptor> layers) {

  /** The most layers an image may have; an overlay mount takes at most 500. */
  static final int MAX_LAYERS = 500;

  /**
   * Reads a document that is known not to be an index.
   *
   * @throws ImageException NOT_AN_IMAGE for another document, or one with two meanings; UNSUPPORTED
   *     for schema 1 and for artifacts that are no images
   */
  static Manifest parse(Document document) throws ImageException {
    return Document.read("manifest " + document.digest(), () -> read(document, false));
  }

  /** {@link #parse}, also of an artifact that is no image: it names blobs in the same way. */
  static Manifest parseAny(Document document) throws ImageException {
    return Document.read("manifest " + document.digest(), () -> read(document, true));
  }

  private static Manifest read(Document document, boolean any) throws IOException {
    Json.Obj root = Json.parseObject(document.bytes());
    String type = Index.typeOf(root, document);
    if (!MediaType.isManifest(type)) {
      throw Document.wrong("its type is " + ImageException.quote(type));
    }
    Descriptor config =
        Descriptor.read(root.get("config").orElseThrow(() -> Document.wrong("it has no config")));
    if (!any && !MediaType.isConfig(config.mediaType())) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          "it is an artifact of type "
              + ImageException.quote(config.mediaType())
              + ", not an image that can run");
    }
    List<Descriptor> layers = new ArrayList<>();
    for (Json layer : root.array("layers")) {
      layers.add(Descriptor.read(layer));
    }
    if (layers.size() > MAX_LAYERS) {
      throw Document.wrong("it has more than " + MAX_LAYERS + " layers");
    }
    return new Manifest(type, config, List.copyOf(layers));
  }

  /** Whether it is of an image whose layers can be unpacked, and not of anything else. */
  boolean isImage() {
    return MediaType.isConfig(config.mediaType())
        && layers.stream().allMatch(layer -> MediaType.isLayer(layer.mediaType()));
  }

  /** The blobs that a registry or store has for it: all but foreign layers; the layers first. */
  List<Descriptor> blobs() {
    List<Descriptor> out = new ArrayList<>();
    for (Descriptor layer : layers) {
      if (!MediaType.isForeign(layer.mediaType())) {
        out.add(layer);
      }
    }
    out.add(config);
    return out;
  }

  /**
   * Throws unless every layer is of a form that can be unpacked.
   *
   * @throws ImageException UNSUPPORTED, naming the type
   */
  void checkLayerTypes() throws ImageException {
    for (Descriptor layer : layers) {
      if (!MediaType.isLayer(layer.mediaType())) {
        throw new ImageException(
            Kind.UNSUPPORTED,
            "layer "
                + layer.digest().shortHex()
                + " is of unknown type "
                + ImageException.quote(layer.mediaType()));
      }
    }
  }
}
