package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.VolumeMounts;
import dev.mydocker.spec.VolumesFrom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A container that is asked for.
 *
 * @param options what the user asked of it
 * @param labels by name
 * @param stopSeconds how long it has between the stop signal and SIGKILL; below 0 for ever
 * @param restart whether it is started again when it ends
 * @param log how what it prints is kept
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
    LogOptions log) {

  /** A container with nothing of its own but the options. */
  public CreateRequest(RunOptions options, Platform platform, PullPolicy pull) {
    this(
        options,
        platform,
        pull,
        Map.of(),
        ContainerSettings.STOP_SECONDS,
        RestartPolicy.NONE,
        LogOptions.DEFAULT);
  }

  /** The same with other mounts. */
  CreateRequest with(List<MountOption> mounts) {
    return new CreateRequest(
        options.with(mounts), platform, pull, labels, stopSeconds, restart, log);
  }

  ContainerSettings settings() {
    List<String> others = new ArrayList<>();
    for (VolumesFrom other : options.volumesFrom()) {
      others.add(other.text());
    }
    return new ContainerSettings(
        options.remove(),
        options.interactive(),
        options.network(),
        labels,
        stopSeconds,
        restart,
        log,
        VolumeMounts.volumes(options.mounts()),
        others);
  }
}
