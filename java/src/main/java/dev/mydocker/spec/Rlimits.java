package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Resource limits of the process: those that were asked for, and the soft limit of open files,
 * which every JVM raises for itself and a container shall not inherit.
 */
final class Rlimits {
  private Rlimits() {}

  /**
   * The limits, the last {@code --ulimit} of a resource.
   *
   * @throws OptionException when one is above what the engine may give
   */
  static List<Spec.RlimitEntry> of(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    Map<Rlimit, Ulimit> last = new EnumMap<>(Rlimit.class);
    for (Ulimit limit : options.ulimits()) {
      last.put(limit.resource(), limit);
    }
    List<Spec.RlimitEntry> out = new ArrayList<>();
    for (Ulimit limit : last.values()) {
      check(limit, host);
      String type = limit.resource().name();
      why.put("rlimit:" + type, "--ulimit " + limit);
      out.add(new Spec.RlimitEntry(type, limit.soft(), limit.hard()));
    }
    if (host.openFiles().isPresent() && !last.containsKey(Rlimit.RLIMIT_NOFILE)) {
      why.put("rlimit:RLIMIT_NOFILE", "default: the JVM had raised its own soft limit: put back");
      out.add(
          new Spec.RlimitEntry(
              Rlimit.RLIMIT_NOFILE.name(),
              host.openFiles().getAsLong(),
              host.hardLimits().getOrDefault(Rlimit.RLIMIT_NOFILE, Ulimit.UNLIMITED)));
    }
    return out;
  }

  private static void check(Ulimit limit, HostFacts host) throws OptionException {
    long held = host.hardLimits().getOrDefault(limit.resource(), Ulimit.UNLIMITED);
    if (Long.compareUnsigned(limit.hard(), held) > 0
        // That of a user namespace does not count: prlimit(2).
        && (host.rootless().isPresent()
            || !host.capabilities().contains(Capability.CAP_SYS_RESOURCE))) {
      throw new OptionException(
          "--ulimit "
              + limit
              + ": the engine's own hard limit is "
              + Ulimit.show(held)
              + ", and only with CAP_SYS_RESOURCE, which it does not have, could it give more");
    }
  }
}
