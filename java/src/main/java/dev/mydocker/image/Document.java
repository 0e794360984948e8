package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.util.List;

/**
 * A manifest or index as it came: its bytes are what its digest is of.
 *
 * @param mediaType the type its giver declared, without parameters; empty when none was declared
 * @param bytes the document
 * @param digest of the bytes
 */
record Document(String mediaType, byte[] bytes, Digest digest) {

  /** The most bytes that are read of a manifest, index or configuration; most images have less. */
  static final int MAX_SIZE = 16 << 20;

  Document {
    if (bytes.length > MAX_SIZE) {
      throw new IllegalArgumentException("document over the limit");
    }
  }

  static Document of(String mediaType, byte[] bytes) {
    return new Document(mediaType, bytes, Digest.of(bytes));
  }

  /** Something that reads a JSON document. */
  interface Reader<T> {
    T read() throws IOException;
  }

  /** Runs {@code reader} and turns what is wrong with the document into NOT_AN_IMAGE. */
  static <T> T read(String what, Reader<T> reader) throws ImageException {
    try {
      return reader.read();
    } catch (ImageException e) {
      throw new ImageException(e.kind(), "bad " + what + ": " + e.getMessage(), e);
    } catch (JsonException e) {
      throw new ImageException(Kind.NOT_AN_IMAGE, "bad " + what + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException("a parser of bytes did input and output", e);
    }
  }

  static ImageException wrong(String why) {
    return new ImageException(Kind.NOT_AN_IMAGE, why);
  }

  /** The string member of that name, which must be there and not empty. */
  static String required(Json.Obj object, String name) throws IOException {
    return object
        .string(name)
        .filter(s -> !s.isEmpty())
        .orElseThrow(() -> wrong("it has no \"" + name + "\""));
  }

  /**
   * Refuses a member that differs from an essential one by case only: Go's readers would take it
   * for that one, and the document would have two meanings.
   */
  static void refuseCaseVariants(Json.Obj object, List<String> essential) throws ImageException {
    for (String name : object.members().keySet()) {
      for (String key : essential) {
        if (name.equalsIgnoreCase(key) && !name.equals(key)) {
          throw wrong("its member " + ImageException.quote(name) + " is not \"" + key + "\"");
        }
      }
    }
  }
}
