package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Logging in to registries: credentials are tried, kept where {@link Credentials} finds them, and
 * forgotten. A file is replaced whole, readable for its owner alone, and what else stands in it
 * stays.
 */
public final class Logins {
  private final Map<String, String> environment;
  private final Credentials credentials;

  /**
   * Nothing is read yet.
   *
   * @param environment where the files, helpers, certificates and proxies are looked for
   */
  public Logins(Map<String, String> environment) {
    this.environment = environment;
    this.credentials = new Credentials(environment);
  }

  /**
   * The registry that a user means.
   *
   * @param server {@code registry.example:5000}, also as a URL; empty is Docker Hub
   * @return as references name it: {@code docker.io}
   * @throws ImageException BAD_REFERENCE when no reference can name it
   */
  public static String registry(String server) throws ImageException {
    if (server.isEmpty()) {
      return "docker.io";
    }
    String host = Credentials.host(server);
    try {
      if (ImageRef.parseRegistry(host + "/x").domain().equals(host)) {
        return host;
      }
    } catch (ImageException e) {
      // The sentence below says it for all of them.
    }
    throw new ImageException(
        Kind.BAD_REFERENCE,
        ImageException.quote(host)
            + " is no registry's name: write HOST.DOMAIN, HOST:PORT or localhost");
  }

  /** What the registry is called where credentials are kept. */
  public static String server(String registry) {
    return Credentials.server(registry);
  }

  /** Whether credentials for the registry are kept somewhere. */
  public boolean has(String registry) throws ImageException {
    return credentials.find(registry, "").isPresent();
  }

  /**
   * Asks the registry whether it knows this user.
   *
   * @return the identity token that the registry's token service gave for the password, if any: to
   *     be kept in its place
   * @throws ImageException UNAUTHORIZED when it does not
   */
  public Optional<String> check(String registry, String user, String password) throws IOException {
    if (user.isEmpty() || user.indexOf(':') >= 0 || password.isEmpty()) {
      throw new ImageException(
          Kind.UNAUTHORIZED,
          "cannot log in to " + registry + ": it needs a user name without colon, and a password");
    }
    return check(registry, (d, p) -> Optional.of(new Credential.Password(user, password)));
  }

  /** {@link #check(String, String, String)} of the credentials that are kept. */
  public void checkKept(String registry) throws IOException {
    check(registry, credentials::find);
  }

  private Optional<String> check(String registry, RegistryAuth.Keeper keeper) throws IOException {
    try {
      RegistriesConf conf = RegistriesConf.load(environment);
      try (RegistryHttp http =
          new RegistryHttp(
              environment, HttpTiming.DEFAULT, PullListener.NONE::call, conf::isInsecure)) {
        RegistryEndpoint endpoint =
            new RegistryEndpoint(http, registry, "", keeper, RegistryAuth.Purpose.LOGIN);
        endpoint.get("", Map.of(), "/v2/, as every registry has it").discard();
        return endpoint.auth().identity();
      }
    } catch (IOException e) {
      ImageException why = RegistryError.of(e, registry);
      throw new ImageException(
          why.kind(), "cannot log in to " + registry + ": " + why.getMessage(), e);
    }
  }

  /**
   * Keeps credentials: with the helper that the configuration names for the registry, else in the
   * file itself.
   *
   * @param identity what {@link #check(String, String, String)} gave: kept instead of the password
   * @return the file, when they stand in it as they are
   */
  public Optional<Path> keep(
      String registry, String user, String password, Optional<String> identity) throws IOException {
    Credential.Password secret =
        new Credential.Password(user, identity.isPresent() ? "" : password);
    String server = Credentials.server(registry);
    Path file = credentials.file();
    Json.Obj config = Credentials.load(file).orElse(Json.object().build());
    Optional<CredentialHelper> helper = credentials.helper(config, registry);
    Json.Builder entry = Json.object();
    if (helper.isPresent()) {
      // By that name helpers know that the secret is no password.
      helper
          .get()
          .store(server, identity.map(t -> new Credential.Password("<token>", t)).orElse(secret));
    } else {
      entry.put("auth", secret.basic().substring("Basic ".length()));
      identity.ifPresent(token -> entry.put("identitytoken", token));
    }
    change(
        file,
        auths -> {
          keysOf(auths, registry).forEach(auths::remove);
          auths.put(server, entry.build());
        });
    return helper.isPresent() ? Optional.empty() : Optional.of(file);
  }

  /**
   * Forgets a registry's credentials in the file that logins are written to, and in its helper.
   *
   * @return whether there were any
   */
  public boolean forget(String registry) throws IOException {
    Path file = credentials.file();
    Optional<Json.Obj> config = Credentials.load(file);
    if (config.isEmpty()) {
      return false;
    }
    boolean known = false;
    Optional<CredentialHelper> helper = credentials.helper(config.get(), registry);
    if (helper.isPresent()) {
      known = helper.get().get(Credentials.server(registry)).isPresent();
      helper.get().erase(Credentials.server(registry));
    }
    Map<String, Json> auths = auths(config.get());
    if (!keysOf(auths, registry).isEmpty()) {
      known = true;
      change(file, all -> keysOf(all, registry).forEach(all::remove));
    }
    return known;
  }

  /** The files, other than the one that logins are written to, that still have credentials. */
  public List<Path> remaining(String registry) throws ImageException {
    List<Path> out = new ArrayList<>();
    for (Path file : credentials.files()) {
      if (credentials.find(file, registry, "").isPresent()) {
        out.add(file);
      }
    }
    return out;
  }

  /** The names in a file under which a registry as a whole stands. */
  private static List<String> keysOf(Map<String, Json> auths, String registry) {
    return auths.keySet().stream()
        .filter(key -> Credentials.host(key).equals(registry))
        .filter(key -> key.contains("://") || key.indexOf('/') < 0)
        .toList();
  }

  private static Map<String, Json> auths(Json.Obj config) throws IOException {
    return new LinkedHashMap<>(config.object("auths").map(Json.Obj::members).orElse(Map.of()));
  }

  /** Changes the member "auths". */
  private interface Change {
    void of(Map<String, Json> auths);
  }

  private static void change(Path file, Change change) throws IOException {
    try {
      Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
      Path directory = target.getParent();
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      try (Directory in = Directory.open(directory);
          Fd lock = in.lock()) {
        Json.Obj config = Credentials.load(target).orElse(Json.object().build());
        Map<String, Json> auths = auths(config);
        change.of(auths);
        Map<String, Json> members = new LinkedHashMap<>(config.members());
        members.put("auths", new Json.Obj(auths));
        replace(target, new Json.Obj(members).toPrettyBytes());
        in.fsync();
      }
    } catch (ImageException e) {
      throw e;
    } catch (IOException e) {
      // The message of a JSON's reader could show what stands in the file; errno's name does not.
      String why = e instanceof dev.mydocker.json.JsonException ? "\"auths\" is no object" : "";
      throw new ImageException(
          Kind.CONFIGURATION,
          "cannot change the credentials in "
              + file
              + ": "
              + (why.isEmpty() ? Errno.describe(e) : why));
    }
  }

  private static void replace(Path target, byte[] content) throws IOException {
    // Its mode is 0600 from the start.
    Path fresh = Files.createTempFile(target.getParent(), ".config", ".json");
    try {
      try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        out.force(true);
      }
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
