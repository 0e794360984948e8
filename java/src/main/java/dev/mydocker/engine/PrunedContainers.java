package dev.mydocker.engine;

import java.util.List;

/**
 * The containers that a prune has removed.
 *
 * @param ids whole
 * @param bytes that they had written
 * @param failures a line for each that could not be removed
 */
public record PrunedContainers(List<String> ids, long bytes, List<String> failures) {
  public PrunedContainers {
    ids = List.copyOf(ids);
    failures = List.copyOf(failures);
  }
}
