package dev.mydocker.image;

import java.net.ProtocolException;
import java.net.URI;
import java.util.Locale;

/**
 * Who a request goes to (RFC 6454): scheme, host and port. Credentials belong to exactly one.
 *
 * @param tls https rather than http
 * @param host a name or an address in lower case; an IPv6 address in brackets
 * @param port 1 to 65535
 */
record Origin(boolean tls, String host, int port) {

  Origin {
    host = host.toLowerCase(Locale.ROOT);
  }

  /**
   * The origin of a URL.
   *
   * @throws ProtocolException unless it is http or https with a host and no user information
   */
  static Origin of(URI url) throws ProtocolException {
    String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("https") && !scheme.equals("http")
        || url.getHost() == null
        || url.getRawUserInfo() != null) {
      throw new ProtocolException("a URL that is not https://host/path");
    }
    boolean tls = scheme.equals("https");
    int port = url.getPort() < 0 ? defaultPort(tls) : url.getPort();
    if (port < 1 || port > 65535) {
      throw new ProtocolException("a URL with the port " + port);
    }
    return new Origin(tls, url.getHost(), port);
  }

  /** The origin of a registry's {@code host[:port]}, whose grammar was checked. */
  static Origin of(boolean tls, String authority) {
    int colon = authority.indexOf(':', Math.max(0, authority.lastIndexOf(']')));
    return colon < 0
        ? new Origin(tls, authority, defaultPort(tls))
        : new Origin(
            tls, authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)));
  }

  /** The host as {@link java.net.InetAddress} takes it. */
  String bareHost() {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** {@code host[:port]}, without the scheme's own port. */
  String authority() {
    return port == defaultPort(tls) ? host : host + ":" + port;
  }

  /** Whether it is this machine by name or number, which no name server has a say in. */
  boolean isLoopback() {
    return host.equals("localhost") || isAddress() && HostAddress.literal(bareHost()).isLoopback();
  }

  /** Whether the host is written as an address rather than a name. */
  boolean isAddress() {
    return HostAddress.isLiteral(bareHost());
  }

  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + authority();
  }

  private static int defaultPort(boolean tls) {
    return tls ? 443 : 80;
  }
}
