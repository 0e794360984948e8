package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What was asked of a container beside its OCI configuration.
 *
 * @param remove whether it goes when it ends (--rm)
 * @param interactive whether its standard input is open (-i)
 * @param network how it is connected
 * @param labels by name
 * @param stopSeconds how long it has between the stop signal and SIGKILL; below 0 for ever
 * @param restart whether it is started again when it ends
 * @param log how what it prints is kept
 * @param health how its health is looked at, if that was said
 */
public record ContainerSettings(
    boolean remove,
    boolean interactive,
    NetworkMode network,
    Map<String, String> labels,
    int stopSeconds,
    RestartPolicy restart,
    LogOptions log,
    Optional<HealthCheck> health) {

  /** How long a container has to stop, unless something else is asked for. */
  public static final int STOP_SECONDS = 10;

  public ContainerSettings {
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }

  ContainerSettings with(RestartPolicy policy) {
    return new ContainerSettings(
        remove, interactive, network, labels, stopSeconds, policy, log, health);
  }

  Json.Obj toJson() {
    Json.Builder out = Json.object();
    out.put("remove", remove)
        .put("interactive", interactive)
        .put("network", network instanceof NetworkMode.Host ? "host" : "none")
        .putStrings("labels", labels)
        .put("stopSeconds", stopSeconds)
        .put("restart", restart.text())
        .put("log", log.kept())
        .put("logBytes", log.maxBytes())
        .put("logFiles", log.maxFiles());
    if (health.isPresent()) {
      out.put("health", health.get().toJson()).putStrings("shell", health.get().shell());
    }
    return out.build();
  }

  static ContainerSettings parse(Json.Obj json) throws JsonException {
    try {
      return new ContainerSettings(
          json.bool("remove"),
          json.bool("interactive"),
          NetworkMode.parse(json.string("network").orElse("none")),
          json.stringMap("labels"),
          json.integer("stopSeconds").orElse((long) STOP_SECONDS).intValue(),
          RestartPolicy.parse(json.string("restart").orElse("no")),
          new LogOptions(
              json.bool("log"),
              json.integer("logBytes").orElse(0L),
              json.integer("logFiles").orElse(1L).intValue()),
          health(json));
    } catch (OptionException e) {
      throw new JsonException(e.getMessage());
    }
  }

  private static Optional<HealthCheck> health(Json.Obj json) throws JsonException {
    Optional<Json.Obj> check = json.object("health");
    return check.isEmpty()
        ? Optional.empty()
        : Optional.of(HealthCheck.parse(check.get(), json.strings("shell")));
  }

  /** Whether its health is looked at. */
  public boolean checksHealth() {
    return health.isPresent() && health.get().checks();
  }
}
