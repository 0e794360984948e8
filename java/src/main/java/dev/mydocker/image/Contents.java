package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an image's documents say, read and held against each other.
 *
 * @param document its manifest as it came
 * @param manifest the manifest
 * @param configBytes its configuration as it came
 * @param config the configuration
 * @param index what the image was chosen from, when it was an index
 */
record Contents(
    Document document,
    Manifest manifest,
    byte[] configBytes,
    ImageConfig config,
    Optional<Document> index) {

  /** A layer: the blob it comes in, and what the blob holds. */
  record Layer(Descriptor blob, Digest diffId) {
    /** How listeners know it. */
    String id() {
      return blob.digest().shortHex();
    }
  }

  /**
   * Reads an image's documents; layers are not touched.
   *
   * @throws ImageException NO_PLATFORM, NOT_AN_IMAGE, UNSUPPORTED, and what the source throws
   */
  static Contents read(ImageSource source, Platform platform) throws IOException {
    return read(source, Optional.of(platform));
  }

  /**
   * {@link #read(ImageSource, Platform)}; without a platform, what the source chooses of an index,
   * and any other image whatever it is for.
   */
  static Contents read(ImageSource source, Optional<Platform> wanted) throws IOException {
    return read(source, wanted, DocumentLimits.MOST);
  }

  /**
   * {@link #read(ImageSource, Optional)} of an image that may come from anybody.
   *
   * @throws ImageException TOO_LARGE as well
   */
  static Contents read(ImageSource source, Optional<Platform> wanted, DocumentLimits limits)
      throws IOException {
    Document top = limits.check(source.top());
    if (!Index.is(top)) {
      return read(source, top, wanted, Optional.empty(), limits);
    }
    Index index = Index.parse(top);
    limits.check(index, source.name());
    return read(source, top, source.choose(index, wanted), wanted, limits);
  }

  /**
   * Reads one image of an index.
   *
   * @param chosen what the index says of it
   * @param wanted what it must be for; what the index says when nobody wants a platform
   */
  static Contents read(
      ImageSource source,
      Document index,
      Descriptor chosen,
      Optional<Platform> wanted,
      DocumentLimits limits)
      throws IOException {
    Document document = limits.check(source.manifest(chosen));
    return read(source, document, wanted.or(chosen::platform), Optional.of(index), limits);
  }

  private static Contents read(
      ImageSource source,
      Document document,
      Optional<Platform> platform,
      Optional<Document> index,
      DocumentLimits limits)
      throws IOException {
    Manifest manifest = Manifest.parse(document);
    limits.check(manifest, source.name());
    byte[] bytes = source.configuration(manifest.config());
    limits.check(bytes, "configuration of " + source.name());
    ImageConfig config = ImageConfig.parse(bytes);
    if (config.diffIds().size() != manifest.layers().size()) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE,
          source.name()
              + " has "
              + manifest.layers().size()
              + " layers, but its configuration says "
              + config.diffIds().size());
    }
    if (platform.isPresent() && !platform.get().accepts(config.platform())) {
      throw new ImageException(
          Kind.NO_PLATFORM,
          source.name() + " is for " + config.platform() + ", not for " + platform.get());
    }
    manifest.checkLayerTypes();
    Contents contents = new Contents(document, manifest, bytes, config, index);
    contents.checkLayers(source.name());
    return contents;
  }

  /** Throws when one blob should be two layers. */
  private void checkLayers(String name) throws ImageException {
    Map<Digest, Digest> seen = new HashMap<>();
    for (int i = 0; i < manifest.layers().size(); i++) {
      Digest diffId = config.diffIds().get(i);
      Digest other = seen.putIfAbsent(manifest.layers().get(i).digest(), diffId);
      if (other != null && !other.equals(diffId)) {
        throw new ImageException(
            Kind.DIGEST_MISMATCH, name + " says that one blob holds two different layers");
      }
    }
  }

  /** The layers, the lowest first, one that comes again left out. */
  List<Layer> layers() {
    List<Layer> out = new ArrayList<>();
    for (int i = 0; i < manifest.layers().size(); i++) {
      Digest diffId = config.diffIds().get(i);
      if (out.stream().noneMatch(l -> l.diffId.equals(diffId))) {
        out.add(new Layer(manifest.layers().get(i), diffId));
      }
    }
    return out;
  }

  /** The manifest as an index lists it. */
  Descriptor descriptor() {
    return new Descriptor(
        manifest.mediaType(),
        document.digest(),
        document.bytes().length,
        Optional.of(config.platform()),
        Map.of());
  }

  /** What its name stands for: the index it was chosen from, else its manifest. */
  Document top() {
    return index.orElse(document);
  }

  /**
   * The line of the store's index that keeps it.
   *
   * @param others manifests of its index that are kept with it as they came
   */
  Descriptor kept(List<Digest> others) throws IOException {
    if (index.isEmpty()) {
      return descriptor();
    }
    Document list = index.get();
    String type = Index.typeOf(Json.parseObject(list.bytes()), list);
    Present present = new Present(Set.of(document.digest()), new LinkedHashSet<>(others));
    return present.in(new Descriptor(type, list.digest(), list.bytes().length));
  }

  /** The image under a name. */
  Image image(String name) {
    long size = manifest.config().size();
    for (Descriptor layer : manifest.layers()) {
      size += layer.size();
    }
    return new Image(
        name,
        top().digest(),
        document.digest(),
        manifest.config().digest(),
        config,
        config.diffIds(),
        size);
  }
}
