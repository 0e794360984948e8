package dev.mydocker.image;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;

/** One repository at one registry: the OCI distribution-spec's GET requests, authorized. */
final class RegistryEndpoint {
  private final RegistryHttp http;
  private final ImageRef.Registry reference;
  private final RegistryAuth auth;
  private Optional<Origin> origin = Optional.empty();

  RegistryEndpoint(RegistryHttp http, ImageRef.Registry reference, Credentials credentials) {
    this.http = http;
    this.reference = reference;
    this.auth = new RegistryAuth(http, reference.domain(), reference.path(), credentials);
  }

  /** The registry's {@code host[:port]} as people write it. */
  String domain() {
    return reference.domain();
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
    HttpAnswer answer = authorized(tail, headers);
    String coding = answer.head().first("content-encoding").orElse("identity");
    if (answer.status() / 100 != 2) {
      throw RegistryError.of(answer, domain(), domain(), wanted, auth.hasCredentials());
    }
    if (!coding.equalsIgnoreCase("identity")) {
      answer.close();
      throw new ProtocolException(
          "a " + wanted + " with Content-Encoding " + ImageException.quote(coding));
    }
    return answer;
  }

  private HttpAnswer authorized(String tail, Map<String, String> headers) throws IOException {
    Origin registry = origin();
    URI url = url(registry, tail);
    Optional<String> sent = auth.header(registry);
    HttpAnswer answer = http.get(url, headers, sent);
    if (answer.status() != 401) {
      return answer;
    }
    Optional<String> renewed;
    try {
      renewed = auth.renew(registry, answer.head(), sent);
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
    if (renewed.isEmpty()) {
      return answer;
    }
    answer.discard();
    return http.get(url, headers, renewed);
  }

  private URI url(Origin registry, String tail) throws ImageException {
    try {
      return new URI(registry + "/v2/" + reference.path() + "/" + tail);
    } catch (URISyntaxException e) {
      // The reference's grammar lets colons and digits in brackets pass that are no IPv6 address.
      throw new ImageException(
          ImageException.Kind.BAD_REFERENCE, ImageException.quote(domain()) + " is no address", e);
    }
  }

  private synchronized Origin origin() throws IOException {
    if (origin.isEmpty()) {
      String host = domain().equals("docker.io") ? "registry-1.docker.io" : domain();
      origin = Optional.of(http.discover(host));
    }
    return origin.get();
  }
}
