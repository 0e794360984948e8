package dev.mydocker.explain;

import dev.mydocker.spec.Spec;
import java.util.List;

/** The content of uid_map and gid_map, user_namespaces(7). */
final class IdMap {
  private IdMap() {}

  /** A line for each range: first id inside, first id outside, how many. */
  static String text(List<Spec.IdMapping> mappings) {
    StringBuilder out = new StringBuilder();
    for (Spec.IdMapping m : mappings) {
      out.append(m.containerId()).append(' ').append(m.hostId()).append(' ');
      out.append(m.size()).append('\n');
    }
    return out.toString();
  }
}
