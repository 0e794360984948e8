package dev.mydocker.image;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** One repository at one registry: requests of the OCI distribution-spec, authorized. */
final class RegistryEndpoint {
  private final RegistryHttp http;
  private final String domain;
  private final String path;
  private final RegistryAuth auth;
  private final Map<String, RegistryAuth> mounting = new ConcurrentHashMap<>();
  private Optional<Origin> origin = Optional.empty();

  /**
   * Nothing is sent yet.
   *
   * @param domain the registry's {@code host[:port]} as people write it
   * @param path the repository; empty for the registry itself
   */
  RegistryEndpoint(
      RegistryHttp http,
      String domain,
      String path,
      RegistryAuth.Keeper keeper,
      RegistryAuth.Purpose purpose) {
    this.http = http;
    this.domain = domain;
    this.path = path;
    this.auth = new RegistryAuth(http, domain, path, keeper, purpose);
  }

  /** The registry's {@code host[:port]} as people write it. */
  String domain() {
    return domain;
  }

  RegistryHttp http() {
    return http;
  }

  RegistryAuth auth() {
    return auth;
  }

  /** The authorization that may pull from {@code other} too, one for each. */
  RegistryAuth authFor(String other) {
    return mounting.computeIfAbsent(other, auth::alsoPulling);
  }

  /**
   * Fetches what stands below the repository.
   *
   * @param tail {@code manifests/TAG}, {@code blobs/DIGEST}; safe in a URL
   * @param wanted what it is, for the error
   * @return an answer of 2xx
   * @throws ImageException for any other
   */
  HttpAnswer get(String tail, Map<String, String> headers, String wanted) throws IOException {
    return get(url(tail), headers, wanted);
  }

  /** {@link #get(String, Map, String)} of a URL that the registry named. */
  HttpAnswer get(URI url, Map<String, String> headers, String wanted) throws IOException {
    HttpAnswer answer = exchange(HttpRequest.get(url, headers));
    String coding = answer.head().first("content-encoding").orElse("identity");
    if (answer.status() / 100 != 2) {
      throw RegistryError.of(answer, domain, wanted, auth);
    }
    if (!coding.equalsIgnoreCase("identity")) {
      answer.close();
      throw new ProtocolException(
          "a " + wanted + " with Content-Encoding " + ImageException.quote(coding));
    }
    return answer;
  }

  /** The answer to a request, of any status. */
  HttpAnswer exchange(HttpRequest request) throws IOException {
    return exchange(request, auth);
  }

  /** {@link #exchange} by another authorization for the same registry. */
  HttpAnswer exchange(HttpRequest request, RegistryAuth by) throws IOException {
    Origin registry = origin();
    if (!Origin.of(request.url()).equals(registry)) {
      throw new IllegalArgumentException("a request to somebody else than " + registry);
    }
    Optional<String> sent = by.header(registry);
    HttpAnswer answer = send(request, sent);
    if (answer.status() != 401) {
      return answer;
    }
    Optional<String> renewed;
    try {
      renewed = by.renew(registry, answer.head(), sent);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
    if (renewed.isEmpty()) {
      return answer;
    }
    answer.discard();
    return send(request, renewed);
  }

  private HttpAnswer send(HttpRequest request, Optional<String> authorization) throws IOException {
    boolean reads = request.isHead() || request.method().equals("GET");
    return reads ? http.fetch(request, authorization) : http.send(request, authorization);
  }

  /** The URL of what stands below the repository, or below a registry's {@code /v2/}. */
  URI url(String tail) throws IOException {
    try {
      return new URI(origin() + "/v2/" + (path.isEmpty() ? "" : path + "/") + tail);
    } catch (URISyntaxException e) {
      // The reference's grammar lets colons and digits in brackets pass that are no IPv6 address.
      throw new ImageException(
          ImageException.Kind.BAD_REFERENCE, ImageException.quote(domain) + " is no address", e);
    }
  }

  /**
   * What an answer's reference means, where it may only mean this registry itself: it gets what
   * nobody else should, credentials and content.
   *
   * @param from the request's URL
   * @param what the header's name and purpose, for the error
   */
  URI own(URI from, String reference, String what) throws IOException {
    URI url = RegistryHttp.resolve(from, reference);
    Origin named = Origin.of(url);
    if (url.getRawFragment() != null) {
      throw new ProtocolException("a " + what + " with a fragment");
    }
    if (!named.equals(origin())) {
      throw new ImageException(
          ImageException.Kind.UNREACHABLE,
          origin() + " names another place in its " + what + ", which is not used: " + named);
    }
    return url;
  }

  private synchronized Origin origin() throws IOException {
    if (origin.isEmpty()) {
      String host = domain.equals("docker.io") ? "registry-1.docker.io" : domain;
      origin = Optional.of(http.discover(host));
    }
    return origin.get();
  }
}
