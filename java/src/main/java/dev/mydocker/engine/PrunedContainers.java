package dev.mydocker.engine;

import java.util.List;

/**
 * The containers that a prune has removed.
 *
 * @param ids whole
 * @param bytes that they had written
 */
public record PrunedContainers(List<String> ids, long bytes) {
  public PrunedContainers {
    ids = List.copyOf(ids);
  }
}
