package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;

/**
 * HTTP/1.1 requests to registries and what they name, over kept connections.
 *
 * <p>Not the JDK's client: that one moves a body through another thread and its queue (a quarter of
 * the bytes per second at ten times the processor time, measured from a loopback registry), and has
 * no limit to a stalled body. Here a body goes from the socket into the reader's buffer. Used by
 * several threads at once.
 */
final class RegistryHttp implements AutoCloseable {
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_TRIES = 4;
  private static final Duration MAX_WAIT = Duration.ofSeconds(60);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> BUSY = Set.of(429, 500, 502, 503, 504);

  /** Hears of every request that was answered. See {@link PullListener#call}. */
  interface Calls {
    void call(String method, String url, int status, long startNanos, long endNanos);
  }

  private final HttpTiming timing;
  private final HttpProxies proxies;
  private final HttpConnections connections;
  private final Calls calls;
  private final Predicate<Origin> insecure;

  /**
   * Prepares; nothing is sent yet.
   *
   * @param environment where certificates and proxies are looked for
   * @param insecure whether the configuration says that a host's certificate is not checked
   * @throws ImageException CONFIGURATION
   */
  RegistryHttp(
      Map<String, String> environment, HttpTiming timing, Calls calls, Predicate<Origin> insecure)
      throws ImageException {
    this.timing = timing;
    this.proxies = new HttpProxies(environment);
    this.connections = new HttpConnections(timing, proxies, new RegistryTls(environment), insecure);
    this.calls = calls;
    this.insecure = insecure;
  }

  /**
   * Finds out how a registry wants to be spoken to: https, or http where it does not speak TLS and
   * is on this machine or configured as insecure. A bad certificate never leads to http.
   *
   * @param authority {@code host[:port]}
   */
  Origin discover(String authority) throws IOException {
    Origin secure = Origin.of(true, authority);
    if (!mayBePlain(secure)) {
      return secure;
    }
    Origin plain = Origin.of(false, authority);
    try {
      return connections.speakTls(secure) ? secure : plain;
    } catch (ImageException e) {
      // Without a port of its own, http is at another port that may well answer.
      if (secure.port() == plain.port()) {
        throw e;
      }
      return plain;
    }
  }

  /** Whether http may be spoken to this host. */
  boolean mayBePlain(Origin origin) {
    return origin.isLoopback() || insecure.test(origin);
  }

