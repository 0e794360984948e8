package dev.mydocker.image;

/** The media types of the OCI image-spec and of Docker's image manifest version 2, schema 2. */
final class MediaType {
  static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
  static final String OCI_LAYER_NONDISTRIBUTABLE =
      "application/vnd.oci.image.layer.nondistributable.v1.tar";
  static final String DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
  static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
  static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
  static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
  static final String DOCKER_LAYER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar";
  static final String DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1";

  private MediaType() {}

  /** The type of a layer's tar that is compressed so. */
  static String layer(Compression compression) {
    return compression == Compression.NONE
        ? OCI_LAYER
        : OCI_LAYER + "+" + compression.name().toLowerCase(java.util.Locale.ROOT);
  }

  /** The OCI's type for a layer, whichever of both it had. */
  static String ociLayer(String type) {
    String base = type.startsWith(DOCKER_LAYER_FOREIGN) ? DOCKER_LAYER_FOREIGN : DOCKER_LAYER;
    if (!type.startsWith(base)) {
      return type;
    }
    String suffix = type.substring(base.length()).replace('.', '+');
    return (base.equals(DOCKER_LAYER) ? OCI_LAYER : OCI_LAYER_NONDISTRIBUTABLE) + suffix;
  }

  /** {@code text} without its parameters, in lower case. */
  static String strip(String text) {
    int semicolon = text.indexOf(';');
    String type = semicolon < 0 ? text : text.substring(0, semicolon);
    return type.strip().toLowerCase(java.util.Locale.ROOT);
  }

  static boolean isIndex(String type) {
    return type.equals(OCI_INDEX) || type.equals(DOCKER_LIST);
  }

  static boolean isManifest(String type) {
    return type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
  }

  static boolean isConfig(String type) {
    return type.equals(OCI_CONFIG) || type.equals(DOCKER_CONFIG);
  }

  /**
   * Whether this is a layer that no registry may hold: it comes from whoever has the right to it.
   */
  static boolean isForeign(String type) {
    return type.startsWith(OCI_LAYER_NONDISTRIBUTABLE) || type.startsWith(DOCKER_LAYER_FOREIGN);
  }

  /** Whether this is a layer that can be unpacked here: a tar, plain, gzip or zstd. */
  static boolean isLayer(String type) {
    String base = type;
    for (String suffix : new String[] {"+gzip", ".gzip", "+zstd", ".zstd"}) {
      if (type.endsWith(suffix)) {
        base = type.substring(0, type.length() - suffix.length());
      }
    }
    return base.equals(OCI_LAYER)
        || base.equals(OCI_LAYER_NONDISTRIBUTABLE)
        || base.equals(DOCKER_LAYER)
        || base.equals(DOCKER_LAYER_FOREIGN);
  }
}
