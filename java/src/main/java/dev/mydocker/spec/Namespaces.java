package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The namespaces a container gets of its own; of users only when it is asked for. */
final class Namespaces {
  private Namespaces() {}

  static List<Spec.Namespace> of(RunOptions options, HostFacts host, Causes.Collector why) {
    List<Spec.Namespace> own = new ArrayList<>();
    if (host.users().isPresent()) {
      own.add(new Spec.Namespace("user", Optional.empty()));
      why.put("namespace:user", "--userns=" + options.userns().text());
    }
    add(own, "mount", NamespaceMode.PRIVATE, why);
    if (options.network() instanceof NetworkMode.OfContainer other) {
      own.add(new Spec.Namespace("network", Optional.of(host.network().orElseThrow().namespace())));
      why.put("namespace:network", "--network=" + other.text());
    } else {
      boolean hosts = options.network() instanceof NetworkMode.Host;
      add(own, "network", hosts ? NamespaceMode.HOST : NamespaceMode.PRIVATE, why);
    }
    add(own, "uts", options.uts(), why);
    add(own, "pid", options.pid(), why);
    add(own, "ipc", options.ipc(), why);
    add(own, "cgroup", options.cgroupns(), why);
    // Docker's default on v1 is the host's. There the mounts would show every cgroup of the host.
    if (options.cgroupns() == NamespaceMode.PRIVATE) {
      why.put("namespace:cgroup", "default: private, so that it sees no cgroup but its own");
    }
    return own;
  }

  private static void add(
      List<Spec.Namespace> own, String type, NamespaceMode mode, Causes.Collector why) {
    if (mode == NamespaceMode.PRIVATE) {
      own.add(new Spec.Namespace(type, Optional.empty()));
      why.put("namespace:" + type, "default: private");
    } else {
      String option = type.equals("cgroup") ? "cgroupns" : type;
      why.put("namespace:" + type, "--" + option + "=host");
    }
  }
}
