package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which credentials are found where. */
class RegistryCredentialsTest {
  private static final String SECRET = "s3cr3t";

  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void isolate() throws IOException {
    Files.createDirectories(directory.resolve("bin"));
    environment.put("HOME", directory.toString());
    environment.put("PATH", directory.resolve("bin").toString());
  }

  private void config(String text) throws IOException {
    Files.createDirectories(directory.resolve(".docker"));
    Files.writeString(directory.resolve(".docker/config.json"), text);
  }

  private static String auth(String pair) {
    return "{\"auth\":\"" + Base64.getEncoder().encodeToString(pair.getBytes()) + "\"}";
  }

  private Optional<Credential> find(String domain) throws ImageException {
    return new Credentials(environment).find(domain, "team/app");
  }

  /** A program docker-credential-NAME of these shell commands. */
  private void helper(String directoryName, String name, String commands) throws IOException {
    Path program =
        Files.createDirectories(directory.resolve(directoryName))
            .resolve("docker-credential-" + name);
    Files.writeString(program, "#!/bin/sh\n" + commands + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
  }

  @ParameterizedTest
  @CsvSource({
    "https://index.docker.io/v1/, docker.io, true",
    "index.docker.io, docker.io, true",
    "docker.io, docker.io, true",
    "https://index.docker.io/v1/, registry.test, false",
    "registry.test, registry.test, true",
    "https://registry.test, registry.test, true",
    "http://registry.test/v2/, registry.test, true",
    "registry.test/team, registry.test, true",
    "registry.test/team/app, registry.test, true",
    "registry.test/te, registry.test, false",
    "registry.test/other, registry.test, false",
    "registry.test:5000, registry.test, false",
    "registry.test, registry.test:5000, false",
    "registry.tes, registry.test, false",
    "'', registry.test, false"
  })
  void anEntryIsFoundByTheRegistrysName(String key, String domain, boolean found) throws Exception {
    config("{\"auths\":{\"" + key + "\":" + auth("me:pa:ss") + "}}");
    assertThat(find(domain))
        .isEqualTo(found ? Optional.of(new Credential.Password("me", "pa:ss")) : Optional.empty());
  }

  @Test
  void theMostParticularEntryCounts() throws Exception {
    config(
        "{\"auths\":{\"registry.test/team/app\":"
            + auth("app:1")
            + ",\"registry.test\":"
            + auth("all:1")
            + "}}");
    assertThat(find("registry.test")).contains(new Credential.Password("app", "1"));
  }

  @Test
  void zerosAfterAPasswordAreDropped() throws Exception {
    config("{\"auths\":{\"registry.test\":" + auth("me:pass\0\0") + "}}");
    assertThat(find("registry.test")).contains(new Credential.Password("me", "pass"));
  }

  @Test
  void anIdentityTokenIsTakenBeforeAPassword() throws Exception {
    config(
        "{\"auths\":{\"registry.test\":{\"auth\":\"bWU6\",\"identitytoken\":\"" + SECRET + "\"}}}");
    assertThat(find("registry.test")).contains(new Credential.IdentityToken(SECRET));
  }

  @Test
  void filesAreTriedInTheirOrder() throws Exception {
    assertThat(find("registry.test")).isEmpty();
    Path run = Files.createDirectories(directory.resolve("run/containers"));
    Files.writeString(
        run.resolve("auth.json"), "{\"auths\":{\"registry.test\":" + auth("podman:1") + "}}");
    environment.put("XDG_RUNTIME_DIR", directory.resolve("run").toString());
    assertThat(find("registry.test")).contains(new Credential.Password("podman", "1"));

    config("{\"auths\":{\"registry.test\":" + auth("docker:1") + "}}");
    assertThat(find("registry.test")).contains(new Credential.Password("docker", "1"));

    Path other = Files.createDirectories(directory.resolve("other"));
    Files.writeString(
        other.resolve("config.json"), "{\"auths\":{\"registry.test\":" + auth("moved:1") + "}}");
    environment.put("DOCKER_CONFIG", other.toString());
    assertThat(find("registry.test")).contains(new Credential.Password("moved", "1"));

    Path named = directory.resolve("named.json");
    Files.writeString(named, "{\"auths\":{\"registry.test\":" + auth("named:1") + "}}");
    environment.put("REGISTRY_AUTH_FILE", named.toString());
    assertThat(find("registry.test")).contains(new Credential.Password("named", "1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        SECRET,
        "[]",
        "{\"auths\":[]}",
        "{\"auths\":{\"registry.test\":\"" + SECRET + "\"}}",
        "{\"auths\":{\"registry.test\":{\"auth\":\"" + SECRET + "%\"}}}",
        "{\"auths\":{\"registry.test\":{\"auth\":\"czNjcjN0\"}}}",
        "{\"auths\":{},\"auths\":{}}",
        "{\"credHelpers\":{\"registry.test\":5}}",
        "{\"credsStore\":5}"
      })
  void REG17_aFileThatCannotBeUsedIsNamedAndNotShown(String text) throws Exception {
    config(text);
    assertThatThrownBy(() -> find("registry.test"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining(directory.resolve(".docker/config.json").toString())
        .hasMessageMatching("[ -~]+")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void aHelperIsAskedForItsRegistry() throws Exception {
    helper(
        "bin",
        "test",
        "[ \"$1\" = get ] || exit 1\n"
            + "read -r server\n"
            + "printf '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"x\"}' \"$server\""
            + " me");
    config("{\"credHelpers\":{\"registry.test\":\"test\"}}");
    assertThat(find("registry.test")).contains(new Credential.Password("me", "x"));
    assertThat(find("other.test")).isEmpty();
  }

  @Test
  void aStoreIsAskedForDockerHubByItsOldName() throws Exception {
    helper(
        "bin",
        "store",
        "read -r server\nprintf '{\"Username\":\"<token>\",\"Secret\":\"%s\"}' \"$server\"");
    config("{\"credsStore\":\"store\"}");
    assertThat(find("docker.io"))
        .contains(new Credential.IdentityToken("https://index.docker.io/v1/"));
  }

  @Test
  void aStoreThatKnowsNothingLeavesItToTheFile() throws Exception {
    helper("bin", "store", "echo credentials not found in native keychain; exit 1");
    config("{\"credsStore\":\"store\",\"auths\":{\"registry.test\":" + auth("me:x") + "}}");
    assertThat(find("registry.test")).contains(new Credential.Password("me", "x"));
    assertThat(find("other.test")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../x",
        "a/b",
        "a b",
        "a;b",
        "-x",
        ".x",
        "a\\u0000b",
        "a\\nb",
        "\\u00e9",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      })
  void REG17_aHelpersNameIsOnlyAName(String name) throws Exception {
    config("{\"credsStore\":\"" + name + "\"}");
    assertThatThrownBy(() -> find("registry.test"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("impossible name");
  }

  @Test
  void REG17_aHelperIsFoundInPathsAbsoluteDirectoriesOnly() throws Exception {
    helper("relative", "test", "printf '{\"Username\":\"me\",\"Secret\":\"x\"}'");
    Path here = Path.of("").toAbsolutePath();
    String relative = here.relativize(directory.resolve("relative")).toString();
    config("{\"credsStore\":\"test\"}");
    for (String path : new String[] {"", ":", ".", relative, directory.resolve("bin") + ""}) {
      environment.put("PATH", path);
      assertThatThrownBy(() -> find("registry.test")).hasMessageContaining("is not in PATH");
    }
    environment.put("PATH", relative + ":" + directory.resolve("relative"));
    assertThat(find("registry.test")).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "printf '{\"ServerURL\":\"evil.test\",\"Username\":\"me\",\"Secret\":\"" + SECRET + "\"}'",
        "echo " + SECRET,
        "printf '{\"Username\":\"me\",\"Secret\":5}'",
        "printf '{} {}'",
        "yes " + SECRET + " | head -c 200000",
        "printf 'broken\\n\\033[31m'; exit 3",
        "kill -9 $$"
      })
  void REG17_aHelpersOddAnswerIsRefused(String commands) throws Exception {
    helper("bin", "test", commands);
    environment.put("PATH", environment.get("PATH") + ":/usr/bin:/bin");
    config("{\"credsStore\":\"test\"}");
    assertThatThrownBy(() -> find("registry.test"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContaining("docker-credential-test")
        .hasMessageMatching("[ -~]+")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void REG17_aHelperThatHangsIsEnded() throws Exception {
    Path pid = directory.resolve("pid");
    helper(
        "bin", "test", "echo $$ >" + pid + ".new; mv " + pid + ".new " + pid + "; exec sleep 600");
    environment.put("PATH", environment.get("PATH") + ":/usr/bin:/bin");
    CredentialHelper helper = new CredentialHelper("test", environment, Duration.ofSeconds(2));
    assertThatThrownBy(() -> helper.get("registry.test"))
        .hasMessageContaining("did not answer within 2 s");
    long number = Long.parseLong(Files.readString(pid).strip());
    Optional<ProcessHandle> process = ProcessHandle.of(number);
    if (process.isPresent()) {
      process.get().onExit().get();
    }
  }
}
