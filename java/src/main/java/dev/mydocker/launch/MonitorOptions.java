package dev.mydocker.launch;

import dev.mydocker.kernel.Fd;
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
 * @param end a program by its absolute path and the arguments: the monitor becomes it when the
 *     container has ended. It has the life lock as descriptor {@link #LIFE}, /dev/null as 0, 1 and
 *     2, and an empty environment. Empty: nothing is done
 */
public record MonitorOptions(
    Optional<Fd> listener, Optional<Log> log, boolean detached, List<String> end) {

  /** The descriptor of the life lock in the end command. */
  public static final int LIFE = 3;

  /** No listener, no log, no end command. */
  public static final MonitorOptions NONE =
      new MonitorOptions(Optional.empty(), Optional.empty(), false, List.of());

  public MonitorOptions {
    end = List.copyOf(end);
    if (!end.isEmpty() && !end.get(0).startsWith("/")) {
      throw new IllegalArgumentException("the end command has no absolute path: " + end.get(0));
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

  /** The monitor's arguments: settings, then the end command. */
  List<String> words() {
    List<String> words = new ArrayList<>();
    if (log.isPresent() && log.get().size() > 0) {
      words.add("log-size=" + log.get().size());
      words.add("log-files=" + log.get().files());
    }
    if (detached) {
      words.add("detached");
    }
    if (!end.isEmpty()) {
      words.add("--");
      words.addAll(end);
    }
    return words;
  }
}
