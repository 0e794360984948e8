package dev.mydocker.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A token service for {@link DockerRegistry.Setup#token}: whoever knows the password may do what
 * the scope asks, everybody may pull from {@code public/}.
 */
public final class TokenServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final TestCertificate certificate;
  private final AtomicInteger served = new AtomicInteger();
  private volatile long lifeSeconds = 300;

  public TokenServer(TestCertificate certificate) throws IOException {
    this.certificate = certificate;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/token", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** The realm's URL. */
  public String realm() {
    return "http://localhost:" + server.getAddress().getPort() + "/token";
  }

  /** How many tokens were given out. */
  public int served() {
    return served.get();
  }

  /** How long the next tokens are good for. */
  public void lifeSeconds(long seconds) {
    lifeSeconds = seconds;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String expected =
          Base64.getEncoder()
              .encodeToString(
                  (DockerRegistry.USER + ":" + DockerRegistry.PASSWORD)
                      .getBytes(StandardCharsets.UTF_8));
      String given = exchange.getRequestHeaders().getFirst("Authorization");
      boolean known = ("Basic " + expected).equals(given);
      Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
      String scope = query.getOrDefault("scope", "");
      byte[] body;
      int status = 200;
      if (given != null && !known) {
        status = 401;
        body = "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"bad\"}]}".getBytes();
      } else {
        served.incrementAndGet();
        body =
            Json.object()
                .put("token", token(known, scope, query.get("service")))
                .put("expires_in", lifeSeconds)
                .build()
                .toBytes();
      }
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private String token(boolean known, String scope, String service)
      throws GeneralSecurityException {
    List<Json> access = new ArrayList<>();
    for (String one : scope.split(" ")) {
      String[] parts = one.split(":");
      if (parts.length != 3) {
        continue;
      }
      boolean open = parts[1].startsWith("public/");
      List<String> actions =
          known ? List.of(parts[2].split(",")) : open ? List.of("pull") : List.of();
      if (!actions.isEmpty()) {
        access.add(
            Json.object()
                .put("type", parts[0])
                .put("name", parts[1])
                .putStrings("actions", actions)
                .build());
      }
    }
    long now = System.currentTimeMillis() / 1000;
    Json header =
        Json.object()
            .put("typ", "JWT")
            .put("alg", "RS256")
            .putStrings(
                "x5c", List.of(Base64.getEncoder().encodeToString(certificate.x509().getEncoded())))
            .build();
    Json claims =
        Json.object()
            .put("iss", "test-issuer")
            .put("sub", known ? DockerRegistry.USER : "")
            .put("aud", service)
            .put("exp", now + lifeSeconds)
            .put("nbf", now - 60)
            .put("iat", now)
            .put("jti", UUID.randomUUID().toString())
            .put("access", new Json.Arr(access))
            .build();
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String signed =
        base64.encodeToString(header.toBytes()) + "." + base64.encodeToString(claims.toBytes());
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(certificate.privateKey());
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    return signed + "." + base64.encodeToString(signature.sign());
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> out = new HashMap<>();
    for (String pair : (raw == null ? "" : raw).split("&")) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        out.merge(
            pair.substring(0, equals),
            URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8),
            (first, next) -> first + " " + next);
      }
    }
    return out;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
