package dev.mydocker.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** The events at both ends of a run: each is told once, and the start first, whoever tells. */
final class RunEvents {
  /** What is found later than that has its own time. */
  private static final long PROMPT_MILLISECONDS = 1000;

  private RunEvents() {}

  /**
   * Its command has been executed.
   *
   * @param started when that began, milliseconds since the epoch
   * @param attached whether somebody is attached to it from the start
   */
  static void started(
      EventLog events, ContainerRecord record, Path run, long started, boolean attached) {
    Path marker = run.resolve(RunFiles.START_TOLD);
    Instant since = Instant.ofEpochMilli(started);
    Event start = EventLog.of(record, "start", Map.of());
    if (attached) {
      events.once(marker, since, EventLog.of(record, "attach", Map.of()), start);
    } else {
      events.once(marker, since, start);
    }
  }

  /** It has ended; before the end is recorded, so that whoever is killed here is followed up. */
  static void ended(
      EventLog events, ContainerRecord record, RunDirectory run, ContainerRecord.LastRun last)
      throws IOException {
    boolean executed = RunFiles.pid(run.path()).isPresent();
    if (executed && !Files.exists(run.path().resolve(RunFiles.START_TOLD))) {
      // Whoever has started it was killed, or is slower than this.
      started(events, record, run.path(), last.started(), false);
    }
    Event die = die(record, last);
    Path marker = run.path().resolve(RunFiles.END_TOLD);
    Instant since = Instant.ofEpochMilli(last.started());
    if (last.exit().oomKilled()) {
      Event oom = EventLog.of(record, "oom", Map.of()).at(die.time());
      events.once(marker, since, oom, die);
    } else {
      events.once(marker, since, die);
    }
  }

  private static Event die(ContainerRecord record, ContainerRecord.LastRun last) {
    long seconds = Duration.ofMillis(last.finished() - last.started()).toSeconds();
    Map<String, String> how =
        Map.of(
            "exitCode",
            Integer.toString(last.exit().code()),
            "execDuration",
            Long.toString(Math.max(0, seconds)));
    Event die = EventLog.of(record, "die", how);
    Instant finished = Instant.ofEpochMilli(last.finished());
    boolean late = die.time().toEpochMilli() - last.finished() > PROMPT_MILLISECONDS;
    return late ? die.at(finished) : die;
  }
}
