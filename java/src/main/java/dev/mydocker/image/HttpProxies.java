package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which proxy a request goes through, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or in lower case),
 * as curl and Go's programs read them. This machine itself is never reached through a proxy.
 */
final class HttpProxies {

  /**
   * A proxy.
   *
   * @param origin where it listens
   * @param authorization the Proxy-Authorization header's value, when it wants one
   */
  record Proxy(Origin origin, Optional<String> authorization) {}

  private final Optional<Proxy> https;
  private final Optional<Proxy> http;
  private final List<String> direct = new ArrayList<>();

  /**
   * Reads the variables.
   *
   * @throws ImageException CONFIGURATION for a proxy's address that is none
   */
  HttpProxies(Map<String, String> environment) throws ImageException {
    this.https = proxy(environment, "HTTPS_PROXY");
    this.http = proxy(environment, "HTTP_PROXY");
    for (String entry : variable(environment, "NO_PROXY").split("[,\\s]")) {
      if (!entry.isBlank()) {
        direct.add(entry.strip().toLowerCase(Locale.ROOT));
      }
    }
  }

  /** The proxy for requests to {@code origin}. */
  Optional<Proxy> proxyFor(Origin origin) {
    Optional<Proxy> proxy = origin.tls() ? https : http;
    boolean straight = proxy.isEmpty() || origin.isLoopback() || isDirect(origin);
    return straight ? Optional.empty() : proxy;
  }

  private boolean isDirect(Origin origin) {
    for (String entry : direct) {
      if (matches(entry, origin)) {
        return true;
      }
    }
    return false;
  }

  /** An entry is {@code *}, a domain with all below it, an address, or a range of them. */
  private static boolean matches(String entry, Origin origin) {
    if (entry.equals("*") || entry.equals(origin.bareHost())) {
      return true;
    }
    int slash = entry.indexOf('/');
    if (slash > 0) {
      return origin.isAddress() && isWithin(entry.substring(0, slash), entry, slash, origin);
    }
    int colon = entry.indexOf(':', Math.max(0, entry.lastIndexOf(']')));
    if (colon >= 0 && entry.indexOf(':', colon + 1) < 0) {
      if (!entry.substring(colon + 1).equals(String.valueOf(origin.port()))) {
        return false;
      }
      entry = entry.substring(0, colon);
    }
    String domain = entry.startsWith("*.") ? entry.substring(1) : entry;
    String suffix = domain.startsWith(".") ? domain : "." + domain;
    return origin.host().equals(domain)
        || origin.host().equals(suffix.substring(1))
        || origin.host().endsWith(suffix);
  }

  private static boolean isWithin(String network, String entry, int slash, Origin origin) {
    String bits = entry.substring(slash + 1);
    boolean good =
        HostAddress.isLiteral(network)
            && !bits.isEmpty()
            && bits.length() <= 3
            && bits.chars().allMatch(c -> c >= '0' && c <= '9');
    return good
        && HostAddress.literal(origin.bareHost())
            .isWithin(HostAddress.literal(network), Integer.parseInt(bits));
  }

  private static Optional<Proxy> proxy(Map<String, String> environment, String name)
      throws ImageException {
    String text = variable(environment, name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI url = new URI(text.contains("://") ? text : "http://" + text);
      URI bare = new URI(url.getScheme(), null, url.getHost(), url.getPort(), null, null, null);
      Optional<String> user = Optional.ofNullable(url.getUserInfo());
      return Optional.of(new Proxy(Origin.of(bare), user.map(HttpProxies::basic)));
    } catch (URISyntaxException | IOException e) {
      // The text may hold a password: neither it nor the parser's message is shown.
      throw new ImageException(
          Kind.CONFIGURATION,
          "the environment variable "
              + name
              + " is not a proxy's address: write http://HOST:PORT or https://HOST:PORT");
    }
  }

  private static String variable(Map<String, String> environment, String name) {
    String upper = environment.getOrDefault(name, "");
    String value =
        upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
    return value.strip();
  }

  private static String basic(String user) {
    int colon = user.indexOf(':');
    return colon < 0
        ? new Credential.Password(user, "").basic()
        : new Credential.Password(user.substring(0, colon), user.substring(colon + 1)).basic();
  }
}
