package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which registries stand for others, lack TLS, or are blocked: containers-registries.conf(5),
 * version 2. The file that CONTAINERS_REGISTRIES_CONF names stands alone; else the user's file, or
 * the host's, and then the files of both registries.conf.d directories, a later entry in place of
 * an earlier one of the same prefix. What the files say of short names and helpers is not used.
 */
final class RegistriesConf {
  private static final int MAX_FILE = 1 << 20;
  private static final Set<String> REGISTRY_KEYS =
      Set.of("prefix", "location", "insecure", "blocked", "mirror-by-digest-only");
  private static final Set<String> MIRROR_KEYS = Set.of("location", "insecure", "pull-from-mirror");
  private static final Set<String> VERSION_1 =
      Set.of("registries", "registries.search", "registries.insecure", "registries.block");

  /** When a mirror is asked. */
  private enum Use {
    ALL,
    DIGEST_ONLY,
    TAG_ONLY
  }

  private record Mirror(String location, boolean insecure, Use use) {}

  private record Registry(
      String prefix,
      String location,
      boolean insecure,
      boolean blocked,
      boolean mirrorByDigestOnly,
      List<Mirror> mirrors) {}

  private final Map<String, Registry> registries = new LinkedHashMap<>();

  private RegistriesConf() {}

  /**
   * Reads the files.
   *
   * @throws ImageException CONFIGURATION, naming file and line
   */
  static RegistriesConf load(Map<String, String> environment) throws ImageException {
    String named = environment.getOrDefault("CONTAINERS_REGISTRIES_CONF", "");
    if (!named.isEmpty()) {
      if (!Files.exists(Path.of(named))) {
        throw new ImageException(
            Kind.CONFIGURATION, named + ", named by CONTAINERS_REGISTRIES_CONF, does not exist");
      }
      return load(List.of(Path.of(named)));
    }
    String home = environment.getOrDefault("HOME", "");
    List<Path> homes = new ArrayList<>(List.of(Path.of("/etc/containers")));
    if (!home.isEmpty()) {
      homes.add(Path.of(home, ".config/containers"));
    }
    List<Path> files = new ArrayList<>();
    for (int i = homes.size() - 1; i >= 0 && files.isEmpty(); i--) {
      Path main = homes.get(i).resolve("registries.conf");
      if (Files.exists(main)) {
        files.add(main);
      }
    }
    for (Path directory : homes) {
      files.addAll(dropIns(directory.resolve("registries.conf.d")));
    }
    return load(files);
  }

  /** Reads these files, a later entry in place of an earlier one. */
  static RegistriesConf load(List<Path> files) throws ImageException {
    RegistriesConf conf = new RegistriesConf();
    for (Path file : files) {
      conf.read(file);
    }
    return conf;
  }

  private static List<Path> dropIns(Path directory) throws ImageException {
    List<Path> out = new ArrayList<>();
    try (DirectoryStream<Path> list = Files.newDirectoryStream(directory, "*.conf")) {
      list.forEach(out::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw new ImageException(Kind.CONFIGURATION, directory + " cannot be read", e);
    }
    out.sort(null);
    return out;
  }

  private void read(Path file) throws ImageException {
    List<Toml.Table> tables = Toml.parse(file, text(file));
    for (int i = 0; i < tables.size(); i++) {
      Toml.Table table = tables.get(i);
      if (VERSION_1.contains(table.name())) {
        throw bad(file, table, "version 1 of this file's format: write [[registry]] tables");
      }
      if (table.name().equals("registry")) {
        List<Toml.Table> mirrors = new ArrayList<>();
        while (i + 1 < tables.size() && tables.get(i + 1).name().equals("registry.mirror")) {
          mirrors.add(tables.get(++i));
        }
        Registry registry = registry(file, table, mirrors);
        registries.put(registry.prefix, registry);
      } else if (table.name().startsWith("registry.")) {
        throw bad(file, table, "[[registry.mirror]] is expected, below its [[registry]]");
      }
    }
  }

  private static String text(Path file) throws ImageException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE);
      if (bytes.length < MAX_FILE) {
        return new String(bytes, StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new ImageException(Kind.CONFIGURATION, file + " cannot be read", e);
    }
    throw new ImageException(Kind.CONFIGURATION, file + " is too large");
  }

  private static Registry registry(Path file, Toml.Table table, List<Toml.Table> mirrors)
      throws ImageException {
    check(file, table, REGISTRY_KEYS);
    String location = string(file, table, "location").orElse("");
    String prefix = string(file, table, "prefix").orElse(location);
    boolean wild = prefix.startsWith("*.");
    if (prefix.isEmpty() || location.isEmpty() && !wild) {
      throw bad(file, table, "a registry needs a location");
    }
    List<Mirror> all = new ArrayList<>();
    for (Toml.Table mirror : mirrors) {
      check(file, mirror, MIRROR_KEYS);
      all.add(
          new Mirror(
              string(file, mirror, "location")
                  .orElseThrow(() -> bad(file, mirror, "a mirror needs a location")),
              bool(file, mirror, "insecure"),
              use(file, mirror)));
    }
    return new Registry(
        prefix,
        location,
        bool(file, table, "insecure"),
        bool(file, table, "blocked"),
        bool(file, table, "mirror-by-digest-only"),
        List.copyOf(all));
  }

