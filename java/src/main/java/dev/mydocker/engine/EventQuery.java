package dev.mydocker.engine;

import java.time.Instant;
import java.util.Optional;

/**
 * Which events are asked for. Without any time those from now on; else also what has happened.
 *
 * @param since those from then on
 * @param until those up to then, which may be to come; empty for no end
 */
public record EventQuery(Optional<Instant> since, Optional<Instant> until) {

  boolean asksForPast() {
    return since.isPresent() || until.isPresent();
  }

  boolean wants(Instant time) {
    return !time.isBefore(since.orElse(Instant.MIN)) && !time.isAfter(until.orElse(Instant.MAX));
  }

  /** Whether nothing that happens from now on is wanted. */
  boolean isOver(Instant now) {
    return now.isAfter(until.orElse(Instant.MAX));
  }
}
