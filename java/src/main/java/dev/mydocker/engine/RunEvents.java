package dev.mydocker.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The events at both ends of a run, those of its networks among them: each is told once, and the
 * start first, whoever tells.
 */
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
  static void started(Home home, ContainerRecord record, Path run, long started, boolean attached) {
    List<Event> all = new ArrayList<>();
    if (attached) {
      all.add(EventLog.of(record, "attach", Map.of()));
    }
    all.addAll(home.ofNetworks("connect", record));
    Event start = EventLog.of(record, "start", Map.of());
    all.add(start);
    Path marker = run.resolve(RunFiles.START_TOLD);
    home.events().once(marker, Instant.ofEpochMilli(started), start, all);
  }

  /** It has ended; before the end is recorded, so that whoever is killed here is followed up. */
  static void ended(
      Home home, ContainerRecord record, RunDirectory run, ContainerRecord.LastRun last)
      throws IOException {
    boolean executed = RunFiles.pid(run.path()).isPresent();
    if (executed && !Files.exists(run.path().resolve(RunFiles.START_TOLD))) {
      // Whoever has started it was killed, or is slower than this.
      started(home, record, run.path(), last.started(), false);
    }
    Event die = die(record, last);
    Path marker = run.path().resolve(RunFiles.END_TOLD);
    List<Event> all = new ArrayList<>();
    if (last.exit().oomKilled()) {
      all.add(EventLog.of(record, "oom", Map.of()).at(die.time()));
    }
    all.add(die);
    for (Event left : executed ? home.ofNetworks("disconnect", record) : List.<Event>of()) {
      all.add(left.at(die.time()));
    }
    home.events().once(marker, Instant.ofEpochMilli(last.started()), die, all);
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
