package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.testing.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets credentials, and who does not. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegistryAuthTest {
  private static final HttpTiming TIMING = RegistryTransportTest.timing(20_000, 20_000);
  private static final byte[] BLOB = "the blob".getBytes(StandardCharsets.UTF_8);
  private static final Descriptor DESCRIPTOR = new Descriptor("a/b", Digest.of(BLOB), BLOB.length);
  private static final String SECRET = "s3cr3t";
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString(("me:" + SECRET).getBytes());

  private static TestCertificate certificate;

  @TempDir Path directory;

  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final Map<String, String> environment = new HashMap<>();

  @BeforeAll
  static void makeCertificate(@TempDir Path files) throws Exception {
    certificate = TestCertificate.make(files, "dns:localhost,ip:127.0.0.1,dns:registry.test");
  }

  @BeforeEach
  void isolate() throws IOException {
    environment.put("HOME", directory.toString());
    configure("");
  }

  private void configure(String registries) throws IOException {
    Path conf = Files.writeString(directory.resolve("registries.conf"), registries);
    environment.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
  }

  private void logIn(String authority) throws IOException {
    entry(authority, "\"auth\":\"" + BASIC.substring(6) + "\"");
  }

  private void entry(String authority, String members) throws IOException {
    Files.createDirectories(directory.resolve(".docker"));
    Files.writeString(
        directory.resolve(".docker/config.json"),
        "{\"auths\":{\"" + authority + "\":{" + members + "}}}");
  }

  private final PullListener listener =
      new PullListener() {
        @Override
        public void call(String method, String url, int status, long start, long end) {
          calls.add(method + " " + url + " " + status);
        }
      };

  private byte[] blob(String authority) throws IOException {
    ImageRef.Registry reference = ImageRef.parseRegistry(authority + "/team/app:1");
    try (RegistrySource source = RegistrySource.open(reference, environment, listener, TIMING);
        InputStream in = source.blob(DESCRIPTOR)) {
      return in.readAllBytes();
    }
  }

  private static void challenge(OutputStream out, String value) throws IOException {
    RegistryStub.reply(out, 401, "", "WWW-Authenticate: " + value);
  }

  /** Wants Basic, then does as told. */
  private static RegistryStub basic(RegistryStub.Handler then) throws IOException {
    return new RegistryStub(
        (r, out) -> {
          if (r.header("authorization").equals(BASIC)) {
            then.answer(r, out);
          } else {
            challenge(out, "Basic realm=\"x\"");
          }
        });
  }

  /** Puts the certificate where a host's own authorities are looked for. */
  private void trust(String authority) throws Exception {
    Path host = directory.resolve(".config/containers/certs.d/" + authority);
    Files.createDirectories(host);
    Files.copy(certificate.certificate(), host.resolve("ca.crt"));
  }

  /** A stub that speaks TLS with the certificate. */
  private static RegistryStub secure(RegistryStub.Handler handler) throws Exception {
    return new RegistryStub(tlsSocket(certificate), handler);
  }

  private static SSLServerSocket tlsSocket(TestCertificate certificate) throws Exception {
    return (SSLServerSocket)
        certificate
            .serverContext()
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost"})
  void REG02_noCredentialFollowsARedirectToAnotherHostOrPort(String other) throws Exception {
    try (RegistryStub elsewhere =
            new RegistryStub((r, out) -> RegistryStub.reply(out, 200, BLOB, "Set-Cookie: a=b"));
        RegistryStub registry =
            basic(
                (r, out) ->
                    RegistryStub.reply(
                        out,
                        307,
                        "",
                        "Set-Cookie: session=1",
                        "Location: http://"
                            + other
                            + ":"
                            + elsewhere.port()
                            + "/b?sig="
                            + SECRET))) {
      logIn(registry.authority());
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
      RegistryStub.Request request = elsewhere.requests().get(0);
      assertThat(request.headers()).containsOnlyKeys("host", "user-agent", "accept-encoding");
      assertThat(request.target()).isEqualTo("/b?sig=" + SECRET);
      assertThat(calls).noneMatch(call -> call.contains(SECRET));
    }
  }

  @Test
  void REG02_theSameHostUnderAnotherNameIsAnotherHost() throws Exception {
    AtomicReference<RegistryStub> self = new AtomicReference<>();
    try (RegistryStub registry =
        basic(
            (r, out) ->
                RegistryStub.reply(
                    out, 302, "", "Location: http://localhost:" + self.get().port() + "/x"))) {
      self.set(registry);
      logIn(registry.authority());
      assertThatThrownBy(() -> blob(registry.authority()))
          .hasMessageContaining("sent us on to http://localhost:" + registry.port())
          .hasMessageContaining("which wants credentials");
      assertThat(registry.requests()).hasSize(3);
    }
  }

  @Test
  void REG02_anotherHostsChallengeIsNotAnswered() throws Exception {
    try (RegistryStub thief =
        new RegistryStub(
            (r, out) -> {
              if (r.target().startsWith("/token")) {
                RegistryStub.reply(out, 200, "{\"token\":\"x\"}");
              } else {
                challenge(out, "Bearer realm=\"http://" + r.header("host") + "/token\"");
              }
            })) {
      RegistryStub.Handler away =
          (r, out) ->
              RegistryStub.reply(out, 302, "", "Location: http://" + thief.authority() + "/x");
      try (RegistryStub registry = basic(away)) {
        logIn(registry.authority());
        assertThatThrownBy(() -> blob(registry.authority()))
            .isInstanceOfSatisfying(
                ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED));
        assertThat(thief.requests()).hasSize(1);
        assertThat(thief.requests().get(0).header("authorization")).isEmpty();
      }
    }
  }

  @Test
  void REG02_aRedirectWithinTheRegistryKeepsTheCredentials() throws Exception {
    try (RegistryStub registry =
        basic(
            (r, out) -> {
              if (r.target().endsWith("/blobs/moved-%C3%A9")) {
                RegistryStub.reply(out, 200, BLOB);
              } else {
                RegistryStub.reply(out, 308, "", "Location: moved-\u00e9");
              }
            })) {
      logIn(registry.authority());
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
    }
  }

  @Test
  void REG02_redirectsEnd() throws Exception {
    try (RegistryStub registry =
        new RegistryStub((r, out) -> RegistryStub.reply(out, 302, "", "Location: /again"))) {
      assertThatThrownBy(() -> blob(registry.authority()))
          .hasMessageContaining("more than 5 redirects");
      assertThat(registry.requests()).hasSize(6);
    }
  }

  @Test
  void REG02_httpsIsNeverLeftForHttp() throws Exception {
    try (RegistryStub plain = new RegistryStub((r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      String location = "Location: http://" + plain.authority() + "/x";
      try (RegistryStub registry = secure((r, out) -> RegistryStub.reply(out, 302, "", location))) {
        trust(registry.authority());
        assertThatThrownBy(() -> blob(registry.authority()))
            .hasMessageContaining("a redirect from https to http");
        assertThat(plain.requests()).isEmpty();
      }
    }
  }

  @Test
  void REG07_httpMayLeadToHttps() throws Exception {
    try (RegistryStub secure = secure((r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      trust(secure.authority());
      String location = "Location: https://" + secure.authority() + "/x";
      try (RegistryStub registry =
          new RegistryStub((r, out) -> RegistryStub.reply(out, 302, "", location))) {
        assertThat(blob(registry.authority())).isEqualTo(BLOB);
        assertThat(secure.requests()).hasSize(1);
      }
    }
  }

  @Test
  void REG07_aBadCertificateNeverLeadsToHttp() throws Exception {
    try (RegistryStub registry = secure((r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      assertThatThrownBy(() -> blob(registry.authority()))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
          .hasMessageContaining("signed by nobody trusted here");
      assertThat(registry.requests()).isEmpty();
    }
  }

  @Test
  void REG07_aCertificateOfAnotherNameIsNotGood() throws Exception {
    TestCertificate other = TestCertificate.make(directory, "dns:elsewhere.test");
    try (RegistryStub registry =
        new RegistryStub(tlsSocket(other), (r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      environment.put("SSL_CERT_FILE", other.certificate().toString());
      assertThatThrownBy(() -> blob("localhost:" + registry.port()))
          .hasMessageContaining("its certificate is not good: \"No subject");
      assertThat(registry.requests()).isEmpty();
    }
  }

  @Test
  void aClientsCertificateIsShown() throws Exception {
    SSLServerSocket choosy = tlsSocket(certificate);
    choosy.setNeedClientAuth(true);
    try (RegistryStub registry =
        new RegistryStub(choosy, (r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      trust(registry.authority());
      assertThatThrownBy(() -> blob(registry.authority())).isInstanceOf(ImageException.class);
      Path host = directory.resolve(".config/containers/certs.d/" + registry.authority());
      Files.copy(certificate.certificate(), host.resolve("client.cert"));
      Files.copy(certificate.key(), host.resolve("client.key"));
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
    }
  }

  @Test
  void REG01_passwordsGoToNoTokenServiceOverHttpButThisMachines() throws Exception {
    for (String realm :
        List.of(
            "http://192.0.2.1/token",
            "http://0.0.0.0/token",
            "file:///etc/passwd",
            "ftp://127.0.0.1/token",
            "//127.0.0.1/token",
            "https:///token",
            "http://me:" + SECRET + "@127.0.0.1/token",
            "http://127.0.0.1:99999/token",
            "http://127.0.0.1/token#fragment",
            "http://127.0.0.1/to ken",
            "not a url")) {
      try (RegistryStub registry =
          new RegistryStub((r, out) -> challenge(out, "Bearer realm=\"" + realm + "\""))) {
        logIn(registry.authority());
        calls.clear();
        assertThatThrownBy(() -> blob(registry.authority()))
            .as(realm)
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("token service")
            .hasMessageNotContaining(SECRET);
        assertThat(calls).as(realm).hasSize(1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "https://192.0.2.1, https://127.0.0.1, false",
    "https://192.0.2.1, https://localhost:8443, false",
    "https://192.0.2.1, https://[::1], false",
    "https://192.0.2.1, https://[::ffff:127.0.0.1], false",
    "https://192.0.2.1, https://0.0.0.0, false",
    "https://192.0.2.1, https://[::], false",
    "https://192.0.2.1, https://2130706433, false",
    "https://192.0.2.1, https://169.254.169.254, false",
    "https://192.0.2.1, https://[fe80::1], false",
    "https://192.0.2.1, https://10.0.0.1, false",
    "https://192.0.2.1, https://100.64.0.1, false",
    "https://192.0.2.1, https://[fd00::1], false",
    "https://192.0.2.1, https://198.51.100.7, true",
    "https://192.0.2.1, https://[2001:db8::1], true",
    "https://10.0.0.2, https://10.0.0.1, true",
    "https://10.0.0.2, https://127.0.0.1, false",
    "https://10.0.0.2, https://10.0.0.2:444, true",
    "https://127.0.0.1, https://127.0.0.2, true",
    "https://localhost, https://10.0.0.1, true"
  })
  void REG01_aRegistryDoesNotSendUsInside(String registry, String target, boolean allowed)
      throws Exception {
    try (RegistryHttp http = http()) {
      Origin from = Origin.of(URI.create(registry));
      // A number alone is no host for java.net.URI, so it is made as a parser of its own would.
      Origin to = new Origin(true, target.substring(8).split(":(?=\\d+$)")[0], 443);
      if (allowed) {
        assertThatCode(() -> http.checkReach(from, to)).doesNotThrowAnyException();
      } else {
        assertThatThrownBy(() -> http.checkReach(from, to))
            .hasMessageContaining("an address inside this host or network");
      }
    }
  }

  private RegistryHttp http() throws IOException {
    return new RegistryHttp(environment, TIMING, PullListener.NONE::call, origin -> false);
  }

  /** A registry with a token service, both on one port. */
  private static RegistryStub bearer(String tokenAnswer, AtomicInteger refusals)
      throws IOException {
    return new RegistryStub(
        (r, out) -> {
          if (r.target().startsWith("/token")) {
            RegistryStub.reply(out, 200, tokenAnswer);
          } else if (r.header("authorization").startsWith("Bearer ")
              && refusals.getAndDecrement() <= 0) {
            RegistryStub.reply(out, 200, BLOB);
          } else {
            challenge(
                out,
                "Bearer realm=\"http://"
                    + r.header("host")
                    + "/token?x=1\",service=\"a b&c\",scope=\"repository:other:push,pull\"");
          }
        });
  }

  @Test
  void aTokenIsAskedForWithThePasswordAndForThisPullAlone() throws Exception {
    try (RegistryStub registry = bearer("{\"access_token\":\"t.o-k_e~n\"}", new AtomicInteger())) {
      logIn(registry.authority());
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
      RegistryStub.Request token = registry.requests().get(1);
      assertThat(token.target())
          .isEqualTo("/token?x=1&service=a+b%26c&scope=repository%3Ateam%2Fapp%3Apull&account=me");
      assertThat(token.header("authorization")).isEqualTo(BASIC);
      assertThat(registry.requests().get(2).header("authorization")).isEqualTo("Bearer t.o-k_e~n");
      assertThat(calls).hasSize(3).noneMatch(call -> call.contains("?"));
    }
  }

  @Test
  void anIdentityTokenIsChangedForAnotherInAPost() throws Exception {
    try (RegistryStub registry = bearer("{\"access_token\":\"t\"}", new AtomicInteger())) {
      entry(registry.authority(), "\"identitytoken\":\"id&" + SECRET + "\"");
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
      RegistryStub.Request token = registry.requests().get(1);
      assertThat(token.method()).isEqualTo("POST");
      assertThat(token.target()).isEqualTo("/token?x=1");
      assertThat(token.body())
          .isEqualTo(
              "service=a+b%26c&scope=repository%3Ateam%2Fapp%3Apull&grant_type=refresh_token"
                  + "&client_id=mydocker&refresh_token=id%26"
                  + SECRET);
    }
  }

  @Test
  void REG06_aRefusedTokenIsRenewedOnce() throws Exception {
    AtomicInteger refusals = new AtomicInteger(100);
    try (RegistryStub registry = bearer("{\"token\":\"" + SECRET + "\"}", refusals)) {
      assertThatThrownBy(() -> blob(registry.authority()))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED))
          .hasMessageNotContaining(SECRET);
      assertThat(registry.requests()).hasSize(3);
    }
  }

  @Test
  void REG06_aTokenThatEndsIsRenewedAndThePullGoesOn() throws Exception {
    AtomicInteger refusals = new AtomicInteger();
    try (RegistryStub registry = bearer("{\"token\":\"t\"}", refusals);
        RegistrySource source =
            RegistrySource.open(
                ImageRef.parseRegistry(registry.authority() + "/team/app:1"),
                environment,
                listener,
                TIMING)) {
      for (int i = 0; i < 3; i++) {
        refusals.set(i == 0 ? 0 : 1);
        try (InputStream in = source.blob(DESCRIPTOR)) {
          assertThat(in.readAllBytes()).isEqualTo(BLOB);
        }
      }
      assertThat(registry.requests().stream().filter(r -> r.target().startsWith("/token")))
          .hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-5",
        "0.5",
        "9223372036854775808",
        "1e30",
        "-1e30",
        "null",
        "\"soon\"",
        "[]"
      })
  void REG06_anyLifeOfATokenWillDo(String life) throws Exception {
    try (RegistryStub registry =
        bearer(
            "{\"token\":\"t\",\"expires_in\":" + life + ",\"issued_at\":\"2999-01-01T00:00:00Z\"}",
            new AtomicInteger())) {
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[]",
        "{\"token\":\"\"}",
        "{\"token\":5}",
        "{\"token\":\"a b\"}",
        "{\"token\":\"a\\r\\nX: y\"}",
        "{\"token\":\"\\u00e9\"}"
      })
  void aTokenThatIsNoneIsRefused(String answer) throws Exception {
    try (RegistryStub registry = bearer(answer, new AtomicInteger())) {
      assertThatThrownBy(() -> blob(registry.authority()))
          .isInstanceOf(ImageException.class)
          .hasMessageMatching("[ -~]+token");
      assertThat(registry.requests()).hasSize(2);
    }
  }

  @Test
  void aHugeTokenIsRefused() throws Exception {
    try (RegistryStub registry =
        bearer("{\"token\":\"" + "x".repeat(2 << 20) + "\"}", new AtomicInteger())) {
      assertThatThrownBy(() -> blob(registry.authority())).hasMessageContaining("1024 KiB");
    }
  }

  @Test
  void REG04_aPasswordThatTheRegistryEchoesIsNotShown() throws Exception {
    for (String echo : List.of(SECRET, BASIC, "x".repeat(97) + SECRET)) {
      String error = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" + echo + "\"}]}";
      try (RegistryStub registry = basic((r, out) -> RegistryStub.reply(out, 403, error))) {
        logIn(registry.authority());
        assertThatThrownBy(() -> blob(registry.authority()))
            .satisfies(
                e -> {
                  for (Throwable t = e; t != null; t = t.getCause()) {
                    assertThat(t.toString()).doesNotContain("s3c").doesNotContain(BASIC);
                  }
                })
            .hasMessageContaining("denies access (403 DENIED a message with our credentials in it");
      }
    }
  }

  @Test
  void REG04_noSecretGetsIntoAnErrorOrATrace() throws Exception {
    for (int status : List.of(400, 401, 403, 404, 418, 429)) {
      try (RegistryStub elsewhere =
          new RegistryStub((r, out) -> RegistryStub.reply(out, status, "", "Retry-After: 9999"))) {
        RegistryStub.Handler away =
            (r, out) ->
                RegistryStub.reply(
                    out,
                    302,
                    "",
                    "Location: http://" + elsewhere.authority() + "/x?X-Amz-Signature=" + SECRET);
        try (RegistryStub registry = basic(away)) {
          logIn(registry.authority());
          assertThatThrownBy(() -> blob(registry.authority()))
              .isInstanceOf(ImageException.class)
              .satisfies(e -> assertThat(text(e)).doesNotContain(SECRET, BASIC.substring(6)));
        }
      }
    }
    assertThat(calls).isNotEmpty().noneMatch(call -> call.contains(SECRET) || call.contains("?"));
    assertThat(new Credential.Password("me", SECRET).toString()).doesNotContain(SECRET);
    assertThat(new Credential.IdentityToken(SECRET).toString()).doesNotContain(SECRET);
  }

  private static String text(Throwable e) {
    StringBuilder out = new StringBuilder();
    for (Throwable t = e; t != null; t = t.getCause()) {
      out.append(t).append('\n');
    }
    return out.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Bearer realm=\"https://a/t\",service=\"s\" | bearer{realm=https://a/t, service=s}",
        "bearer REALM=https://a/t | bearer{realm=https://a/t}",
        "Basic realm=\"x\", Bearer realm=\"y,z\" | basic{realm=x} bearer{realm=y,z}",
        "Bearer realm=\"a\\\"b\\\\c\" | bearer{realm=a\"b\\c}",
        "Bearer realm = \"a\" , service = \"b\" | bearer{realm=a, service=b}",
        "Negotiate, Basic realm=x | negotiate{} basic{realm=x}",
        "Bearer realm=\"first\",realm=\"second\" | bearer{realm=first}",
        "Bearer | bearer{}",
        "Bearer realm=\"unfinished | bearer{}",
        "Basic realm=\"x\", Bearer realm=\"unfinished | basic{realm=x} bearer{}",
        "realm=\"no scheme\" | ``",
        "= | ``",
        "\"\" | ``",
        ",,, | ``",
        "Bearer realm=\"x\" \"junk\" Basic | bearer{realm=x}"
      })
  void REG05_challengesAreReadInOnePass(String header, String expected) {
    StringBuilder out = new StringBuilder();
    for (Challenge c : Challenge.parse(List.of(header))) {
      out.append(out.length() == 0 ? "" : " ").append(c.scheme()).append(c.parameters());
    }
    assertThat(out.toString()).isEqualTo(expected == null ? "" : expected);
  }

  @Test
  void REG05_hostileChallengesAreBounded() {
    assertThat(Challenge.parse(List.of("Bearer realm=\"" + "x".repeat(1 << 20)))).isEmpty();
    assertThat(Challenge.parse(List.of("a, ".repeat(2000)))).hasSize(16);
    assertThat(Challenge.parse(List.of(" ".repeat(8000)))).isEmpty();
  }

  @Test
  void REG05_aTokenIsPreferredToAPassword() throws Exception {
    try (RegistryStub registry =
        new RegistryStub(
            (r, out) -> {
              if (r.target().startsWith("/token")) {
                RegistryStub.reply(out, 200, "{\"token\":\"t\"}");
              } else if (r.header("authorization").equals("Bearer t")) {
                RegistryStub.reply(out, 200, BLOB);
              } else {
                challenge(
                    out,
                    "Basic realm=\"x\"\r\nWWW-Authenticate: Bearer realm=\"http://"
                        + r.header("host")
                        + "/token\"");
              }
            })) {
      logIn(registry.authority());
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
    }
  }

  @Test
  void REG19_aMirrorGetsNoCredentialsButItsOwn() throws Exception {
    try (RegistryStub mirror = new RegistryStub((r, out) -> challenge(out, "Basic realm=\"x\""));
        RegistryStub registry = basic((r, out) -> RegistryStub.reply(out, 200, BLOB))) {
      logIn(registry.authority());
      configure(
          "[[registry]]\nlocation = \""
              + registry.authority()
              + "\"\n[[registry.mirror]]\nlocation = \""
              + mirror.authority()
              + "\"\n");
      assertThat(blob(registry.authority())).isEqualTo(BLOB);
      assertThat(mirror.requests()).hasSize(1);
      assertThat(mirror.requests().get(0).header("authorization")).isEmpty();
    }
  }

  @Test
  void REG19_httpGoesThroughTheProxyWithItsPassword() throws Exception {
    try (RegistryStub proxy =
        new RegistryStub(
            (r, out) -> {
              if (r.method().equals("CONNECT")) {
                RegistryStub.reply(out, 403, "");
              } else {
                RegistryStub.reply(out, 200, BLOB);
              }
            })) {
      String address = "http://me:" + SECRET + "@" + proxy.authority();
      environment.put("http_proxy", address);
      environment.put("HTTPS_PROXY", address);
      configure("[[registry]]\nlocation = \"registry.test\"\ninsecure = true\n");
      assertThat(blob("registry.test")).isEqualTo(BLOB);
      assertThat(proxy.requests().get(0).target()).isEqualTo("registry.test:443");
      RegistryStub.Request request = proxy.requests().get(1);
      assertThat(request.target()).startsWith("http://registry.test/v2/team/app/blobs/sha256:");
      assertThat(request.header("host")).isEqualTo("registry.test");
      assertThat(request.header("proxy-authorization")).isEqualTo(BASIC);
      assertThat(calls).hasSize(1).allMatch(c -> c.startsWith("GET http://registry.test/v2/"));
    }
  }

  @Test
  void REG19_httpsGoesThroughAProxysTunnel() throws Exception {
    trust("registry.test:5000");
    try (RegistryStub registry = secure((r, out) -> RegistryStub.reply(out, 200, BLOB));
        RegistryStub proxy = RegistryStub.tunnel(registry.port())) {
      environment.put("HTTPS_PROXY", "me:" + SECRET + "@" + proxy.authority());
      assertThat(blob("registry.test:5000")).isEqualTo(BLOB);
      assertThat(proxy.requests()).hasSize(1);
      assertThat(proxy.requests().get(0).target()).isEqualTo("registry.test:5000");
      assertThat(proxy.requests().get(0).header("proxy-authorization")).isEqualTo(BASIC);
      assertThat(registry.requests().get(0).headers()).doesNotContainKey("proxy-authorization");
    }
  }

  @Test
  void REG19_aProxyThatRefusesIsNamedWithoutItsPassword() throws Exception {
    try (RegistryStub proxy = new RegistryStub((r, out) -> RegistryStub.reply(out, 407, ""))) {
      environment.put("HTTPS_PROXY", "http://me:" + SECRET + "@" + proxy.authority());
      assertThatThrownBy(() -> blob("registry.test"))
          .hasMessageContaining("the proxy http://" + proxy.authority() + " refuses (407")
          .hasMessageNotContaining(SECRET);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "*, false",
    "registry.test, false",
    "REGISTRY.test, false",
    "test, false",
    ".test, false",
    "*.test, false",
    "istry.test, true",
    "other.test, true",
    "registry.test:443, false",
    "registry.test:5000, true",
    "'a.b, registry.test', false",
    "'a.b registry.test', false",
    "10.0.0.0/8, true"
  })
  void REG19_noProxyKeepsNamesDirect(String value, boolean proxied) throws Exception {
    assertThat(proxy(value, new Origin(true, "registry.test", 443)).isPresent()).isEqualTo(proxied);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.1.2.3, false",
    "10.0.0.0/8, 11.1.2.3, true",
    "10.1.2.0/23, 10.1.3.9, false",
    "10.1.2.0/23, 10.1.4.9, true",
    "10.1.2.3, 10.1.2.3, false",
    "10.1.2.3/, 10.1.2.3, true",
    "10.1.2.3/99, 10.1.2.3, true",
    "2001:db8::/32, [2001:db8::1], false",
    "2001:db8::1, [2001:db8::1], false",
    "2001:db9::/32, [2001:db8::1], true",
    "'', 127.0.0.1, false",
    "'', [::1], false",
    "'', localhost, false"
  })
  void REG19_noProxyKeepsAddressesDirect(String value, String host, boolean proxied)
      throws Exception {
    assertThat(proxy(value, new Origin(true, host, 443)).isPresent()).isEqualTo(proxied);
  }

  private static Optional<HttpProxies.Proxy> proxy(String direct, Origin origin)
      throws IOException {
    return new HttpProxies(Map.of("HTTPS_PROXY", "http://proxy.test:3128", "NO_PROXY", direct))
        .proxyFor(origin);
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5://h:1", "http://", "http://a b", "http://u:" + SECRET + "@h:x"})
  void REG19_aProxysAddressThatIsNoneIsNotShown(String value) {
    assertThatThrownBy(() -> new HttpProxies(Map.of("HTTP_PROXY", value)))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining("HTTP_PROXY")
        .satisfies(e -> assertThat(text(e)).doesNotContain(SECRET));
  }
}
