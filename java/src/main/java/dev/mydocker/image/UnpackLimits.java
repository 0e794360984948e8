package dev.mydocker.image;

import java.util.Map;

/**
 * What one image may cost, so that a small hostile blob cannot fill a disk or a day.
 *
 * @param bytes uncompressed bytes of a layer, and bytes of its files together
 * @param ratio how many times its compressed size a layer may become, beyond {@link #FREE} bytes
 * @param entries entries of one layer's tar
 * @param path bytes of an entry's name, or of a hard link's target
 * @param documents what the image's documents may be
 */
record UnpackLimits(long bytes, int ratio, long entries, int path, DocumentLimits documents) {

  /** Far above what real images have: the largest known are tens of gigabytes in a layer. */
  static final UnpackLimits DEFAULT = new UnpackLimits(256L << 30, 400, 4_000_000);

  /** Bytes of a layer for which no ratio is asked: files of zeros compress a thousandfold. */
  static final long FREE = 2L << 30;

  /** Bytes of one header of a tar that describes another one, as in Go's archive/tar. */
  static final int SPECIAL_RECORD = 1 << 20;

  /** Bytes of a path, as PATH_MAX of limits.h, which counts the NUL. */
  static final int PATH = 4095;

  /** Symbolic links followed on the way to one entry, as the kernel's MAXSYMLINKS. */
  static final int LINKS = 40;

  /** Layers of one image that are fetched and unpacked at once. */
  static final int LAYERS_AT_ONCE = 3;

  /** These limits to a layer, and the usual ones to everything else. */
  UnpackLimits(long bytes, int ratio, long entries) {
    this(bytes, ratio, entries, PATH, DocumentLimits.DEFAULT);
  }

  /**
   * The limits that an environment sets, else {@link #DEFAULT}: {@code MYDOCKER_LIMIT_} and {@code
   * LAYER_BYTES}, {@code LAYER_RATIO}, {@code LAYER_ENTRIES}, {@code LAYER_PATH}, {@code
   * DOCUMENT_BYTES}, {@code DOCUMENT_DEPTH}, {@code LAYERS} and {@code MANIFESTS}, whole numbers.
   *
   * @throws ImageException CONFIGURATION when one of them is something else
   */
  static UnpackLimits of(Map<String, String> environment) throws ImageException {
    DocumentLimits usual = DocumentLimits.DEFAULT;
    DocumentLimits most = DocumentLimits.MOST;
    return new UnpackLimits(
        of(environment, "LAYER_BYTES", DEFAULT.bytes, Long.MAX_VALUE / 2),
        (int) of(environment, "LAYER_RATIO", DEFAULT.ratio, Integer.MAX_VALUE),
        of(environment, "LAYER_ENTRIES", DEFAULT.entries, Long.MAX_VALUE / 2),
        (int) of(environment, "LAYER_PATH", DEFAULT.path, PATH),
        new DocumentLimits(
            (int) of(environment, "DOCUMENT_BYTES", usual.bytes(), most.bytes()),
            (int) of(environment, "DOCUMENT_DEPTH", usual.depth(), most.depth()),
            (int) of(environment, "LAYERS", usual.layers(), most.layers()),
            (int) of(environment, "MANIFESTS", usual.manifests(), most.manifests())));
  }

  private static long of(Map<String, String> environment, String limit, long usual, long most)
      throws ImageException {
    String name = "MYDOCKER_LIMIT_" + limit;
    String text = environment.getOrDefault(name, "");
    if (text.isEmpty()) {
      return usual;
    }
    boolean digits = text.length() <= 18 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    long value = digits ? Long.parseLong(text) : 0;
    if (value < 1 || value > most) {
      throw new ImageException(
          ImageException.Kind.CONFIGURATION,
          name
              + " is "
              + ImageException.quote(text)
              + ": it must be a whole number from 1 to "
              + most);
    }
    return value;
  }

  /** Throws when {@code uncompressed} bytes out of {@code compressed} are too many. */
  void checkSize(long uncompressed, long compressed) throws ImageException {
    if (uncompressed > bytes) {
      throw new ImageException(
          ImageException.Kind.TOO_LARGE,
          "it is larger than " + bytes + " bytes when unpacked (MYDOCKER_LIMIT_LAYER_BYTES)");
    }
    if (uncompressed > FREE && uncompressed / ratio > compressed) {
      throw new ImageException(
          ImageException.Kind.TOO_LARGE,
          "it grows to more than "
              + ratio
              + " times its size when unpacked (MYDOCKER_LIMIT_LAYER_RATIO)");
    }
  }
}
