package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where credentials are kept, and whom they are shown to. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LoginsTest {
  private static final String SECRET = "s3cr3t";
  private static final String AUTH =
      Base64.getEncoder().encodeToString(("me:" + SECRET).getBytes(StandardCharsets.UTF_8));

  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();
  private Path config;

  @BeforeEach
  void isolate() throws IOException {
    Path conf = Files.writeString(directory.resolve("registries.conf"), "");
    environment.put("HOME", directory.toString());
    environment.put("PATH", directory.resolve("bin").toString());
    environment.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
    config = directory.resolve(".docker/config.json");
  }

  private Logins logins() {
    return new Logins(environment);
  }

  private void config(String text) throws IOException {
    Files.createDirectories(config.getParent());
    Files.writeString(config, text);
  }

  /** A helper that writes what it is asked into files beside it, and answers with {@code out}. */
  private void helper(String name, String commands) throws IOException {
    Path program =
        Files.createDirectories(directory.resolve("bin")).resolve("docker-credential-" + name);
    Files.writeString(program, "#!/bin/sh\nPATH=/usr/bin:/bin\n" + commands + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', docker.io",
    "docker.io, docker.io",
    "https://index.docker.io/v1/, docker.io",
    "localhost, localhost",
    "localhost:5000, localhost:5000",
    "https://registry.test:5000/v2/, registry.test:5000",
    "registry.test, registry.test",
  })
  void aServerIsTheRegistryThatReferencesName(String server, String registry) throws Exception {
    assertThat(Logins.registry(server)).isEqualTo(registry);
  }

  @ParameterizedTest
  @ValueSource(strings = {"word", "a b.c", "-x.test", "registry.test:port", "\u001b[31m.test", "/"})
  void aServerThatNoReferenceCanNameIsRefused(String server) {
    assertThatThrownBy(() -> Logins.registry(server))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.BAD_REFERENCE));
  }

  @Test
  void REG17_aLoginIsKeptForItsOwnerAloneAndTheRestOfTheFileStays() throws Exception {
    config(
        "{\"HttpHeaders\":{\"X\":\"1\"},\"auths\":{\"other.test\":{\"auth\":\"eDp5\"},"
            + "\"https://registry.test/v1/\":{\"auth\":\"b2xkOm9sZA==\"}},\"psFormat\":\"t\"}");
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(logins().keep("registry.test", "me", SECRET, Optional.empty())).contains(config);
    assertThat(Files.readString(config).replaceAll("\\s", ""))
        .isEqualTo(
            "{\"HttpHeaders\":{\"X\":\"1\"},\"auths\":{\"other.test\":{\"auth\":\"eDp5\"},"
                + "\"registry.test\":{\"auth\":\""
                + AUTH
                + "\"}},\"psFormat\":\"t\"}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(config)))
        .isEqualTo("rw-------");
    try (var files = Files.list(config.getParent())) {
      assertThat(files).containsExactly(config);
    }
    assertThat(new Credentials(environment).find("registry.test", "a/b"))
        .contains(new Credential.Password("me", SECRET));
    assertThat(logins().has("registry.test")).isTrue();
  }

  @Test
  void aNewFileGetsADirectoryOfItsOwnersAlone() throws Exception {
    logins().keep("docker.io", "me", SECRET, Optional.empty());
    assertThat(Files.readString(config)).contains("\"https://index.docker.io/v1/\"");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(config.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void aLinkToTheFileStaysALink() throws Exception {
    Path real = Files.writeString(directory.resolve("dotfile.json"), "{}");
    Files.createDirectories(config.getParent());
    Files.createSymbolicLink(config, real);
    logins().keep("registry.test", "me", SECRET, Optional.empty());
    assertThat(config).isSymbolicLink();
    assertThat(Files.readString(real)).contains(AUTH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[]", "{\"auths\":[\"s3cr3t\"]}", "s3cr3t", "{\"auths\":{},\"auths\":{}}"})
  void REG17_aFileThatCannotBeReadIsLeftAsItIs(String text) throws Exception {
    config(text);
    assertThatThrownBy(() -> logins().keep("registry.test", "me", SECRET, Optional.empty()))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining(config.toString())
        .hasMessageNotContaining(SECRET);
    assertThat(Files.readString(config)).isEqualTo(text);
  }

  @Test
  void aLogoutForgetsOneRegistry() throws Exception {
    logins().keep("registry.test", "me", SECRET, Optional.empty());
    logins().keep("registry.test:5000", "me", SECRET, Optional.empty());
    logins().keep("docker.io", "me", SECRET, Optional.empty());
    assertThat(logins().forget("registry.test")).isTrue();
    assertThat(logins().forget("registry.test")).isFalse();
    assertThat(logins().has("registry.test")).isFalse();
    assertThat(logins().has("registry.test:5000")).isTrue();
    assertThat(logins().forget("docker.io")).isTrue();
    assertThat(logins().has("docker.io")).isFalse();
  }

  @Test
  void whatPodmanKeepsIsToldAndNotTouched() throws Exception {
    Path run = Files.createDirectories(directory.resolve("run/containers"));
    environment.put("XDG_RUNTIME_DIR", directory.resolve("run").toString());
    Path podmans = run.resolve("auth.json");
    Files.writeString(podmans, "{\"auths\":{\"registry.test\":{\"auth\":\"" + AUTH + "\"}}}");
    assertThat(logins().forget("registry.test")).isFalse();
    assertThat(logins().remaining("registry.test")).containsExactly(podmans);
  }

  @Test
  void REG17_aHelperGetsThePasswordInItsInputAlone() throws Exception {
    helper(
        "safe",
        "echo \"$@\" >>"
            + directory
            + "/args; env >>"
            + directory
            + "/env; case $1 in store) cat >"
            + directory
            + "/kept;; get) cat "
            + directory
            + "/kept;; erase) cat >"
            + directory
            + "/erased;; esac");
    config(
        "{\"credHelpers\":{\"registry.test\":\"safe\"},\"auths\":{\"registry.test\":{\"auth\":\""
            + AUTH
            + "\"}}}");
    assertThat(logins().keep("registry.test", "me", SECRET, Optional.empty())).isEmpty();
    assertThat(Files.readString(directory.resolve("kept")).strip())
        .isEqualTo(
            "{\"ServerURL\":\"registry.test\",\"Username\":\"me\",\"Secret\":\"" + SECRET + "\"}");
    assertThat(Files.readString(config)).doesNotContain(AUTH).contains("\"registry.test\": {}");
    assertThat(new Credentials(environment).find("registry.test", "a"))
        .contains(new Credential.Password("me", SECRET));
    assertThat(logins().forget("registry.test")).isTrue();
    assertThat(Files.readString(directory.resolve("erased"))).isEqualTo("registry.test\n");
    assertThat(Files.readString(directory.resolve("args")).lines().distinct())
        .containsExactly("store", "get", "erase");
    assertThat(Files.readString(directory.resolve("env"))).doesNotContain(SECRET);
  }

  @Test
  void REG17_aHelpersFailureDoesNotShowThePassword() throws Exception {
    helper("bad", "cat; exit 1");
    config("{\"credsStore\":\"bad\"}");
    assertThatThrownBy(() -> logins().keep("registry.test", "me", SECRET, Optional.empty()))
        .hasMessage("the credential helper docker-credential-bad keeps nothing")
        .hasMessageNotContaining(SECRET);
    helper("bad", "echo out of keys; exit 1");
    assertThatThrownBy(() -> logins().keep("registry.test", "me", SECRET, Optional.empty()))
        .hasMessageEndingWith("keeps nothing: \"out of keys\"");
    assertThat(Files.readString(config)).isEqualTo("{\"credsStore\":\"bad\"}");
  }

  /** A registry that knows one user by Basic authentication, and says what it was sent. */
  private RegistryStub basic(int okStatus) throws IOException {
    return new RegistryStub(
        (r, out) -> {
          String sent = r.header("authorization");
          if (sent.equals("Basic " + AUTH)) {
            RegistryStub.reply(out, okStatus, "{}");
          } else {
            RegistryStub.reply(
                out,
                401,
                "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"not " + sent + "\"}]}",
                "WWW-Authenticate: Basic realm=\"x\"");
          }
        });
  }

  @Test
  void thePasswordIsTriedAtTheRegistry() throws Exception {
    try (RegistryStub registry = basic(200)) {
      logins().check(registry.authority(), "me", SECRET);
      assertThat(registry.requests())
          .extracting(RegistryStub.Request::target)
          .containsExactly("/v2/", "/v2/");
      String wrong = Base64.getEncoder().encodeToString("me:wrong".getBytes());
      assertThatThrownBy(() -> logins().check(registry.authority(), "me", "wrong"))
          .hasMessageStartingWith("cannot log in to " + registry.authority())
          .hasMessageContaining(
              "refuses the credentials (401 UNAUTHORIZED a message with our credentials")
          .hasMessageEndingWith("check user name and password")
          .hasMessageNotContaining(wrong);
      logins().keep(registry.authority(), "me", SECRET, Optional.empty());
      logins().checkKept(registry.authority());
    }
  }

  @Test
  void whatIsNoRegistryIsNoLogin() throws Exception {
    try (RegistryStub registry = basic(404)) {
      assertThatThrownBy(() -> logins().check(registry.authority(), "me", SECRET))
          .hasMessageContaining("the registry has no such /v2/");
    }
  }

  @ParameterizedTest
  @CsvSource({"'', x", "me, ''", "a:b, x"})
  void whatCannotBeSentIsNotTried(String user, String password) throws Exception {
    try (RegistryStub registry = basic(200)) {
      assertThatThrownBy(() -> logins().check(registry.authority(), user, password))
          .hasMessageContaining("it needs a user name without colon, and a password");
      assertThat(registry.requests()).isEmpty();
    }
  }

  /** A registry whose token service says what it was asked, and gives tokens of this form. */
  private void withTokens(String answer, List<String> asked, Use use) throws Exception {
    try (RegistryStub tokens =
            new RegistryStub(
                (r, out) -> {
                  asked.add(r.target() + " " + r.header("authorization") + r.body());
                  RegistryStub.reply(out, 200, answer);
                });
        RegistryStub registry =
            new RegistryStub(
                (r, out) -> {
                  boolean good = r.header("authorization").equals("Bearer t");
                  String realm = "\"http://" + tokens.authority() + "/token\"";
                  RegistryStub.reply(
                      out,
                      good ? 200 : 401,
                      "{}",
                      "WWW-Authenticate: Bearer realm=" + realm + ",service=\"s\"");
                })) {
      use.of(registry);
    }
  }

  private interface Use {
    void of(RegistryStub registry) throws Exception;
  }

  @Test
  void aLoginAsksForATokenOfNoRepository() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    withTokens(
        "{\"token\":\"t\"}",
        asked,
        registry -> {
          assertThat(logins().check(registry.authority(), "me", SECRET)).isEmpty();
          assertThat(registry.requests()).hasSize(2);
        });
    assertThat(asked)
        .containsExactly(
            "/token?service=s&account=me&client_id=mydocker&offline_token=true Basic " + AUTH);
  }

  @Test
  void anIdentityTokenIsKeptInsteadOfThePassword() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    withTokens(
        "{\"token\":\"t\",\"refresh_token\":\"lasting\"}",
        asked,
        registry -> {
          Optional<String> identity = logins().check(registry.authority(), "me", SECRET);
          assertThat(identity).contains("lasting");
          logins().keep(registry.authority(), "me", SECRET, identity);
          assertThat(Files.readString(config))
              .contains("\"identitytoken\": \"lasting\"")
              .contains("\"auth\": \"bWU6\"")
              .doesNotContain(AUTH);
          asked.clear();
          logins().checkKept(registry.authority());
        });
    assertThat(asked)
        .containsExactly(
            "/token service=s&grant_type=refresh_token&client_id=mydocker&refresh_token=lasting");
  }

  @Test
  void aHelperIsToldThatItKeepsAToken() throws Exception {
    helper("safe", "cat >" + directory + "/kept");
    config("{\"credsStore\":\"safe\"}");
    assertThat(logins().keep("registry.test", "me", SECRET, Optional.of("lasting"))).isEmpty();
    assertThat(Files.readString(directory.resolve("kept")).strip())
        .isEqualTo(
            "{\"ServerURL\":\"registry.test\",\"Username\":\"<token>\",\"Secret\":\"lasting\"}");
  }
}
