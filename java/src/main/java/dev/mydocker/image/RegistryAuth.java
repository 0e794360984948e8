package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The authorization to pull from one repository: none, Basic, or a token of the registry's token
 * service (distribution's token authentication specification). Made when the registry asks for it,
 * renewed when it ends, shared by all fetches.
 */
final class RegistryAuth {
  private static final int MAX_BODY = 1 << 20;

  /** Seconds a token lives when its service does not say; and no token is taken to live longer. */
  private static final long DEFAULT_LIFE = 60;

  private static final long MAX_LIFE = 86_400;

  private final RegistryHttp http;
  private final String domain;
  private final String path;
  private final Credentials credentials;
  private Optional<String> header = Optional.empty();
  private Optional<Challenge> bearer = Optional.empty();
  private Optional<Optional<Credential>> credential = Optional.empty();
  private long goodUntil;

  /**
   * Nothing is looked up or sent yet.
   *
   * @param domain of the registry, as credentials are kept for
   * @param path the repository
   */
  RegistryAuth(RegistryHttp http, String domain, String path, Credentials credentials) {
    this.http = http;
    this.domain = domain;
    this.path = path;
    this.credentials = credentials;
  }

  /** The Authorization header's value, when one is known to be wanted. */
  synchronized Optional<String> header(Origin registry) throws IOException {
    if (bearer.isPresent() && System.nanoTime() - goodUntil >= 0) {
      header = Optional.of(fetchToken(registry, bearer.get()));
    }
    return header;
  }

  /**
   * What to send instead of {@code refused}, which brought an answer of 401.
   *
   * @return empty when there is nothing else to try
   * @throws ImageException UNAUTHORIZED when the token service refuses
   */
  synchronized Optional<String> renew(Origin registry, HttpHead answer, Optional<String> refused)
      throws IOException {
    if (!header.equals(refused)) {
      return header;
    }
    List<Challenge> challenges = Challenge.parse(answer.all("www-authenticate"));
    Optional<Challenge> token =
        challenges.stream()
            .filter(c -> c.scheme().equals("bearer") && c.parameter("realm").isPresent())
            .findFirst();
    if (token.isPresent()) {
      header = Optional.of(fetchToken(registry, token.get()));
      bearer = token;
      return header;
    }
    boolean basic = challenges.stream().anyMatch(c -> c.scheme().equals("basic"));
    if (basic && refused.isEmpty() && credential().isPresent()) {
      // Over http too: that is spoken only to this machine and to hosts configured so.
      if (credential().get() instanceof Credential.Password password) {
        header = Optional.of(password.basic());
        return header;
      }
    }
    return Optional.empty();
  }

  /** Whether there are credentials for this registry, as far as was looked. */
  synchronized boolean hasCredentials() {
    return credential.isPresent() && credential.get().isPresent();
  }

  private Optional<Credential> credential() throws ImageException {
    if (credential.isEmpty()) {
      credential = Optional.of(credentials.find(domain, path));
    }
    return credential.get();
  }

  private String fetchToken(Origin registry, Challenge challenge) throws IOException {
    URI realm = realm(registry, challenge.parameter("realm").orElse(""));
    Optional<Credential> known = credential();
    StringBuilder query = new StringBuilder();
    challenge.parameter("service").ifPresent(service -> append(query, "service", service));
    // What the challenge names may be more than a pull of this repository needs.
    append(query, "scope", "repository:" + path + ":pull");
    try (HttpAnswer answer = askForToken(realm, query, known)) {
      Origin service = Origin.of(realm);
      if (answer.status() != 200) {
        throw RegistryError.of(
            answer, service.authority(), domain, "token service", known.isPresent());
      }
      return "Bearer " + token(answer.bytes(MAX_BODY, "the token of " + service));
    }
  }

  private HttpAnswer askForToken(URI realm, StringBuilder query, Optional<Credential> known)
      throws IOException {
    if (known.isPresent() && known.get() instanceof Credential.IdentityToken identity) {
      append(query, "grant_type", "refresh_token");
      append(query, "client_id", "mydocker");
      append(query, "refresh_token", identity.token());
      return http.post(realm, query.toString().getBytes(StandardCharsets.US_ASCII));
    }
    Optional<String> authorization = Optional.empty();
    if (known.isPresent() && known.get() instanceof Credential.Password password) {
      append(query, "account", password.user());
      authorization = Optional.of(password.basic());
    }
    String base = realm.toString();
    return http.get(
        URI.create(base + (base.contains("?") ? "&" : "?") + query), Map.of(), authorization);
  }

  /** The token service's URL, which the registry names and which therefore is not trusted. */
  private URI realm(Origin registry, String text) throws IOException {
    try {
      URI realm = new URI(new URI(text).toASCIIString());
      Origin service = Origin.of(realm);
      if (!service.tls() && !(http.mayBePlain(service) && http.mayBePlain(registry))) {
        throw new ImageException(
            Kind.UNREACHABLE,
            registry
                + " names a token service over http, which credentials are not sent to: "
                + service);
      }
      http.checkReach(registry, service);
      if (realm.getRawFragment() == null) {
        return realm;
      }
    } catch (URISyntaxException | ProtocolException e) {
      // Said below, for all that a realm may not be.
    }
    throw new ProtocolException("the token service " + ImageException.quote(withoutQuery(text)));
  }

  private static String withoutQuery(String url) {
    int at = url.lastIndexOf('@');
    int query = url.indexOf('?');
    return at >= 0 ? "with a password in its URL" : query < 0 ? url : url.substring(0, query);
  }

  private String token(byte[] body) throws IOException {
    try {
      Json.Obj answer = Json.parseObject(body);
      String token =
          answer.string("token").filter(t -> !t.isEmpty()).or(() -> accessToken(answer)).orElse("");
      if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw new ProtocolException("no usable token");
      }
      goodUntil = System.nanoTime() + life(answer) * 900_000_000L;
      return token;
    } catch (JsonException e) {
      throw new ProtocolException("something else than a token");
    }
  }

  private static Optional<String> accessToken(Json.Obj answer) {
    return answer.get("access_token").map(t -> t instanceof Json.Str s ? s.value() : "");
  }

  /** Seconds, between the least that the specification allows and a day. */
  private static long life(Json.Obj answer) {
    if (answer.get("expires_in").orElse(null) instanceof Json.Num seconds) {
      BigDecimal bounded =
          seconds.value().max(BigDecimal.valueOf(DEFAULT_LIFE)).min(BigDecimal.valueOf(MAX_LIFE));
      return bounded.longValue();
    }
    return DEFAULT_LIFE;
  }

  private static void append(StringBuilder query, String name, String value) {
    query.append(query.length() == 0 ? "" : "&");
    query.append(name).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8));
  }
}
