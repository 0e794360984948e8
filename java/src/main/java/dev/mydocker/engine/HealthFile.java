package dev.mydocker.engine;

import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the checks of a container's last run have told, beside its record: {@code health.json}. Not
 * synced: a boot would be the container's end. One that is damaged is as good as none.
 */
final class HealthFile {
  private static final String NAME = "health.json";

  private HealthFile() {}

  private static Path of(ContainerStore store, String id) {
    return store.directory(id).resolve(NAME);
  }

  /** A run begins: nothing is known of it. */
  static void clear(ContainerStore store, String id) throws IOException {
    Files.deleteIfExists(of(store, id));
  }

  /** Empty when no check has been made in the last run. */
  static Optional<Health> find(ContainerStore store, String id) throws IOException {
    Optional<byte[]> text = store.read(id, NAME);
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Health.parse(text.get()));
    } catch (JsonException damaged) {
      return Optional.empty();
    }
  }

  /**
   * Adds a check, and gives what is known with it. A container's health changes here and nowhere
   * else, by one process at a time: the monitor has one check made after the other.
   *
   * @param forgiven whether the check was made in the start period
   */
  static Health add(Home home, String id, Health.Check check, int retries, boolean forgiven)
      throws IOException {
    Health before = find(home.store(), id).orElse(Health.STARTING);
    Health after = before.after(check, retries, forgiven);
    StateFile.write(of(home.store(), id), after.toJson().toText() + "\n", false);
    if (after.status() != before.status()) {
      home.events().container(id, "health_status: " + after.status().text(), Map.of());
    }
    return after;
  }
}
