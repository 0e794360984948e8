package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The credentials that {@code docker login} and {@code podman login} keep: REGISTRY_AUTH_FILE when
 * it is set, Docker's config.json (in DOCKER_CONFIG or ~/.docker), podman's auth.json (in
 * XDG_RUNTIME_DIR/containers). The first file that knows the registry counts; in it a helper before
 * what it holds itself. Read when a registry first asks.
 */
final class Credentials {
  private static final String DOCKER_HUB = "https://index.docker.io/v1/";
  private static final int MAX_FILE = 4 << 20;
  private static final Duration HELPER_LIMIT = Duration.ofSeconds(30);

  private final Map<String, String> environment;

  Credentials(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * The credentials for a repository.
   *
   * @param domain {@code docker.io}, {@code localhost:5000}
   * @param path the repository's path
   * @throws ImageException CONFIGURATION for a file or helper that cannot be used
   */
  Optional<Credential> find(String domain, String path) throws ImageException {
    for (Path file : files()) {
      Optional<Credential> found = find(file, domain, path);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The credentials that one file, or the helper it names, has for a repository. */
  Optional<Credential> find(Path file, String domain, String path) throws ImageException {
    Optional<Json.Obj> config = load(file);
    if (config.isEmpty()) {
      return Optional.empty();
    }
    try {
      return find(config.get(), domain, path);
    } catch (ImageException e) {
      throw new ImageException(e.kind(), e.getMessage() + " (" + file + ")", e);
    } catch (IOException e) {
      throw bad(file, e.getMessage());
    }
  }

  /**
   * The file that a login is written to: the first of those that are read.
   *
   * @throws ImageException CONFIGURATION when the environment names no place at all
   */
  Path file() throws ImageException {
    return files().stream()
        .findFirst()
        .orElseThrow(
            () ->
                new ImageException(
                    Kind.CONFIGURATION, "there is no place for credentials: set HOME"));
  }

  /** The files that are read, the first one counting most. */
  List<Path> files() {
    List<Path> out = new ArrayList<>();
    variable("REGISTRY_AUTH_FILE").ifPresent(file -> out.add(Path.of(file)));
    variable("DOCKER_CONFIG")
        .or(() -> variable("HOME").map(home -> home + "/.docker"))
        .ifPresent(directory -> out.add(Path.of(directory, "config.json")));
    variable("XDG_RUNTIME_DIR")
        .ifPresent(directory -> out.add(Path.of(directory, "containers/auth.json")));
    return out;
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /** A file's content; empty when there is no such file. */
  static Optional<Json.Obj> load(Path file) throws ImageException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE);
      if (bytes.length == MAX_FILE) {
        throw bad(file, "it is too large");
      }
      return Optional.of(Json.parseObject(bytes));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (ImageException e) {
      throw e;
    } catch (dev.mydocker.json.JsonException e) {
      // A parser's message may quote what stands there.
      throw bad(file, "it is not JSON");
    } catch (IOException e) {
      throw bad(file, "it cannot be read");
    }
  }

  private Optional<Credential> find(Json.Obj config, String domain, String path)
      throws IOException {
    Optional<CredentialHelper> helper = helper(config, domain);
    if (helper.isPresent()) {
      Optional<Credential> found = helper.get().get(server(domain));
      if (found.isPresent()) {
        return found;
      }
    }
    Optional<Json.Obj> auths = config.object("auths");
    return auths.isEmpty() ? Optional.empty() : own(auths.get(), domain, path);
  }

  /** What a registry is called in the files and by helpers. */
  static String server(String domain) {
    return domain.equals("docker.io") ? DOCKER_HUB : domain;
  }

  /** The helper that a file's content names for a registry. */
  Optional<CredentialHelper> helper(Json.Obj config, String domain) throws IOException {
    boolean hub = domain.equals("docker.io");
    Map<String, String> helpers = config.stringMap("credHelpers");
    Optional<String> forAll = config.string("credsStore").filter(name -> !name.isEmpty());
    return Optional.ofNullable(helpers.get(server(domain)))
        .or(() -> Optional.ofNullable(helpers.get(domain)))
        .or(() -> hub ? Optional.ofNullable(helpers.get("index.docker.io")) : Optional.empty())
        .or(() -> forAll)
        .map(name -> new CredentialHelper(name, environment, HELPER_LIMIT));
  }

  /** The entry of the longest name that the repository lies below. */
  private static Optional<Credential> own(Json.Obj auths, String domain, String path)
      throws IOException {
    String wanted = domain + "/" + path + "/";
    String best = "";
    Optional<Json.Obj> entry = Optional.empty();
    for (String key : auths.members().keySet()) {
      String name = key.contains("://") ? host(key) : hubName(key);
      if (wanted.startsWith(name + "/") && name.length() > best.length()) {
        best = name;
        entry = auths.object(key);
      }
    }
    return entry.isEmpty() ? Optional.empty() : credential(entry.get());
  }

  private static Optional<Credential> credential(Json.Obj entry) throws IOException {
    Optional<String> token = entry.string("identitytoken").filter(t -> !t.isEmpty());
    if (token.isPresent()) {
      return Optional.of(new Credential.IdentityToken(token.get()));
    }
    String user = entry.string("username").orElse("");
    String password = entry.string("password").orElse("");
    String auth = entry.string("auth").orElse("");
    if (!auth.isEmpty()) {
      String pair = decode(auth);
      int colon = pair.indexOf(':');
      if (colon < 0) {
        throw new ImageException(Kind.CONFIGURATION, "an \"auth\" that is not user:password");
      }
      user = pair.substring(0, colon);
      password = pair.substring(colon + 1);
    }
    return user.isEmpty() && password.isEmpty()
        ? Optional.empty()
        : Optional.of(new Credential.Password(user, password));
  }

  /** Old dockers filled the bytes up with zeros. */
  private static String decode(String auth) throws ImageException {
    try {
      String pair = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
      int end = pair.length();
      while (end > 0 && pair.charAt(end - 1) == 0) {
        end--;
      }
      return pair.substring(0, end);
    } catch (IllegalArgumentException e) {
      throw new ImageException(Kind.CONFIGURATION, "an \"auth\" that is not base64");
    }
  }

  /** The registry that a server's URL or name means. */
  static String host(String server) {
    int scheme = server.indexOf("://");
    String rest = scheme < 0 ? server : server.substring(scheme + 3);
    int slash = rest.indexOf('/');
    return hubName(slash < 0 ? rest : rest.substring(0, slash));
  }

  private static String hubName(String name) {
    return name.equals("index.docker.io") || name.equals("registry-1.docker.io")
        ? "docker.io"
        : name;
  }

  private static ImageException bad(Path file, String why) {
    return new ImageException(
        Kind.CONFIGURATION, "cannot use the credentials in " + file + ": " + why);
  }
}
