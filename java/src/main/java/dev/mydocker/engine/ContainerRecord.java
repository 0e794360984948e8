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
 * @param image the reference it was made from
 * @param imageId the digest of that image's configuration
 * @param layers the diffIDs of that image's layers, the lowest first: they stay while this is here
 * @param command its program and arguments
 * @param created milliseconds since the epoch
 * @param settings what was asked of it beside its configuration
 * @param last its last run; empty before the end of the first
 * @param restarts how often its restart policy has started it since a user did
 * @param stopped whether a user stopped it since a user started it
 */
record ContainerRecord(
    String id,
    String name,
    String image,
    String imageId,
    List<String> layers,
    List<String> command,
    long created,
    ContainerSettings settings,
    Optional<LastRun> last,
    int restarts,
    boolean stopped) {

  /**
   * A run that has ended.
   *
   * @param started milliseconds since the epoch
   * @param finished likewise
   * @param exit how it ended
   */
  record LastRun(long started, long finished, Exit exit) {}

  ContainerRecord {
    layers = List.copyOf(layers);
    command = List.copyOf(command);
  }

  /** Whether it goes when it ends. */
  boolean remove() {
    return settings.remove();
  }

  ContainerRecord ended(LastRun run) {
    return with(name, Optional.of(run), restarts, stopped);
  }

  ContainerRecord named(String other) {
    return with(other, last, restarts, stopped);
  }

  /** Started by a user: what the restart policy counts begins anew. */
  ContainerRecord wanted() {
    return restarts == 0 && !stopped ? this : with(name, last, 0, false);
  }

  ContainerRecord stoppedByUser() {
    return stopped ? this : with(name, last, restarts, true);
  }

  ContainerRecord restarted() {
    return with(name, last, restarts + 1, stopped);
  }

  ContainerRecord with(ContainerSettings others) {
    return new ContainerRecord(
        id, name, image, imageId, layers, command, created, others, last, restarts, stopped);
  }

  private ContainerRecord with(
      String newName, Optional<LastRun> run, int newRestarts, boolean newStopped) {
    return new ContainerRecord(
        id,
        newName,
        image,
        imageId,
        layers,
        command,
        created,
        settings,
        run,
        newRestarts,
        newStopped);
  }

  String toText() {
    Json.Builder out =
        Json.object()
            .put("id", id)
            .put("name", name)
            .put("image", image)
            .put("imageId", imageId)
            .putStrings("layers", layers)
            .putStrings("command", command)
            .put("created", created)
            .put("settings", settings.toJson())
            .put("restarts", restarts)
            .put("stopped", stopped);
    if (last.isPresent()) {
      Exit e = last.get().exit();
      out.put("started", last.get().started())
          .put("finished", last.get().finished())
          .put(
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
        json.strings("command"),
        json.integer("created").orElse(0L),
        ContainerSettings.parse(json.object("settings").orElse(Json.object().build())),
        exit.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new LastRun(
                    json.integer("started").orElse(0L),
                    json.integer("finished").orElse(0L),
                    exit(exit.get()))),
        json.integer("restarts").orElse(0L).intValue(),
        json.bool("stopped"));
  }

  private static Exit exit(Json.Obj json) throws JsonException {
    return new Exit(
        json.integer("code").orElse(0L).intValue(),
        json.integer("signal").orElse(0L).intValue(),
        json.bool("oomKilled"));
  }
}
