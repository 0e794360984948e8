package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one document says of another or of a blob (OCI image-spec, descriptor.md). Its {@code urls}
 * and {@code data} are ignored: content comes from where the image comes from.
 *
 * @param mediaType the content's type
 * @param digest the content's digest
 * @param size the content's bytes, not negative
 * @param platform for a manifest in an index
 * @param annotations by name
 */
record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Optional<Platform> platform,
    Map<String, String> annotations) {

  Descriptor(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, Optional.empty(), Map.of());
  }

  /** The same with other annotations. */
  Descriptor with(Map<String, String> others) {
    return new Descriptor(mediaType, digest, size, platform, others);
  }

  static Descriptor read(Json value) throws IOException {
    if (!(value instanceof Json.Obj object)) {
      throw Document.wrong("a descriptor is not an object");
    }
    Document.refuseCaseVariants(object, List.of("mediaType", "digest", "size", "platform"));
    long size = object.integer("size").orElse(-1L);
    if (size < 0) {
      throw Document.wrong("a descriptor has no size, or a negative one");
    }
    return new Descriptor(
        Document.required(object, "mediaType"),
        Digest.parse(Document.required(object, "digest")),
        size,
        platform(object),
        object.stringMap("annotations"));
  }

  private static Optional<Platform> platform(Json.Obj object) throws IOException {
    Optional<Json.Obj> p = object.object("platform");
    if (p.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Platform(
            Document.required(p.get(), "os"),
            Document.required(p.get(), "architecture"),
            p.get().string("variant").orElse("")));
  }

  Json.Obj toJson() {
    Json.Builder out =
        Json.object()
            .put("mediaType", mediaType)
            .put("digest", digest.toString())
            .put("size", size);
    if (platform.isPresent()) {
      Json.Builder p =
          Json.object()
              .put("architecture", platform.get().architecture())
              .put("os", platform.get().os());
      if (!platform.get().variant().isEmpty()) {
        p.put("variant", platform.get().variant());
      }
      out.put("platform", p.build());
    }
    if (!annotations.isEmpty()) {
      out.putStrings("annotations", annotations);
    }
    return out.build();
  }
}
