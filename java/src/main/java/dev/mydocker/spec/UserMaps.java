package dev.mydocker.spec;

import java.util.List;
import java.util.OptionalLong;

/**
 * Which ids of the host the ids of a user namespace are, user_namespaces(7).
 *
 * @param uids ranges of users
 * @param gids ranges of groups
 */
public record UserMaps(List<Spec.IdMapping> uids, List<Spec.IdMapping> gids) {
  public UserMaps {
    uids = List.copyOf(uids);
    gids = List.copyOf(gids);
  }

  /** The host's id of an id in there; empty when it has none. */
  public static OptionalLong host(List<Spec.IdMapping> mappings, long id) {
    for (Spec.IdMapping m : mappings) {
      if (id >= m.containerId() && id - m.containerId() < m.size()) {
        return OptionalLong.of(m.hostId() + id - m.containerId());
      }
    }
    return OptionalLong.empty();
  }
}
