package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a container, {@code record.json}.
 *
 * @param id 64 hexadecimal digits
 * @param name what it is called
 * @param image the full reference it was made from
 * @param imageId the digest of that image's configuration
 * @param layers the diffIDs of that image's layers, the lowest first: they stay while this is here
 * @param created milliseconds since the epoch
 * @param remove whether it goes when it ends (--rm)
 * @param exit how it ended; empty before
 */
record ContainerRecord(
    String id,
    String name,
    String image,
    String imageId,
    List<String> layers,
    long created,
    boolean remove,
    Optional<Exit> exit) {

  ContainerRecord ended(Exit how) {
    return new ContainerRecord(id, name, image, imageId, layers, created, remove, Optional.of(how));
  }

  String toText() {
    Json.Builder out =
        Json.object()
            .put("id", id)
            .put("name", name)
            .put("image", image)
            .put("imageId", imageId)
            .putStrings("layers", layers)
            .put("created", created)
            .put("remove", remove);
    if (exit.isPresent()) {
      Exit e = exit.get();
      out.put(
          "exit",
          Json.object()
              .put("code", e.code())
              .put("signal", e.signal())
              .put("oomKilled", e.oomKilled())
              .build());
    }
    return out.build().toText() + "\n";
  }

  static ContainerRecord parse(byte[] text) throws JsonException {
    Json.Obj json = Json.parseObject(text);
    Optional<Json.Obj> exit = json.object("exit");
    return new ContainerRecord(
        json.string("id").orElse(""),
        json.string("name").orElse(""),
        json.string("image").orElse(""),
        json.string("imageId").orElse(""),
        json.strings("layers"),
        json.integer("created").orElse(0L),
        json.bool("remove"),
        exit.isEmpty() ? Optional.empty() : Optional.of(exit(exit.get())));
  }

  private static Exit exit(Json.Obj json) throws JsonException {
    return new Exit(
        json.integer("code").orElse(0L).intValue(),
        json.integer("signal").orElse(0L).intValue(),
        json.bool("oomKilled"));
  }
}
