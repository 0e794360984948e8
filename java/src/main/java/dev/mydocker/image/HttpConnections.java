package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Connections to servers, directly or through a proxy, kept for the next request. Used by several
 * threads at once.
 */
final class HttpConnections implements AutoCloseable {
  private static final int MAX_IDLE = 8;

  private final HttpTiming timing;
  private final HttpProxies proxies;
  private final RegistryTls tls;
  private final Predicate<Origin> insecure;
  private final Map<Origin, Deque<HttpConnection>> idle = new HashMap<>();
  private final Set<HttpConnection> open = new HashSet<>();
  private boolean closed;

  /**
   * Prepares; nothing is connected yet.
   *
   * @param insecure whether the configuration says that a host's certificate is not checked
   */
  HttpConnections(
      HttpTiming timing, HttpProxies proxies, RegistryTls tls, Predicate<Origin> insecure) {
    this.timing = timing;
    this.proxies = proxies;
    this.tls = tls;
    this.insecure = insecure;
  }

  /** A connection that served before, and that its peer may have closed since. */
  synchronized Optional<HttpConnection> kept(Origin origin) {
    Deque<HttpConnection> kept = idle.get(origin);
    return kept == null ? Optional.empty() : Optional.ofNullable(kept.pollFirst());
  }

  /**
   * A new connection.
   *
   * @throws ImageException UNREACHABLE with the reason, CONFIGURATION for certificates of no use
   */
  HttpConnection connect(Origin origin) throws IOException {
    Socket transport = dialThrough(origin);
    try {
      Socket socket = origin.tls() ? secured(transport, origin) : transport;
      socket.setSoTimeout(Math.toIntExact(timing.idle().toMillis()));
      return register(origin, socket, transport);
    } catch (IOException | RuntimeException e) {
      transport.close();
      throw e;
    }
  }

  /** Whether the server at an origin speaks TLS. See {@link TlsProbe}. */
  boolean speakTls(Origin origin) throws IOException {
    try (Socket socket = dialThrough(origin)) {
      return TlsProbe.speaksTls(socket);
    }
  }

  private synchronized HttpConnection register(Origin origin, Socket socket, Socket transport)
      throws IOException {
    if (closed) {
      throw new SocketException("closed");
    }
    HttpConnection connection =
        new HttpConnection(socket, transport, timing, c -> giveBack(origin, c), this::forget);
    open.add(connection);
    return connection;
  }

  private void giveBack(Origin origin, HttpConnection connection) {
    synchronized (this) {
      Deque<HttpConnection> kept = idle.computeIfAbsent(origin, o -> new ArrayDeque<>());
      if (!closed && kept.size() < MAX_IDLE) {
        kept.addFirst(connection);
        return;
      }
    }
    connection.close();
  }

  private synchronized void forget(HttpConnection connection) {
    open.remove(connection);
    idle.values().forEach(kept -> kept.remove(connection));
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Closes every connection, those whose bodies are being read too. */
  @Override
  public void close() {
    List<HttpConnection> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(open);
    }
    all.forEach(HttpConnection::close);
  }

  /** A connection on which the origin, or for http its proxy, is spoken to. */
  private Socket dialThrough(Origin origin) throws IOException {
    Optional<HttpProxies.Proxy> proxy = proxies.proxyFor(origin);
    if (proxy.isEmpty()) {
      return dial(origin);
    }
    Socket socket = dial(proxy.get().origin());
    try {
      if (proxy.get().origin().tls()) {
        socket = secured(socket, proxy.get().origin());
      }
      if (origin.tls()) {
        tunnel(socket, proxy.get(), origin);
      }
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private Socket dial(Origin origin) throws IOException {
    try {
      IOException last = null;
      for (InetAddress address : InetAddress.getAllByName(origin.bareHost())) {
        Socket socket = new Socket();
        try {
          int limit = Math.toIntExact(timing.connect().toMillis());
          socket.connect(new InetSocketAddress(address, origin.port()), limit);
          socket.setTcpNoDelay(true);
          socket.setSoTimeout(limit);
          return socket;
        } catch (IOException e) {
          socket.close();
          last = e;
        }
      }
      throw last;
    } catch (UnknownHostException e) {
      throw unreachable(origin, "there is no host of that name: check it, and the network", e);
    } catch (SocketTimeoutException e) {
      throw unreachable(origin, "no answer within " + timing.connect().toSeconds() + " s", e);
    } catch (ConnectException e) {
      throw unreachable(origin, "connection refused: is a registry running there?", e);
    } catch (NoRouteToHostException e) {
      throw unreachable(origin, "no route to the host: check the network", e);
    }
  }

  private static ImageException unreachable(Origin origin, String why, IOException cause) {
    return new ImageException(
        Kind.UNREACHABLE,
        "cannot connect to " + origin.host() + ":" + origin.port() + ": " + why,
        cause);
  }

  /** Asks a proxy to pass bytes on (RFC 9110, 9.3.6). */
  private void tunnel(Socket socket, HttpProxies.Proxy proxy, Origin origin) throws IOException {
    String target = origin.host() + ":" + origin.port();
    Map<String, String> headers = new LinkedHashMap<>(Map.of("Host", target));
    proxy.authorization().ifPresent(value -> headers.put("Proxy-Authorization", value));
    HttpConnection.write(socket.getOutputStream(), "CONNECT", target, headers);
    int status = HttpHead.read(new HttpInput(socket.getInputStream(), timing)).status();
    if (status / 100 != 2) {
      throw unreachable(
          origin,
          "the proxy "
              + proxy.origin()
              + " refuses ("
              + status
              + (status == 407 ? ": it wants other credentials in the proxy's address)" : ")"),
          null);
    }
  }

  private Socket secured(Socket socket, Origin origin) throws IOException {
    boolean verified = !insecure.test(origin);
    SSLSocket secured =
        (SSLSocket)
            tls.factory(origin, verified)
                .createSocket(socket, origin.bareHost(), origin.port(), true);
    if (verified) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secured.setSSLParameters(parameters);
    }
    try {
      secured.startHandshake();
      return secured;
    } catch (SSLException e) {
      throw unreachable(origin, tlsFailure(origin, e), e);
    }
  }

  private static String tlsFailure(Origin origin, SSLException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof CertPathBuilderException) {
        return "its certificate is signed by nobody trusted here: put its authority's certificate"
            + " in /etc/containers/certs.d/"
            + origin.authority()
            + "/ca.crt";
      }
      if (t instanceof CertificateException && t.getCause() == null) {
        return "its certificate is not good: " + ImageException.quote(t.getMessage());
      }
    }
    // The JDK's exception itself, no subclass of it, stands for records that are none.
    return failure.getClass() == SSLException.class
        ? "it does not speak TLS: if it is to be trusted without, set insecure = true for it in"
            + " registries.conf"
        : "the TLS handshake failed: " + ImageException.quote(String.valueOf(failure.getMessage()));
  }
}
