package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.RunOptions;
import java.util.Map;
import java.util.Optional;

/**
 * A container that is asked for.
 *
 * @param options what the user asked of it
 * @param labels by name
 * @param stopSeconds how long it has between the stop signal and SIGKILL; below 0 for ever
 * @param restart whether it is started again when it ends
 * @param log how what it prints is kept
 * @param health how its health is looked at; empty for the image's way
 * @param platform which of an image's variants
 * @param pull when its image is fetched
 */
public record CreateRequest(
    RunOptions options,
    Platform platform,
    PullPolicy pull,
    Map<String, String> labels,
    int stopSeconds,
    RestartPolicy restart,
    LogOptions log,
    Optional<HealthCheck> health) {

  /** A container with nothing of its own but the options. */
  public CreateRequest(RunOptions options, Platform platform, PullPolicy pull) {
    this(
        options,
        platform,
        pull,
        Map.of(),
        ContainerSettings.STOP_SECONDS,
        RestartPolicy.NONE,
        LogOptions.DEFAULT,
        Optional.empty());
  }

  /**
   * What is kept of it.
   *
   * @param check what was asked for and what the image says
   */
  ContainerSettings settings(Optional<HealthCheck> check) {
    return new ContainerSettings(
        options.remove(),
        options.interactive(),
        options.network(),
        labels,
        stopSeconds,
        restart,
        log,
        check);
  }
}
