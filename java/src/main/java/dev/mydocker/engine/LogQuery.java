package dev.mydocker.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * What is wanted of a log.
 *
 * @param follow whether to wait for what is still to come, up to the container's end
 * @param tail how many lines of what is there, counted from its end; empty: all
 * @param since not what is older; empty: from the beginning
 * @param until not what is newer; empty: to the end
 */
public record LogQuery(
    boolean follow, Optional<Long> tail, Optional<Instant> since, Optional<Instant> until) {

  /** All that is there. */
  public static final LogQuery ALL =
      new LogQuery(false, Optional.empty(), Optional.empty(), Optional.empty());

  boolean wants(Instant time) {
    return !(since.isPresent() && time.isBefore(since.get())) && !isOver(time);
  }

  /** Whether {@code time} is beyond what is wanted. */
  boolean isOver(Instant time) {
    return until.isPresent() && time.isAfter(until.get());
  }
}
