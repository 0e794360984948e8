package dev.mydocker.cli;

import dev.mydocker.engine.Volume;
import dev.mydocker.json.Json;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** A volume as {@code docker volume inspect} shows it. */
final class VolumeDocument {
  private VolumeDocument() {}

  static Json.Obj of(Volume volume) {
    return Json.object()
        .put("CreatedAt", volume.created().truncatedTo(ChronoUnit.SECONDS).toString())
        .put("Driver", Volume.DRIVER)
        .put("Labels", orNull(volume.labels()))
        .put("Mountpoint", volume.content().toString())
        .put("Name", volume.name())
        .put("Options", orNull(volume.options()))
        .put("Scope", "local")
        .build();
  }

  /** As with Docker, none at all is null. */
  private static Json orNull(Map<String, String> values) {
    Json.Builder out = Json.object();
    values.forEach((name, value) -> out.put(name, value));
    return values.isEmpty() ? new Json.Null() : out.build();
  }
}