  /**
   * GET or HEAD, with redirects followed and passing failures tried again.
   *
   * @param authorization the Authorization header's value; it goes to the URL's origin alone
   * @return an answer that is no redirect; of any other status
   */
  HttpAnswer fetch(HttpRequest request, Optional<String> authorization) throws IOException {
    Origin first = Origin.of(request.url());
    Optional<String> credentials = authorization;
    URI at = request.url();
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpAnswer answer = tryRepeatedly(request.to(at).authorized(credentials));
      Origin here = Origin.of(at);
      if (!REDIRECTS.contains(answer.status())) {
        if (answer.status() == 401 && !here.equals(first)) {
          answer.close();
          throw new ImageException(
              Kind.UNAUTHORIZED, first + " sent us on to " + here + ", which wants credentials");
        }
        return answer;
      }
      answer.discard();
      at = redirect(at, answer.head());
      Origin next = Origin.of(at);
      if (here.tls() && !next.tls()) {
        throw new ProtocolException("a redirect from https to http, which is not followed");
      }
      checkReach(first, next);
      if (!next.equals(first)) {
        credentials = Optional.empty();
      }
    }
    throw new ProtocolException("more than " + MAX_REDIRECTS + " redirects");
  }

  /**
   * A request that changes something; a redirect is an answer like any other. Passing failures are
   * tried again when it is repeatable.
   */
  HttpAnswer send(HttpRequest request, Optional<String> authorization) throws IOException {
    HttpRequest all = request.authorized(authorization);
    return request.repeatable() ? tryRepeatedly(all) : exchange(all);
  }

  /**
   * Throws when a registry sends us somewhere that only this machine or this network can reach and
   * the registry itself does not lie there: such a request would serve it, not us.
   */
  void checkReach(Origin registry, Origin target) throws IOException {
    if (registry.host().equals(target.host()) || registry.isLoopback()) {
      return;
    }
    for (HostAddress address : addresses(target)) {
      if (address.isHostLocal()
          || target.isAddress() && address.isPrivate() && !isPrivate(registry)) {
        throw new ImageException(
            Kind.UNREACHABLE,
            registry + " sent us to " + target + ", an address inside this host or network");
      }
    }
  }

  private boolean isPrivate(Origin origin) {
    return addresses(origin).stream().anyMatch(HostAddress::isPrivate);
  }

  /** A host's addresses; none when a proxy looks them up or the name server does not know it. */
  private List<HostAddress> addresses(Origin origin) {
    if (!origin.isAddress() && proxies.proxyFor(origin).isPresent()) {
      return List.of();
    }
    try {
      return List.of(InetAddress.getAllByName(origin.bareHost())).stream()
          .map(HostAddress::new)
          .toList();
    } catch (UnknownHostException e) {
      return List.of();
    }
  }

  private static URI redirect(URI from, HttpHead head) throws ProtocolException {
    return resolve(
        from,
        head.first("location")
            .orElseThrow(() -> new ProtocolException("a redirect without a Location")));
  }

  /** What a reference in an answer from {@code from} means. */
  static URI resolve(URI from, String reference) throws ProtocolException {
    try {
      return new URI(from.resolve(new URI(reference)).toASCIIString());
    } catch (URISyntaxException e) {
      throw new ProtocolException("a Location or Link that is not a URL");
    }
  }

  private HttpAnswer tryRepeatedly(HttpRequest request) throws IOException {
    for (int tries = 1; ; tries++) {
      Duration wait = backOff(tries);
      try {
        HttpAnswer answer = exchange(request);
        if (!isBusy(answer.head()) || tries == MAX_TRIES) {
          return answer;
        }
        Optional<Duration> asked = waitFor(answer.head(), tries);
        if (asked.isEmpty()) {
          return answer;
        }
        wait = asked.get();
        answer.discard();
      } catch (IOException e) {
        if (!isBroken(e) || tries == MAX_TRIES || connections.isClosed()) {
          throw e;
        }
      }
      sleep(wait);
    }
  }

  /** Whether the peer says that it may well give another answer later. */
  static boolean isBusy(HttpHead head) {
    return BUSY.contains(head.status());
  }

  /** How long to wait after a busy answer, the {@code tries}th; empty when that is too long. */
  private Optional<Duration> waitFor(HttpHead head, int tries) {
    return Optional.of(retryAfter(head).orElse(backOff(tries)))
        .filter(wait -> wait.compareTo(MAX_WAIT) <= 0);
  }

  /** Whether going on where a transfer stopped may succeed. */
  static boolean isPassing(IOException e) {
    return isBroken(e) || isRefused(e) || e instanceof SocketTimeoutException;
  }

  /** Whether nobody listened, as while a registry starts again. */
  static boolean isRefused(IOException e) {
    return e instanceof ImageException && e.getCause() instanceof ConnectException;
  }

  /** Whether a connection broke, which the next one may not. */
  static boolean isBroken(IOException e) {
    return e instanceof SocketException || e instanceof EOFException || e instanceof SSLException;
  }

  /** The pause after the {@code tries}th failure: doubled each time, with a little chance in it. */
  private Duration backOff(int tries) {
    long millis = timing.retry().toMillis() << Math.min(tries, 10) - 1;
    return Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(millis / 4 + 1));
  }

  /**
   * Waits as a busy answer, the {@code tries}th, asks.
   *
   * @return false when it asks for too long
   */
  boolean pause(HttpHead busy, int tries) throws InterruptedIOException {
    Optional<Duration> wait = waitFor(busy, tries);
    if (wait.isPresent()) {
      sleep(wait.get());
    }
    return wait.isPresent();
  }

  /** Waits before another attempt, the {@code tries + 1}st. */
  void pause(int tries) throws InterruptedIOException {
    sleep(backOff(tries));
  }

  private static void sleep(Duration time) throws InterruptedIOException {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /** The Retry-After header: seconds, or a date (RFC 9110, 10.2.3). */
  private static Optional<Duration> retryAfter(HttpHead head) {
    String text = head.first("retry-after").orElse("");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.of(
          Duration.ofSeconds(text.length() > 9 ? 999_999_999 : Long.parseLong(text)));
    }
    try {
      ZonedDateTime date = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration wait = Duration.between(ZonedDateTime.now(date.getZone()), date);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private HttpAnswer exchange(HttpRequest request) throws IOException {
    URI url = request.url();
    Origin origin = Origin.of(url);
    long start = System.nanoTime();
    int status = 0;
    try {
      HttpAnswer answer = send(request, origin);
      status = answer.status();
      return answer;
    } finally {
      String shown = origin + (url.getRawPath() == null ? "" : url.getRawPath());
      calls.call(request.method(), shown, status, start, System.nanoTime());
    }
  }

  private HttpAnswer send(HttpRequest request, Origin origin) throws IOException {
    URI url = request.url();
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String target = path + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
    Map<String, String> all = new LinkedHashMap<>();
    all.put("Host", origin.authority());
    all.put("User-Agent", "mydocker");
    all.put("Accept-Encoding", "identity");
    all.putAll(request.headers());
    Optional<HttpProxies.Proxy> proxy = proxies.proxyFor(origin);
    if (proxy.isPresent() && !origin.tls()) {
      target = origin + target;
      proxy.get().authorization().ifPresent(value -> all.put("Proxy-Authorization", value));
    }
    while (true) {
      Optional<HttpConnection> kept = connections.kept(origin);
      if (kept.isEmpty()) {
        return connections.connect(origin).send(request, target, all);
      }
      try {
        return kept.get().send(request, target, all);
      } catch (IOException e) {
        // The peer may close a kept connection at any time; that says nothing of this request.
        if (!request.repeatable() || !isBroken(e) || connections.isClosed()) {
          throw e;
        }
      }
    }
  }

  /** Closes every connection, those whose bodies are being read too. */
  @Override
  public void close() {
    connections.close();
  }
}
