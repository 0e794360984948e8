package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;

/**
 * What the documents of one image may ask of whoever reads them, held against them when an image
 * comes.
 *
 * @param bytes of a manifest, index or configuration
 * @param depth of objects and arrays in one another
 * @param layers of one image
 * @param manifests of one index; the largest known have some dozens
 */
record DocumentLimits(int bytes, int depth, int layers, int manifests) {

  /** What can be read at all; an overlay mount takes at most 500 layers. */
  static final DocumentLimits MOST =
      new DocumentLimits(Document.MAX_SIZE, Json.MAX_DEPTH, Manifest.MAX_LAYERS, 100_000);

  /** As other engines have it: containers/image takes documents of 4 MiB. */
  static final DocumentLimits DEFAULT = new DocumentLimits(4 << 20, 100, MOST.layers, 1000);

  /** Gives a manifest or index that is within them. */
  Document check(Document document) throws ImageException {
    check(document.bytes(), "manifest " + document.digest());
    return document;
  }

  /**
   * Throws when a document is too large or too deep.
   *
   * @throws ImageException TOO_LARGE, naming what sets the limit
   */
  void check(byte[] json, String what) throws ImageException {
    if (json.length > bytes) {
      throw beyond(what + " is larger than " + bytes + " bytes", "MYDOCKER_LIMIT_DOCUMENT_BYTES");
    }
    // The parser itself holds the most; a start from the store need not look twice.
    if (depth < MOST.depth && depth(json) > depth) {
      throw beyond(
          what + " is nested more than " + depth + " deep", "MYDOCKER_LIMIT_DOCUMENT_DEPTH");
    }
  }

  /** Throws when an image has too many layers. */
  void check(Manifest manifest, String what) throws ImageException {
    if (manifest.layers().size() > layers) {
      throw beyond(what + " has more than " + layers + " layers", "MYDOCKER_LIMIT_LAYERS");
    }
  }

  /** Throws when an index lists too much. */
  void check(Index index, String what) throws ImageException {
    if (index.manifests().size() > manifests) {
      throw beyond(
          what + " lists more than " + manifests + " manifests", "MYDOCKER_LIMIT_MANIFESTS");
    }
  }

  private static ImageException beyond(String what, String variable) {
    return new ImageException(Kind.TOO_LARGE, what + " (" + variable + ")");
  }

  /** How deep a document is by its brackets; whether it is JSON at all shows later. */
  private static int depth(byte[] json) {
    int deepest = 0;
    int depth = 0;
    boolean inString = false;
    for (int i = 0; i < json.length; i++) {
      byte b = json[i];
      if (b == '"') {
        inString = !inString;
      } else if (inString) {
        i += b == '\\' ? 1 : 0;
      } else if (b == '{' || b == '[') {
        deepest = Math.max(deepest, ++depth);
      } else if (b == '}' || b == ']') {
        depth--;
      }
    }
    return deepest;
  }
}
