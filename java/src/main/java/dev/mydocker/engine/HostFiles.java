package dev.mydocker.engine;

import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The content of /etc/hosts, /etc/hostname and /etc/resolv.conf in a container. */
final class HostFiles {
  private static final String LOCAL =
      "127.0.0.1\tlocalhost\n"
          + "::1\tlocalhost ip6-localhost ip6-loopback\n"
          + "fe00::\tip6-localnet\n"
          + "ff00::\tip6-mcastprefix\n"
          + "ff02::1\tip6-allnodes\n"
          + "ff02::2\tip6-allrouters\n";

  private HostFiles() {}

  /** By path on the host. */
  static Map<String, String> of(Spec spec, Path run, NetworkMode network) throws IOException {
    boolean shared = network instanceof NetworkMode.Host;
    Map<String, String> files = new LinkedHashMap<>();
    files.put(HostProbe.hostsFile(run), shared ? read("/etc/hosts", LOCAL) : LOCAL);
    files.put(HostProbe.hostnameFile(run), spec.hostname().orElse(HostProbe.hostname()) + "\n");
    files.put(HostProbe.resolvConfFile(run), read("/etc/resolv.conf", ""));
    return files;
  }

  private static String read(String path, String otherwise) throws IOException {
    Path file = Path.of(path);
    return Files.isReadable(file) ? Files.readString(file) : otherwise;
  }
}
