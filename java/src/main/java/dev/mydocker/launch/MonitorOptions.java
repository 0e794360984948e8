package dev.mydocker.launch;

import dev.mydocker.kernel.Fd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a container's monitor does beyond watching it. The descriptors stay the caller's.
 *
 * @param listener the socket on which it accepts clients; see {@link AttachSocket}
 * @param log where it writes what the container prints
 * @param detached whether the launcher leaves at once and cleans nothing up: it has no output of
 *     its client and must not send input; when not, it is attached and may clean up itself
 * @param health how it has the container's health looked at
 * @param view what of the machine it shows the container, whose plan mounts it then
 * @param end a program by its absolute path and the arguments: the monitor becomes it when the
 *     container has ended. It has the life lock as descriptor {@link #LIFE}, /dev/null as 0, 1 and
 *     2, and an empty environment. Empty: nothing is done
 */
public record MonitorOptions(
    Optional<Fd> listener,
    Optional<Log> log,
    boolean detached,
    Optional<Health> health,
    Optional<View> view,
    List<String> end) {

  /** The descriptor of the life lock in the end command. */
  public static final int LIFE = 3;

  /** No listener, no log, no health, no end command. */
  public static final MonitorOptions NONE =
      new MonitorOptions(
          Optional.empty(), Optional.empty(), false, Optional.empty(), Optional.empty(), List.of());

  public MonitorOptions {
    end = List.copyOf(end);
    requireAbsolute(end);
  }

  private static void requireAbsolute(List<String> command) {
    if (!command.isEmpty() && !command.get(0).startsWith("/")) {
      throw new IllegalArgumentException("a command has no absolute path: " + command.get(0));
    }
  }

  /**
   * A log.
   *
   * @param directory where its files are: {@code log}, and {@code log.1} and so on, which are older
   * @param size bytes that one file may have; 0: any number, in one file
   * @param files how many files there may be, {@code log} included
   */
  public record Log(Fd directory, long size, int files) {
    public Log {
      if (size < 0 || files < 1) {
        throw new IllegalArgumentException("a log of " + files + " files of " + size + " bytes");
      }
    }
  }

  /**
   * What looks at a container's health. One is over before the next begins; one that runs when the
   * container ends is killed.
   *
   * @param command a program by its absolute path and the arguments, none of them {@code --}; it is
   *     run as the end command is, without the lock
   * @param first from the start to the first look
   * @param interval from the end of one to the next
   * @param startInterval instead, after one that ended with {@link #STARTING}
   */
  public record Health(
      List<String> command, Duration first, Duration interval, Duration startInterval) {

    /** The exit code of a command that asks for the start interval: native/health.h. */
    public static final int STARTING = 3;

    public Health {
      command = List.copyOf(command);
      requireAbsolute(command);
    }
  }

  /**
   * Where it reads what the container's view of the machine shows, at each read; those files need
   * not be there yet.
   *
   * @param memory the cgroup's directory that has the files of the memory controller
   * @param unified whether those are the files of version 2
   * @param cpus its file with the list of its CPUs
   * @param tasks the cgroup's directory in a hierarchy in which it surely is, whose files are those
   *     of version 2 when {@code tasksUnified}
   */
  public record View(
      Optional<String> memory,
      boolean unified,
      Optional<String> cpus,
      Optional<String> tasks,
      boolean tasksUnified) {}

  /** The monitor's arguments: settings, then the commands. */
  List<String> words() {
    List<String> words = new ArrayList<>();
    if (log.isPresent() && log.get().size() > 0) {
      words.add("log-size=" + log.get().size());
      words.add("log-files=" + log.get().files());
    }
    if (detached) {
      words.add("detached");
    }
    if (view.isPresent()) {
      String memory = view.get().unified() ? "view-memory-v2=" : "view-memory-v1=";
      view.get().memory().ifPresent(path -> words.add(memory + path));
      view.get().cpus().ifPresent(path -> words.add("view-cpus=" + path));
      String tasks = view.get().tasksUnified() ? "view-tasks-v2=" : "view-tasks-v1=";
      view.get().tasks().ifPresent(path -> words.add(tasks + path));
    }
    if (health.isPresent()) {
      words.add("health-first=" + health.get().first().toNanos());
      words.add("health-interval=" + health.get().interval().toNanos());
      words.add("health-start-interval=" + health.get().startInterval().toNanos());
      words.add("--health");
      words.addAll(health.get().command());
    }
    if (!end.isEmpty()) {
      words.add("--");
      words.addAll(end);
    }
    return words;
  }
}
