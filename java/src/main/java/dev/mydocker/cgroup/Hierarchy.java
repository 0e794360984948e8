package dev.mydocker.cgroup;

import java.util.List;
import java.util.Optional;

/**
 * One mounted cgroup hierarchy.
 *
 * @param mountPoint absolute, without a slash at its end
 * @param unified whether it is of version 2
 * @param controllers those whose files are here
 * @param name of a v1 hierarchy that has no controller, such as {@code systemd}
 */
record Hierarchy(
    String mountPoint, boolean unified, List<String> controllers, Optional<String> name) {

  Hierarchy {
    controllers = List.copyOf(controllers);
  }

  Hierarchy withControllers(List<String> others) {
    return new Hierarchy(mountPoint, unified, others, name);
  }

  /** What people call it: its controllers, or its name. */
  String title() {
    return name.orElse(controllers.isEmpty() ? "unified" : String.join(",", controllers));
  }
}
