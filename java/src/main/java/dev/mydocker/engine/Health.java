package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What its checks have told of a container.
 *
 * @param status how well it is
 * @param failingStreak how many checks have failed in a row; those of the start period do not count
 * @param log the last checks, the oldest first
 */
public record Health(HealthStatus status, int failingStreak, List<Check> log) {
  private static final int LOG_LENGTH = 5;

  /** No check has been made since it was started. */
  public static final Health STARTING = new Health(HealthStatus.STARTING, 0, List.of());

  public Health {
    log = List.copyOf(log);
  }

  /**
   * One check.
   *
   * @param start when it was begun
   * @param end when it was over
   * @param exitCode 0 when it succeeded, -1 when it took too long or could not be executed
   * @param output the beginning of what it printed, or why it failed
   */
  public record Check(Instant start, Instant end, int exitCode, String output) {
    private Json.Obj toJson() {
      return Json.object()
          .put("Start", start.toString())
          .put("End", end.toString())
          .put("ExitCode", exitCode)
          .put("Output", output)
          .build();
    }

    private static Check parse(Json json) throws JsonException {
      if (!(json instanceof Json.Obj check)) {
        throw new JsonException("a check is no object");
      }
      try {
        return new Check(
            Instant.parse(check.string("Start").orElse("")),
            Instant.parse(check.string("End").orElse("")),
            check.integer("ExitCode").orElse(0L).intValue(),
            check.string("Output").orElse(""));
      } catch (DateTimeException e) {
        throw new JsonException(e.getMessage());
      }
    }
  }

  /**
   * What it is after one more check.
   *
   * @param retries how many failures in a row make a container unhealthy
   * @param forgiven whether the check was made in the start period
   */
  Health after(Check check, int retries, boolean forgiven) {
    List<Check> checks = new ArrayList<>(log);
    checks.add(check);
    checks = checks.subList(Math.max(0, checks.size() - LOG_LENGTH), checks.size());
    if (check.exitCode() == 0) {
      return new Health(HealthStatus.HEALTHY, 0, checks);
    }
    if (forgiven && status == HealthStatus.STARTING) {
      return new Health(status, failingStreak, checks);
    }
    int streak = failingStreak + 1;
    return new Health(streak >= retries ? HealthStatus.UNHEALTHY : status, streak, checks);
  }

  /** The same of a container that does not run, and so is not well. */
  Health stopped() {
    return new Health(HealthStatus.UNHEALTHY, failingStreak, log);
  }

  /** As {@code docker inspect} shows it. */
  public Json.Obj toJson() {
    return Json.object()
        .put("Status", status.text())
        .put("FailingStreak", failingStreak)
        .put("Log", new Json.Arr(log.stream().<Json>map(Check::toJson).toList()))
        .build();
  }

  static Health parse(byte[] text) throws JsonException {
    Json.Obj json = Json.parseObject(text);
    List<Check> log = new ArrayList<>();
    for (Json check : json.array("Log")) {
      log.add(Check.parse(check));
    }
    return new Health(
        status(json.string("Status")), json.integer("FailingStreak").orElse(0L).intValue(), log);
  }

  private static HealthStatus status(Optional<String> text) throws JsonException {
    for (HealthStatus status : HealthStatus.values()) {
      if (text.equals(Optional.of(status.text()))) {
        return status;
      }
    }
    throw new JsonException("\"Status\" is none");
  }
}
