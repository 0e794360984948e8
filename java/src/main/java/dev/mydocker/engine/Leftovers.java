package dev.mydocker.engine;

import dev.mydocker.kernel.Pause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Removes what containers leave on the host: at their end, or after their owner was killed. */
final class Leftovers {
  /** How often it is looked whether another process has cleaned up. */
  private static final int LOOK_MILLISECONDS = 5;

  private static final int SIGNALLED = 128;
  private static final Exit KILLED = new Exit(137, 9, false);

  /** As Docker says of what ran when the host went down. */
  private static final Exit UNKNOWN = new Exit(255, 0, false);

  private Leftovers() {}

  /** A container's cgroup, below each hierarchy. */
  static String cgroupPath(String id) {
    return "/mydocker/" + id;
  }

  /**
   * Cleans up after every container whose maker and monitor are both gone. One that cannot be
   * cleaned up after keeps its run directory, for the next command, and who names it is told why.
   */
  static void sweep(Home home) throws IOException {
    LeftMonitors.reap();
    ExecRecord.sweep(home);
    StateFile.makeDirectories(home.roots().running());
    Path swept = home.roots().run().resolve("swept");
    if (!Files.exists(swept)) {
      sweepAfterBoot(home);
      Files.writeString(swept, "");
    }
    for (RunDirectory run : RunDirectory.abandoned(home.roots())) {
      try (run) {
        end(home, run);
      } catch (IOException stuck) {
        continue;
      }
    }
  }

  /**
   * Cleans up after one container, whose lock is held here: its cgroup goes with every process in
   * it, its end is recorded, and one that goes when it ends is deleted. Its run directory is
   * removed after everything else.
   */
  static void end(Home home, RunDirectory run) throws IOException {
    settle(home, run);
    run.remove();
  }

  /** Cleans up after one container when its owners are gone; else waits a moment for them. */
  static void endOrPause(Home home, String id) throws IOException {
    Optional<RunDirectory> abandoned = RunDirectory.abandoned(home.roots(), id);
    if (abandoned.isPresent()) {
      try (RunDirectory run = abandoned.get()) {
        end(home, run);
      }
    } else {
      Pause.milliseconds(LOOK_MILLISECONDS);
    }
  }

  /**
   * All of {@link #end} but the last: the run directory stays, and with it the lock.
   *
   * @return how it ended; empty when its command never ran
   */
  static Optional<Exit> settle(Home home, RunDirectory run) throws IOException {
    return settle(home, run, KILLED);
  }

  /**
   * The same.
   *
   * @param silent how it ended when no monitor says so
   */
  private static Optional<Exit> settle(Home home, RunDirectory run, Exit silent)
      throws IOException {
    String id = run.id();
    if (Files.exists(run.path().resolve(RunFiles.HELD))) {
      return Optional.empty();
    }
    boolean oomKilled = home.cgroup(id).oomKills() > 0;
    home.cgroup(id).destroy();
    if (Files.exists(run.path().resolve(RunFiles.NETWORK))) {
      home.networks().release(id);
    }
    Optional<ContainerRecord> record;
    try {
      record = home.store().find(id);
    } catch (ContainerException damaged) {
      // What it wrote may be wanted: it stays until somebody removes it.
      return Optional.empty();
    }
    if (record.isEmpty()) {
      home.store().delete(id);
      home.volumes().sweep();
      return Optional.empty();
    }
    Optional<Long> started = home.store().begun(id);
    Optional<ContainerRecord.LastRun> last = Optional.empty();
    if (started.isPresent()) {
      Optional<RunFiles.End> end = RunFiles.end(run.path());
      Exit exit = end.isEmpty() ? silent : exit(end.get(), oomKilled);
      long finished = end.map(RunFiles.End::finished).orElseGet(System::currentTimeMillis);
      last = Optional.of(new ContainerRecord.LastRun(started.get(), finished, exit));
      RunEvents.ended(home, record.get(), run, last.get());
    }
    if (record.get().remove()) {
      home.volumes().removeAnonymous(record.get());
      home.store().delete(id);
      home.events().container(record.get(), "destroy", Map.of());
      return Optional.empty();
    }
    if (started.isEmpty()) {
      home.volumes().complete(record.get());
    }
    if (last.isPresent()) {
      home.store().end(id, last.get());
    }
    return last.map(ContainerRecord.LastRun::exit);
  }

  /** An end as a monitor has recorded it. */
  static Exit exit(RunFiles.End end, boolean oomKilled) {
    return new Exit(end.code(), Math.max(0, end.code() - SIGNALLED), oomKilled);
  }

  /** The run directories went with the last boot: so did what ran. */
  private static void sweepAfterBoot(Home home) throws IOException {
    for (String id : home.store().ids()) {
      Optional<RunDirectory> claimed = RunDirectory.claim(home.roots(), id);
      if (claimed.isPresent()) {
        try (RunDirectory run = claimed.get()) {
          settle(home, run, UNKNOWN);
          run.remove();
        } catch (IOException stuck) {
          // As in a sweep: who names it is told why.
          continue;
        }
      }
    }
  }
}
