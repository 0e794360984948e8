package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** What a container's monitor writes into its run directory. */
final class RunFiles {

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

  /** Empty when no monitor has come to be. */
  static Optional<Pid> pid(Path run) throws IOException {
    Optional<Json.Obj> json = read(run.resolve("pid"));
    return json.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Pid(
                (int) number(json.get(), "pid"),
                (int) number(json.get(), "monitor"),
                number(json.get(), "started")));
  }

  /** Empty when it has not ended under its monitor. */
  static Optional<End> end(Path run) throws IOException {
    Optional<Json.Obj> json = read(run.resolve("exit"));
    return json.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new End((int) number(json.get(), "exitCode"), number(json.get(), "finished")));
  }

  private static long number(Json.Obj json, String name) throws IOException {
    try {
      return json.integer(name).orElse(0L);
    } catch (JsonException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** A power cut may have taken the words: the file is empty then. */
  private static Optional<Json.Obj> read(Path file) throws IOException {
    try {
      byte[] text = Files.readAllBytes(file);
      return text.length == 0 ? Optional.empty() : Optional.of(Json.parseObject(text));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonException e) {
      throw new IOException(file + " is not what a monitor writes: " + e.getMessage(), e);
    }
  }
}
