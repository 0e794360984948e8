package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A directory that containers share and outlive.
 *
 * @param name what it is called
 * @param created when it was made
 * @param labels by name
 * @param options of its driver, as they were given
 * @param content where on this host its content is
 * @param damage why its record cannot be read, when it cannot: then only its name and its place are
 *     known
 */
public record Volume(
    String name,
    Instant created,
    Map<String, String> labels,
    Map<String, String> options,
    Path content,
    Optional<String> damage) {

  /** Who keeps volumes: there is one driver. */
  public static final String DRIVER = "local";

  /** The label of a volume that was given no name, as Docker has it. */
  public static final String ANONYMOUS = "com.docker.volume.anonymous";

  public Volume {
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /** Whether it was given no name. */
  public boolean anonymous() {
    return labels.containsKey(ANONYMOUS);
  }

  /** Whether its content is a directory of the host, which is not removed with it. */
  public boolean bound() {
    return options.containsKey(VolumeOptions.DEVICE);
  }

  String toText() {
    return Json.object()
            .put("name", name)
            .put("created", created.toEpochMilli())
            .putStrings("labels", labels)
            .putStrings("options", options)
            .build()
            .toText()
        + "\n";
  }

  /**
   * Reads a record.
   *
   * @param own where its content is unless its options say otherwise
   * @throws JsonException when it is none, or another volume's
   */
  static Volume parse(byte[] text, String name, Path own) throws JsonException {
    Json.Obj json = Json.parseObject(text);
    if (!json.string("name").equals(Optional.of(name))) {
      throw new JsonException("it is not that of this volume");
    }
    Map<String, String> options = json.stringMap("options");
    String device = options.getOrDefault(VolumeOptions.DEVICE, "");
    return new Volume(
        name,
        Instant.ofEpochMilli(json.integer("created").orElse(0L)),
        json.stringMap("labels"),
        options,
        device.startsWith("/") ? Path.of(device) : own,
        Optional.empty());
  }
}
