package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.VolumeMounts;
import dev.mydocker.spec.VolumesFrom;
import java.util.ArrayList;
import java.util.List;
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

  /** What {@code options} say, for this host, of an image that is fetched when it is missing. */
  public static CreateRequest of(RunOptions options) {
    return new CreateRequest(options, Platform.host(), PullPolicy.MISSING);
  }

  /**
   * A container with nothing of its own but the command.
   *
   * @param image a reference, or a transport: {@code oci-archive:FILE}
   * @param command empty for the image's own
   */
  public static CreateRequest of(String image, String... command) {
    return of(RunOptions.builder(image).command(List.of(command)).build());
  }

  /** The same with other mounts. */
  CreateRequest with(List<MountOption> mounts) {
    return new CreateRequest(
        options.with(mounts), platform, pull, labels, stopSeconds, restart, log, health);
  }

  /** The same connected in another way. */
  CreateRequest with(NetworkMode network) {
    return new CreateRequest(
        options.with(network), platform, pull, labels, stopSeconds, restart, log, health);
  }

  /** The volumes among its mounts. */
  List<MountOption.Volume> volumes() {
    return VolumeMounts.volumes(options.mounts());
  }

  /**
   * What is kept of it.
   *
   * @param check what was asked for and what the image says
   * @param ports likewise
   */
  ContainerSettings settings(Optional<HealthCheck> check, PortChoice ports) {
    List<String> others = new ArrayList<>();
    for (VolumesFrom other : options.volumesFrom()) {
      others.add(other.text());
    }
    return new ContainerSettings(
        options.remove(),
        options.interactive(),
        options.network(),
        ports,
        options.names(),
        labels,
        stopSeconds,
        restart,
        log,
        check,
        options.devices(),
        volumes(),
        others);
  }
}
