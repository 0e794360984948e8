package dev.mydocker.spec;

/** What a container that lives in the network namespace of another one cannot have of its own. */
final class NetworkConflicts {
  private NetworkConflicts() {}

  /**
   * Refuses what is the other one's to decide, in Docker's words.
   *
   * @throws OptionException a sentence for the user
   */
  static void refuse(RunOptions options, HostFacts host) throws OptionException {
    if (!(options.network() instanceof NetworkMode.OfContainer)) {
      return;
    }
    if (host.users().isPresent()) {
      // Its root has no power over a namespace that belongs to other users: not even a /sys of it.
      throw new OptionException(
          "cannot share another container's network namespace when user namespaces are enabled:"
              + " give --userns=host, with which it can join any");
    }
    NameChoice names = options.names();
    refuse(options.hostname().isPresent(), "hostname and the network mode");
    refuse(options.domainname().isPresent(), "domainname and the network mode");
    boolean resolver =
        !names.servers().isEmpty() || !names.search().isEmpty() || !names.options().isEmpty();
    refuse(resolver, "dns and the network mode");
    refuse(!names.hosts().isEmpty(), "custom host-to-IP mapping and the network mode");
    boolean published = !options.ports().published().isEmpty() || options.ports().all();
    refuse(published, "port publishing and the container type network mode");
    refuse(
        !options.ports().exposed().isEmpty(), "port exposing and the container type network mode");
  }

  private static void refuse(boolean asked, String what) throws OptionException {
    if (asked) {
      throw new OptionException("conflicting options: " + what);
    }
  }
}
