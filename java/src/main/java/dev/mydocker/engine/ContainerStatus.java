package dev.mydocker.engine;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Finds out what a container is at: from the kernel and its lock, where they know it. */
final class ContainerStatus {
  private ContainerStatus() {}

  /**
   * A container as it is now.
   *
   * @throws ContainerException when it is gone
   */
  static ContainerInfo of(Home home, String id) throws IOException {
    return find(home, id).orElseThrow(() -> ContainerException.notFound(ContainerId.shown(id)));
  }

  /** A container as it is now; empty when it is gone. */
  static Optional<ContainerInfo> find(Home home, String id) throws IOException {
    Optional<FirstProcess> process = FirstProcess.find(home, id);
    try {
      // Read after the look at the process: what has ended between them says so.
      Optional<ContainerRecord> record = home.store().find(id);
      if (record.isEmpty()) {
        return process.isPresent() || home.store().hasLostRecord(id)
            ? Optional.of(damaged(home, id, process))
            : Optional.empty();
      }
      return Optional.of(
          process.isPresent()
              ? running(home, record.get(), process.get())
              : resting(home, record.get()));
    } catch (ContainerException e) {
      return Optional.of(damaged(home, id, process));
    } finally {
      process.ifPresent(FirstProcess::close);
    }
  }

  private static ContainerInfo running(Home home, ContainerRecord record, FirstProcess process)
      throws IOException {
    return info(
        record,
        home.cgroup(record.id()).isFrozen() ? ContainerState.PAUSED : ContainerState.RUNNING,
        process.pid(),
        Optional.of(process.started()),
        Optional.empty(),
        record.settings().checksHealth()
            ? HealthFile.find(home.store(), record.id()).or(() -> Optional.of(Health.STARTING))
            : Optional.empty());
  }

  private static ContainerInfo resting(Home home, ContainerRecord record) throws IOException {
    Path run = home.roots().running().resolve(record.id());
    Optional<ContainerRecord.LastRun> ended = justEnded(home, record.id(), run);
    Optional<ContainerRecord.LastRun> last = ended.or(record::last);
    Optional<Long> started = last.map(ContainerRecord.LastRun::started);
    Optional<Health> health =
        record.settings().checksHealth()
            ? HealthFile.find(home.store(), record.id()).map(Health::stopped)
            : Optional.empty();
    if (Files.exists(run.resolve(Restarts.WAITING))
        || ended.isPresent() && Restarts.wants(record, ended.get().exit())) {
      return info(record, ContainerState.RESTARTING, 0, started, last, health);
    }
    ContainerState state = last.isPresent() ? ContainerState.EXITED : ContainerState.CREATED;
    return info(record, state, 0, started, last, health);
  }

  /** The end of a run after which nobody has cleaned up yet. */
  private static Optional<ContainerRecord.LastRun> justEnded(Home home, String id, Path run)
      throws IOException {
    Optional<RunFiles.End> end = RunFiles.end(run);
    if (end.isEmpty()) {
      return Optional.empty();
    }
    long started = home.store().begun(id).orElse(end.get().finished());
    return Optional.of(
        new ContainerRecord.LastRun(
            started, end.get().finished(), Leftovers.exit(end.get(), false)));
  }

  /** All that is known of one without a record that can be read. */
  private static ContainerInfo damaged(Home home, String id, Optional<FirstProcess> process)
      throws IOException {
    List<String> names = home.store().names(id);
    ContainerRecord nothing =
        new ContainerRecord(
            id,
            names.isEmpty() ? "" : names.get(0),
            "",
            "",
            List.of(),
            List.of(),
            0,
            ContainerSettings.parse(Json.object().build()),
            Optional.empty(),
            0,
            false);
    return process.isPresent()
        ? running(home, nothing, process.get())
        : info(
            nothing, ContainerState.DEAD, 0, Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static ContainerInfo info(
      ContainerRecord record,
      ContainerState state,
      int pid,
      Optional<Long> started,
      Optional<ContainerRecord.LastRun> end,
      Optional<Health> health) {
    return new ContainerInfo(
        record.id(),
        record.name(),
        record.image(),
        record.imageId(),
        record.command(),
        Instant.ofEpochMilli(record.created()),
        record.settings(),
        state,
        pid,
        started.map(Instant::ofEpochMilli),
        end.map(run -> Instant.ofEpochMilli(run.finished())),
        end.map(ContainerRecord.LastRun::exit),
        record.restarts(),
        health);
  }
}
