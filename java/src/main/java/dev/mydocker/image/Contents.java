package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an image's documents say, read and held against each other.
 *
 * @param document its manifest as it came
 * @param manifest the manifest
 * @param configBytes its configuration as it came
 * @param config the configuration
 */
record Contents(Document document, Manifest manifest, byte[] configBytes, ImageConfig config) {

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
   * {@link #read(ImageSource, Platform)}; without a platform, the host's of an index and any other
   * image whatever it is for.
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
    Document document = limits.check(source.top());
    Optional<Platform> platform = wanted;
    if (Index.is(document)) {
      platform = Optional.of(wanted.orElseGet(Platform::host));
      Descriptor chosen = Index.parse(document).choose(platform.get(), source.name());
      document = limits.check(source.manifest(chosen));
    }
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
    Contents contents = new Contents(document, manifest, bytes, config);
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

  /** The image under a name. */
  Image image(String name) {
    long size = manifest.config().size();
    for (Descriptor layer : manifest.layers()) {
      size += layer.size();
    }
    return new Image(
        name, document.digest(), manifest.config().digest(), config, config.diffIds(), size);
  }
}
