package dev.mydocker.spec;

import java.util.Optional;

/**
 * What the container calls itself.
 *
 * @param name its host name, the host's own when it lives in the host's UTS namespace
 * @param domain its NIS domain name
 * @param own whether name and domain are set, in a UTS namespace of its own
 */
record HostName(String name, Optional<String> domain, boolean own) {
  /** HOST_NAME_MAX of sethostname(2). */
  private static final int MAX = 64;

  private static final int SHORT_ID = 12;

  /**
   * Decides it: asked for, or with a network namespace that is not its own whose that is, as in
   * Docker, or the id's start.
   *
   * @throws OptionException when a name is malformed, or the host's namespace would be renamed
   */
  static HostName of(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    check("--hostname", options.hostname());
    check("--domainname", options.domainname());
    boolean own = options.uts() == NamespaceMode.PRIVATE;
    if (!own && (options.hostname().isPresent() || options.domainname().isPresent())) {
      throw new OptionException("conflicting options: hostname and the UTS mode");
    }
    options.domainname().ifPresent(d -> why.put("domainname", "--domainname=" + d));
    if (options.hostname().isPresent()) {
      why.put("hostname", "--hostname=" + options.hostname().get());
      return new HostName(options.hostname().get(), options.domainname(), own);
    }
    if (own && options.network() instanceof NetworkMode.OfContainer other) {
      NetworkOwner owner = host.network().orElseThrow();
      String cause = "--network=" + other.text() + ": that container's name";
      why.put("hostname", cause);
      owner.domainname().ifPresent(d -> why.put("domainname", cause));
      return new HostName(owner.hostname(), owner.domainname(), true);
    }
    boolean hosts = !own || options.network() instanceof NetworkMode.Host;
    why.put(
        "hostname",
        hosts
            ? (own ? "--network=host" : "--uts=host") + ": the host's name"
            : "default: the first 12 digits of its id");
    return new HostName(
        hosts ? host.hostname() : host.id().substring(0, SHORT_ID), options.domainname(), own);
  }

  /** With the domain when there is one, for the variable HOSTNAME. */
  String full() {
    return name + domain.map(d -> "." + d).orElse("");
  }

  /** These names stand in /etc/hosts, so nothing may be in them that ends a word or a line. */
  private static void check(String option, Optional<String> name) throws OptionException {
    if (name.isEmpty()) {
      return;
    }
    String text = name.get();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean good = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (!good && c != '-' && c != '.' && c != '_') {
        throw invalid(option, text);
      }
    }
    if (text.isEmpty() || text.length() > MAX) {
      throw invalid(option, text);
    }
  }

  private static OptionException invalid(String option, String text) {
    return new OptionException(
        option
            + ": invalid name "
            + OptionException.quote(text)
            + ": 1 to 64 letters, digits, '-', '_' and '.'");
  }
}
