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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The authorization for one purpose at one repository: none, Basic, or a token of the registry's
 * token service (distribution's token authentication specification). Made when the registry asks
 * for it, renewed when it ends, shared by all requests.
 */
final class RegistryAuth {

  /** What somebody is to be allowed. */
  enum Purpose {
    PULL("pull", "pull it"),
    PUSH("pull,push", "push to it"),
    /** Nothing but to be known. */
    LOGIN("", "use it");

    private final String actions;
    private final String verb;

    Purpose(String actions, String verb) {
      this.actions = actions;
      this.verb = verb;
    }

    /** What is denied to whoever is not allowed. */
    String verb() {
      return verb;
    }
  }

  /** Knows the credentials for a repository. See {@link Credentials#find}. */
  interface Keeper {
    Optional<Credential> find(String domain, String path) throws ImageException;
  }

  private static final int MAX_BODY = 1 << 20;

  /** What token services know this program as. */
  private static final String CLIENT = "mydocker";

  /** Seconds a token lives when its service does not say; and no token is taken to live longer. */
  private static final long DEFAULT_LIFE = 60;

  private static final long MAX_LIFE = 86_400;

  private final RegistryHttp http;
  private final String domain;
  private final String path;
  private final Keeper keeper;
  private final Purpose purpose;
  private final List<String> scopes;
  private Optional<String> header = Optional.empty();
  private Optional<Challenge> bearer = Optional.empty();
  private Optional<Optional<Credential>> credential = Optional.empty();
  private Optional<String> identity = Optional.empty();
  private long goodUntil;

  /**
   * Nothing is looked up or sent yet.
   *
   * @param domain of the registry, as credentials are kept for
   * @param path the repository
   */
  RegistryAuth(RegistryHttp http, String domain, String path, Keeper keeper, Purpose purpose) {
    this(
        http,
        domain,
        path,
        keeper,
        purpose,
        purpose == Purpose.LOGIN
            ? List.of()
            : List.of("repository:" + path + ":" + purpose.actions));
  }

  private RegistryAuth(
      RegistryHttp http,
      String domain,
      String path,
      Keeper keeper,
      Purpose purpose,
      List<String> scopes) {
    this.http = http;
    this.domain = domain;
    this.path = path;
    this.keeper = keeper;
    this.purpose = purpose;
    this.scopes = scopes;
  }

  /** The same, and to pull from another repository of the registry too. */
  RegistryAuth alsoPulling(String other) {
    List<String> all = new ArrayList<>(scopes);
    all.add("repository:" + other + ":" + Purpose.PULL.actions);
    return new RegistryAuth(http, domain, path, keeper, purpose, List.copyOf(all));
  }

  Purpose purpose() {
    return purpose;
  }

  /** What to do about credentials that are missing or refused. */
  String advice() {
    return purpose == Purpose.LOGIN
        ? "check user name and password"
        : "log in with mydocker login " + domain;
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

  /**
   * The refresh token that the token service gave at a login, by which a password need not be kept
   * (Docker's token specification: {@code offline_token}).
   */
  synchronized Optional<String> identity() {
    return identity;
  }

  /** Whether there are credentials for this registry, as far as was looked. */
  synchronized boolean hasCredentials() {
    return credential.isPresent() && credential.get().isPresent();
  }

  /**
   * Whether {@code text}, which came from outside, shows something that only we and the registry
   * should know.
   */
  synchronized boolean isRevealedBy(String text) {
    List<String> secrets = new ArrayList<>();
    credential.flatMap(c -> c).ifPresent(c -> secrets.addAll(c.secrets()));
    identity.ifPresent(secrets::add);
    header.ifPresent(value -> secrets.add(value.substring(value.indexOf(' ') + 1)));
    return secrets.stream()
        .filter(secret -> !secret.isEmpty())
        .anyMatch(
            secret ->
                text.contains(secret)
                    || text.contains(URLEncoder.encode(secret, StandardCharsets.UTF_8)));
  }

  private Optional<Credential> credential() throws ImageException {
    if (credential.isEmpty()) {
      credential = Optional.of(keeper.find(domain, path));
    }
    return credential.get();
  }

  private String fetchToken(Origin registry, Challenge challenge) throws IOException {
    URI realm = realm(registry, challenge.parameter("realm").orElse(""));
    Optional<Credential> known = credential();
    StringBuilder query = new StringBuilder();
    challenge.parameter("service").ifPresent(service -> append(query, "service", service));
    try (HttpAnswer answer = askForToken(realm, query, known)) {
      Origin service = Origin.of(realm);
      if (answer.status() != 200) {
        throw RegistryError.of(answer, service.authority(), "token service", this);
      }
      return "Bearer " + token(answer.bytes(MAX_BODY, "the token of " + service));
    }
  }

  private HttpAnswer askForToken(URI realm, StringBuilder query, Optional<Credential> known)
      throws IOException {
    // The scopes are our own: what the challenge names may be more than is needed.
    if (known.isPresent() && known.get() instanceof Credential.IdentityToken identity) {
      if (!scopes.isEmpty()) {
        append(query, "scope", String.join(" ", scopes));
      }
      append(query, "grant_type", "refresh_token");
      append(query, "client_id", CLIENT);
      append(query, "refresh_token", identity.token());
      return http.send(HttpRequest.form(realm, query), Optional.empty());
    }
    scopes.forEach(scope -> append(query, "scope", scope));
    Optional<String> authorization = Optional.empty();
    if (known.isPresent() && known.get() instanceof Credential.Password password) {
      append(query, "account", password.user());
      if (purpose == Purpose.LOGIN) {
        append(query, "client_id", CLIENT);
        append(query, "offline_token", "true");
      }
      authorization = Optional.of(password.basic());
    }
    String base = realm.toString();
    URI url = URI.create(base + (base.contains("?") ? "&" : "?") + query);
    return http.fetch(HttpRequest.get(url, Map.of()), authorization);
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
      if (!isUsable(token)) {
        throw new ProtocolException("no usable token");
      }
      identity = answer.string("refresh_token").filter(RegistryAuth::isUsable);
      goodUntil = System.nanoTime() + life(answer) * 900_000_000L;
      return token;
    } catch (JsonException e) {
      throw new ProtocolException("something else than a token");
    }
  }

  private static boolean isUsable(String token) {
    return !token.isEmpty() && token.chars().allMatch(c -> c > ' ' && c < 0x7f);
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
