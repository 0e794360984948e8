package dev.mydocker.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The environment of a user who has logged in nowhere, on a host that configures no registry. */
final class BareHome {
  private BareHome() {}

  /** A new one, which may be added to; the user's home is {@code directory}. */
  static Map<String, String> in(Path directory) throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("HOME", directory.toString());
    environment.put("PATH", System.getenv("PATH"));
    Path conf = Files.writeString(directory.resolve("registries.conf"), "");
    environment.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
    return environment;
  }
}
