package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The environment of the container's process; nothing of the engine's own is in it. */
final class Environment {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Map<String, String> values = new LinkedHashMap<>();

  private Environment() {}

  /**
   * {@code NAME=value}, each name once: Docker's defaults, the image's, the user's. What is set
   * again keeps its place and takes the last value.
   *
   * @param hostname for HOSTNAME
   * @param home for HOME, unless that is set to something
   * @throws OptionException when an entry of the image has no name or has a NUL
   */
  static List<String> of(
      RunOptions options, ImageDefaults image, String hostname, String home, Causes.Collector why)
      throws OptionException {
    Environment environment = new Environment();
    environment.defaults(hostname, options.tty());
    for (String entry : image.env()) {
      environment.add(entry);
    }
    for (EnvEntry entry : options.env()) {
      environment.add(entry);
    }
    if (environment.values.getOrDefault("HOME", "").isEmpty()) {
      environment.values.put("HOME", home);
    }
    why.put(
        "env",
        "default: Docker's"
            + (image.env().isEmpty() ? "" : ", image: Env")
            + (options.env().isEmpty() ? "" : ", --env"));
    return environment.entries();
  }

  /**
   * The environment of a process that joins a container: the container's, and the user's above it.
   *
   * @param container of the container's own process
   * @param home what HOME becomes, when it follows another user
   */
  static List<String> ofExec(
      List<String> container, ExecOptions options, Optional<String> home, Causes.Collector why) {
    Environment environment = new Environment();
    for (String entry : container) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        environment.values.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    if (options.tty()) {
      environment.values.putIfAbsent("TERM", "xterm");
    }
    if (home.isPresent()) {
      environment.values.put("HOME", home.get());
    }
    for (EnvEntry entry : options.env()) {
      environment.add(entry);
    }
    why.put("env", "the container's own" + (options.env().isEmpty() ? "" : ", --env"));
    return environment.entries();
  }

  private void defaults(String hostname, boolean tty) {
    values.put("PATH", PATH);
    values.put("HOSTNAME", hostname);
    if (tty) {
      values.put("TERM", "xterm");
    }
  }

  /** A name without {@code =} removes the variable, as in Docker. */
  private void add(String entry) throws OptionException {
    int equals = entry.indexOf('=');
    if (equals == 0 || entry.isEmpty() || entry.indexOf('\0') >= 0) {
      throw new OptionException(
          "the image's Env: invalid environment variable: " + OptionException.quote(entry));
    }
    if (equals < 0) {
      values.remove(entry);
    } else {
      values.put(entry.substring(0, equals), entry.substring(equals + 1));
    }
  }

  private void add(EnvEntry entry) {
    if (entry.value().isPresent()) {
      values.put(entry.name(), entry.value().get());
    } else {
      values.remove(entry.name());
    }
  }

  private List<String> entries() {
    List<String> out = new ArrayList<>(values.size());
    values.forEach((name, value) -> out.add(name + "=" + value));
    return out;
  }
}
