package dev.mydocker.engine;

import dev.mydocker.kernel.Pause;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** What becomes of a container whose end is looked after by a process of its own. */
final class Restarts {
  /** In the run directory from the first end on after which a restart is waited for. */
  static final String WAITING = "restarting";

  private static final int LOOK_MILLISECONDS = 50;

  private Restarts() {}

  /**
   * Cleans up after a container, and starts it again when its policy says so.
   *
   * @param run its run directory, locked
   */
  static void after(Home home, RunDirectory run) throws IOException {
    if (home.store().find(run.id()).map(Restarts::mayWant).orElse(false)) {
      // Before the end is recorded: it must not look like the last one meanwhile.
      Files.writeString(run.path().resolve(WAITING), "");
    }
    Optional<Exit> exit = Leftovers.settle(home, run);
    Optional<ContainerRecord> record = home.store().find(run.id());
    if (exit.isPresent() && record.isPresent() && wants(record.get(), exit.get())) {
      int restarts = record.get().restarts();
      if (pause(home, run.id(), RestartPolicy.pauseMilliseconds(restarts))) {
        again(home, run);
        return;
      }
    }
    run.remove();
  }

  private static boolean mayWant(ContainerRecord record) {
    return !record.stopped() && record.settings().restart().startsAgain();
  }

  /** Whether its policy starts it again after that end. */
  static boolean wants(ContainerRecord record, Exit exit) {
    return mayWant(record) && record.settings().restart().again(exit, record.restarts());
  }

  /** Whether its policy starts it after a boot: always means even when a user stopped it. */
  static boolean afterBoot(ContainerRecord record) {
    return switch (record.settings().restart().when()) {
      case NO, ON_FAILURE -> false;
      case ALWAYS -> true;
      case UNLESS_STOPPED -> !record.stopped();
    };
  }

  /** False when a user stopped or removed it meanwhile. */
  private static boolean pause(Home home, String id, long milliseconds) throws IOException {
    long until = System.nanoTime() + milliseconds * 1_000_000;
    for (; ; ) {
      Optional<ContainerRecord> record = home.store().find(id);
      if (record.isEmpty() || record.get().stopped()) {
        return false;
      }
      long left = (until - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return true;
      }
      int wait = (int) Math.min(left, LOOK_MILLISECONDS);
      Pause.milliseconds(wait);
    }
  }

  private static void again(Home home, RunDirectory run) throws IOException {
    for (String file : new String[] {"exit", "pid", RunFiles.START_TOLD, RunFiles.END_TOLD}) {
      Files.deleteIfExists(run.path().resolve(file));
    }
    Container.of(home, run.id(), Optional.of(run)).startAgain();
  }
}
