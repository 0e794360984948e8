package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Kernel parameters, as far as they belong to a namespace of the container's own. */
final class Sysctls {
  private static final Set<String> IPC =
      Set.of(
          "kernel.msgmax",
          "kernel.msgmnb",
          "kernel.msgmni",
          "kernel.sem",
          "kernel.shmall",
          "kernel.shmmax",
          "kernel.shmmni",
          "kernel.shm_rmid_forced");

  private static final String PING = "net.ipv4.ping_group_range";

  /** What lets a user that is not root serve port 80 and ping, as in Docker. */
  private static final Map<String, String> NETWORK =
      Map.of("net.ipv4.ip_unprivileged_port_start", "0", PING, "0 2147483647");

  private Sysctls() {}

  /**
   * Docker's and the user's.
   *
   * @throws OptionException when one would change the host
   */
  static Map<String, String> of(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    Map<String, String> out = new LinkedHashMap<>();
    boolean shared =
        options.network() instanceof NetworkMode.Host
            || options.network() instanceof NetworkMode.OfContainer;
    if (!shared) {
      for (String name : NETWORK.keySet().stream().sorted().toList()) {
        Optional<UserMaps> ids = host.users().or(() -> host.rootless().map(Rootless::ids));
        boolean groups = name.equals(PING) && ids.isPresent();
        out.put(name, groups ? groups(ids.get()) : NETWORK.get(name));
        why.put("sysctl:" + name, "default: Docker's");
      }
    }
    for (Map.Entry<String, String> asked : options.sysctls().entrySet()) {
      String name = asked.getKey();
      Optional<String> conflict = conflict(name, options, host);
      if (conflict.isPresent()) {
        throw new OptionException("sysctl " + OptionException.quote(name) + " " + conflict.get());
      }
      if (asked.getValue().indexOf('\0') >= 0) {
        throw new OptionException("sysctl " + OptionException.quote(name) + " has a NUL");
      }
      out.put(name, asked.getValue());
      why.put("sysctl:" + name, "--sysctl " + name);
    }
    return out;
  }

  /** The kernel takes groups only that the container's user namespace has. */
  private static String groups(UserMaps users) {
    List<Spec.IdMapping> sorted = new ArrayList<>(users.gids());
    sorted.sort(Comparator.comparingLong(Spec.IdMapping::containerId));
    long end = 0;
    for (Spec.IdMapping m : sorted) {
      end = m.containerId() == end ? end + m.size() : end;
    }
    return "0 " + Math.max(0, Math.min(end, 1L << 31) - 1);
  }

  private static Optional<String> conflict(String name, RunOptions options, HostFacts host) {
    if (!isName(name)) {
      return Optional.of("is not allowed: a name is words joined by dots");
    }
    if (name.startsWith("net.")) {
      boolean shared = host.network().isPresent() && host.network().get().hosts();
      return inHosts(shared || options.network() instanceof NetworkMode.Host, "network");
    }
    if (IPC.contains(name) || name.startsWith("fs.mqueue.")) {
      return inHosts(options.ipc() == NamespaceMode.HOST, "IPC");
    }
    if (name.equals("kernel.domainname")) {
      return options.domainname().isPresent()
          ? Optional.of("is not allowed together with --domainname")
          : inHosts(options.uts() == NamespaceMode.HOST, "UTS");
    }
    return name.equals("kernel.hostname")
        ? Optional.of("is not allowed: use --hostname")
        : Optional.of("is not allowed: it is the whole host's, not a container's");
  }

  private static Optional<String> inHosts(boolean host, String kind) {
    return host ? Optional.of("not allowed in host " + kind + " namespace") : Optional.empty();
  }

  /** The name becomes a path below /proc/sys, each dot a slash: no part may be anything else. */
  private static boolean isName(String name) {
    for (String part : name.split("\\.", -1)) {
      if (part.isEmpty() || part.indexOf('/') >= 0 || part.chars().anyMatch(c -> c <= ' ')) {
        return false;
      }
    }
    return true;
  }
}
