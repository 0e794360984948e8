package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** What is written into a container's run directory about its run. */
final class RunFiles {
  /** That it is only held, by who looks into it or changes it: nothing of it runs. */
  static final String HELD = "held";

  /** That it may have something in a network. */
  static final String NETWORK = "network";

  /** Leads to the network namespace of another container that it lives in. */
  static final String SHARED_NETWORK = "netns";

  /** That its monitor is its name server. */
  static final String SERVED = "served";

  /** That its start, and its end, are among the events. */
  static final String START_TOLD = "told.start";

  static final String END_TOLD = "told.end";

  /**
   * That the first process lives, or has not been reaped.
   *
   * @param pid the container's first process
   * @param monitor its monitor
   * @param started milliseconds since the epoch
   */
  record Pid(int pid, int monitor, long started) {}

  /**
   * That it has ended.
   *
   * @param code as a shell would have it
   * @param finished milliseconds since the epoch
   */
  record End(int code, long finished) {}

  private RunFiles() {}

  /** Empty when no monitor has come to be, or the file is damaged. */
  static Optional<Pid> pid(Path run) throws IOException {
    return read(
            run.resolve("pid"),
            json -> new Pid(number(json, "pid"), number(json, "monitor"), moment(json, "started")))
        .filter(file -> file.pid() > 0 && file.monitor() > 0);
  }

  /** Empty when it has not ended under its monitor, or the file is damaged. */
  static Optional<End> end(Path run) throws IOException {
    return read(
        run.resolve("exit"), json -> new End(number(json, "exitCode"), moment(json, "finished")));
  }

  private static int number(Json.Obj json, String name) throws JsonException {
    return (int) moment(json, name);
  }

  private static long moment(Json.Obj json, String name) throws JsonException {
    return json.integer(name).orElse(0L);
  }

  private interface Form<T> {
    T of(Json.Obj json) throws JsonException;
  }

  /** What is damaged is as good as not there: the container's lock tells whether it lives. */
  private static <T> Optional<T> read(Path file, Form<T> form) throws IOException {
    try {
      return Optional.of(form.of(Json.parseObject(Files.readAllBytes(file))));
    } catch (NoSuchFileException | JsonException e) {
      return Optional.empty();
    }
  }
}