  private static Use use(Path file, Toml.Table mirror) throws ImageException {
    return switch (string(file, mirror, "pull-from-mirror").orElse("all")) {
      case "all" -> Use.ALL;
      case "digest-only" -> Use.DIGEST_ONLY;
      case "tag-only" -> Use.TAG_ONLY;
      default ->
          throw bad(file, mirror, "pull-from-mirror is none of all, digest-only and tag-only");
    };
  }

  /** A misspelt "insecure" or "blocked" must not pass for its absence. */
  private static void check(Path file, Toml.Table table, Set<String> known) throws ImageException {
    for (String key : table.values().keySet()) {
      if (!known.contains(key)) {
        throw bad(file, table, "unknown key " + ImageException.quote(key));
      }
    }
    if (!table.array()) {
      throw bad(file, table, "[[" + table.name() + "]] is expected, in double brackets");
    }
  }

  private static Optional<String> string(Path file, Toml.Table table, String key)
      throws ImageException {
    Json value = table.values().get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Json.Str text && !text.value().isEmpty()) {
      return Optional.of(text.value());
    }
    throw bad(file, table, key + " must be a string");
  }

  private static boolean bool(Path file, Toml.Table table, String key) throws ImageException {
    Json value = table.values().get(key);
    if (value == null || value instanceof Json.Bool) {
      return value != null && ((Json.Bool) value).value();
    }
    throw bad(file, table, key + " must be true or false");
  }

  private static ImageException bad(Path file, Toml.Table table, String why) {
    return new ImageException(
        Kind.CONFIGURATION, file + ", line " + table.line() + ", [" + table.name() + "]: " + why);
  }

  /**
   * Where an image is to be fetched from, in the order of trying: its mirrors, then its registry.
   *
   * @throws ImageException UNAUTHORIZED when the configuration blocks it, CONFIGURATION when a
   *     location gives no reference
   */
  List<ImageRef.Registry> locate(ImageRef.Registry reference) throws ImageException {
    Optional<Registry> entry = entry(reference);
    if (entry.isEmpty()) {
      return List.of(reference);
    }
    Registry registry = entry.get();
    if (registry.blocked) {
      throw new ImageException(
          Kind.UNAUTHORIZED, "registries.conf blocks " + ImageException.quote(registry.prefix));
    }
    boolean byDigest = reference.digest().isPresent();
    List<ImageRef.Registry> out = new ArrayList<>();
    for (Mirror mirror : registry.mirrors) {
      boolean used =
          switch (mirror.use) {
            case ALL -> byDigest || !registry.mirrorByDigestOnly;
            case DIGEST_ONLY -> byDigest;
            case TAG_ONLY -> !byDigest;
          };
      if (used) {
        out.add(moved(reference, registry, mirror.location));
      }
    }
    out.add(
        registry.location.isEmpty() ? reference : moved(reference, registry, registry.location));
    return List.copyOf(out);
  }

  /** Whether the certificate of a host is not checked, and http is spoken where it has no TLS. */
  boolean isInsecure(Origin origin) {
    for (Registry registry : registries.values()) {
      String location = registry.location.isEmpty() ? registry.prefix : registry.location;
      if (registry.insecure && isAt(location, origin)) {
        return true;
      }
      for (Mirror mirror : registry.mirrors) {
        if (mirror.insecure && isAt(mirror.location, origin)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isAt(String location, Origin origin) {
    int slash = location.indexOf('/');
    String authority = slash < 0 ? location : location.substring(0, slash);
    return authority.startsWith("*.")
        ? origin.host().endsWith(authority.substring(1))
        : authority.equals(origin.authority());
  }

  /** The entry with the longest prefix that the reference begins with, up to a boundary. */
  private Optional<Registry> entry(ImageRef.Registry reference) {
    Registry best = null;
    for (Registry registry : registries.values()) {
      if (matched(registry, reference) > 0
          && (best == null || registry.prefix.length() > best.prefix.length())) {
        best = registry;
      }
    }
    return Optional.ofNullable(best);
  }

  /** How many characters of the reference's name the entry's prefix stands for; 0 for none. */
  private static int matched(Registry registry, ImageRef.Registry reference) {
    String name = reference.name();
    int length = registry.prefix.length();
    if (registry.prefix.startsWith("*.")) {
      boolean below = reference.domain().endsWith(registry.prefix.substring(1));
      return below ? reference.domain().length() : 0;
    }
    // Behind a host alone, a colon begins a port: another registry.
    String boundaries = registry.prefix.indexOf('/') < 0 ? "/" : "/:@";
    boolean begins = name.startsWith(registry.prefix);
    return begins && (name.length() == length || boundaries.indexOf(name.charAt(length)) >= 0)
        ? length
        : 0;
  }

  private static ImageRef.Registry moved(
      ImageRef.Registry reference, Registry registry, String location) throws ImageException {
    String rest = reference.name().substring(matched(registry, reference));
    ImageRef.Registry moved = ImageRef.parseRegistry(location + rest);
    if (!location.equals(moved.domain()) && !location.startsWith(moved.domain() + "/")) {
      throw new ImageException(
          Kind.CONFIGURATION,
          "registries.conf: the location "
              + ImageException.quote(location)
              + " does not begin with a registry's host name");
    }
    return moved;
  }
}
