package dev.mydocker.engine;

import dev.mydocker.image.ImageConfig;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How it is found out whether a container is well. What is not said is empty, or zero: then the
 * image's holds, and else Docker's usual value. See the member "Healthcheck" of Docker's image
 * configuration, whose times are nanoseconds.
 *
 * @param test {@code NONE}; {@code CMD}, a program and its arguments; or {@code CMD-SHELL} and a
 *     text for the shell
 * @param interval from the start to the first check, and from the end of one to the next
 * @param timeout how long one may take; then it is killed, and has failed
 * @param startPeriod from the start of the container: failures do not count in it, until the first
 *     success
 * @param startInterval instead of the interval for as long
 * @param retries how many failures in a row make a container unhealthy
 * @param shell what runs a text; the image's
 */
public record HealthCheck(
    List<String> test,
    Duration interval,
    Duration timeout,
    Duration startPeriod,
    Duration startInterval,
    int retries,
    List<String> shell) {

  private static final String NO_CHECK = "NONE";
  private static final String PROGRAM = "CMD";
  private static final String TEXT = "CMD-SHELL";

  /** Of the times, where one is said. */
  public static final Duration SHORTEST = Duration.ofMillis(1);

  /** Nothing is said. */
  public static final HealthCheck UNSAID = of(List.of());

  /** Not at all, whatever the image says. */
  public static final HealthCheck NONE = of(List.of(NO_CHECK));

  private static final HealthCheck USUAL =
      new HealthCheck(
          List.of(),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          Duration.ZERO,
          Duration.ofSeconds(5),
          3,
          List.of("/bin/sh", "-c"));

  /**
   * What is asked for.
   *
   * @throws IllegalArgumentException when a time is neither 0 nor a millisecond at least, or a
   *     number is below 0
   */
  public HealthCheck {
    test = List.copyOf(test);
    shell = List.copyOf(shell);
    require(interval, "Interval");
    require(timeout, "Timeout");
    require(startPeriod, "StartPeriod");
    require(startInterval, "StartInterval");
    if (retries < 0) {
      throw new IllegalArgumentException("Retries in Healthcheck cannot be negative");
    }
  }

  private static void require(Duration time, String name) {
    if (!time.isZero() && time.compareTo(SHORTEST) < 0) {
      throw new IllegalArgumentException(name + " in Healthcheck cannot be less than 1ms");
    }
  }

  private static HealthCheck of(List<String> test) {
    Duration unsaid = Duration.ZERO;
    return new HealthCheck(test, unsaid, unsaid, unsaid, unsaid, 0, List.of());
  }

  /** A text for the shell; the rest is not said. */
  public static HealthCheck ofText(String text) {
    return of(List.of(TEXT, text));
  }

  /** What an image says, in which nothing may be said. */
  static HealthCheck of(ImageConfig image) throws JsonException {
    try {
      Json.Obj nothing = Json.object().build();
      return parse(image.healthcheck().orElse(nothing), image.shell());
    } catch (JsonException e) {
      throw new JsonException("the image's health check cannot be used: " + e.getMessage());
    }
  }

  /** This, and what {@code other} says of what this does not. */
  HealthCheck over(HealthCheck other) {
    return new HealthCheck(
        test.isEmpty() ? other.test : test,
        interval.isZero() ? other.interval : interval,
        timeout.isZero() ? other.timeout : timeout,
        startPeriod.isZero() ? other.startPeriod : startPeriod,
        startInterval.isZero() ? other.startInterval : startInterval,
        retries == 0 ? other.retries : retries,
        shell.isEmpty() ? other.shell : shell);
  }

  /** This, and the usual values of what it does not say. */
  HealthCheck complete() {
    return over(USUAL);
  }

  /** Whether there is something to check by. */
  public boolean checks() {
    return !test.isEmpty() && (test.get(0).equals(PROGRAM) || test.get(0).equals(TEXT));
  }

  /** What is executed in the container, of one that is complete. */
  List<String> command() {
    List<String> words = test.subList(1, test.size());
    if (test.get(0).equals(PROGRAM)) {
      return words;
    }
    List<String> command = new ArrayList<>(shell);
    command.addAll(words);
    return command;
  }

  /** As Docker's documents have it: without what is not said. */
  public Json.Obj toJson() {
    Json.Builder out = Json.object();
    if (!test.isEmpty()) {
      out.putStrings("Test", test);
    }
    put(out, "Interval", interval.toNanos());
    put(out, "Timeout", timeout.toNanos());
    put(out, "StartPeriod", startPeriod.toNanos());
    put(out, "StartInterval", startInterval.toNanos());
    put(out, "Retries", retries);
    return out.build();
  }

  private static void put(Json.Builder out, String name, long number) {
    if (number != 0) {
      out.put(name, number);
    }
  }

  /**
   * Reads it.
   *
   * @param shell what runs a text; empty for the usual one
   * @throws JsonException when it is none
   */
  static HealthCheck parse(Json.Obj json, List<String> shell) throws JsonException {
    try {
      return new HealthCheck(
          json.strings("Test"),
          time(json, "Interval"),
          time(json, "Timeout"),
          time(json, "StartPeriod"),
          time(json, "StartInterval"),
          Math.toIntExact(json.integer("Retries").orElse(0L)),
          shell);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new JsonException(e.getMessage());
    }
  }

  private static Duration time(Json.Obj json, String name) throws JsonException {
    return Duration.ofNanos(json.integer(name).orElse(0L));
  }
}
