package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Something that has happened, as Docker's events tell it.
 *
 * @param time when
 * @param type what to: {@code container}, {@code image}, {@code volume}, {@code network}
 * @param action what: {@code start}, {@code die}, {@code exec_create: sh}
 * @param id of what it happened to; empty for {@code prune}
 * @param attributes by name, sorted; of a container its image, its name and its labels among them
 */
public record Event(
    Instant time, String type, String action, String id, SortedMap<String, String> attributes) {
  private static final long NANOS = 1_000_000_000;

  public Event {
    attributes = Collections.unmodifiableSortedMap(new TreeMap<>(attributes));
  }

  /** Happening now. */
  static Event of(String type, String action, String id, Map<String, String> attributes) {
    return new Event(Instant.now(), type, action, id, new TreeMap<>(attributes));
  }

  Event at(Instant other) {
    return new Event(other, type, action, id, attributes);
  }

  /** Docker's document. */
  public Json.Obj toJson() {
    Json.Builder out = Json.object();
    if (type.equals("container") || type.equals("image")) {
      out.put("status", action).put("id", id);
    }
    if (type.equals("container")) {
      out.put("from", attributes.getOrDefault("image", ""));
    }
    return out.put("Type", type)
        .put("Action", action)
        .put("Actor", actor())
        .put("scope", "local")
        .put("time", time.getEpochSecond())
        .put("timeNano", timeNano())
        .build();
  }

  private Json.Obj actor() {
    return Json.object().put("ID", id).putStrings("Attributes", attributes).build();
  }

  /** What a template can name. */
  public Json.Obj fields() {
    boolean container = type.equals("container");
    boolean old = container || type.equals("image");
    return Json.object()
        .put("Status", old ? action : "")
        .put("ID", old ? id : "")
        .put("From", container ? attributes.getOrDefault("image", "") : "")
        .put("Type", type)
        .put("Action", action)
        .put("Actor", actor())
        .put("Scope", "local")
        .put("Time", time.getEpochSecond())
        .put("TimeNano", timeNano())
        .build();
  }

  /** Until the year 2262, as with Docker. */
  private long timeNano() {
    return time.getEpochSecond() * NANOS + time.getNano();
  }

  /**
   * Reads what {@link #toJson} gives.
   *
   * @throws JsonException when it is anything else
   */
  static Event parse(byte[] line) throws JsonException {
    Json.Obj json = Json.parseObject(line);
    Json.Obj actor = json.object("Actor").orElseThrow(() -> new JsonException("no Actor"));
    long nano = json.integer("timeNano").orElseThrow(() -> new JsonException("no timeNano"));
    return new Event(
        Instant.ofEpochSecond(Math.floorDiv(nano, NANOS), Math.floorMod(nano, NANOS)),
        json.string("Type").orElse(""),
        json.string("Action").orElse(""),
        actor.string("ID").orElse(""),
        new TreeMap<>(actor.stringMap("Attributes")));
  }
}
