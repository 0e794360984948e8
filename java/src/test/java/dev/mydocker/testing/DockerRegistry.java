package dev.mydocker.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Debian's docker-registry on a free port of the loopback address, with a storage of its own. */
public final class DockerRegistry implements AutoCloseable {
  /** The only account of a registry with {@link Setup#htpasswd}. */
  public static final String USER = "tester";

  public static final String PASSWORD = "correct horse";

  // htpasswd -bnBC 5 tester "correct horse"
  private static final String HTPASSWD =
      USER + ":$2y$05$mydockertestregistry1uhZjqQBErnt9GLo6pH.EFabkjuOnxmGG\n";

  private final Process process;
  private final int port;

  private DockerRegistry(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** How a registry is to be; starts it. */
  public static final class Setup {
    private final Path directory;
    private final List<String> http = new ArrayList<>();
    private final List<String> auth = new ArrayList<>();

    private Setup(Path directory) {
      this.directory = directory;
    }

    /** Speaks TLS with this certificate. */
    public Setup tls(TestCertificate certificate) throws IOException, GeneralSecurityException {
      http.add("  tls:");
      http.add("    certificate: " + certificate.certificate());
      http.add("    key: " + certificate.key());
      return this;
    }

    /** Wants {@link #USER}'s password by Basic authentication. */
    public Setup htpasswd() throws IOException {
      Path file = Files.writeString(directory.resolve("htpasswd"), HTPASSWD);
      auth.add("auth:");
      auth.add("  htpasswd: {realm: test, path: " + file + "}");
      return this;
    }

    /** Wants tokens of the service at {@code realm}, signed by the certificate's key. */
    public Setup token(String realm, TestCertificate certificate)
        throws IOException, GeneralSecurityException {
      auth.add("auth:");
      auth.add("  token:");
      auth.add("    realm: " + realm);
      auth.add("    service: test-registry");
      auth.add("    issuer: test-issuer");
      auth.add("    rootcertbundle: " + certificate.certificate());
      return this;
    }

    /** Starts it and waits until it answers. */
    public DockerRegistry start() throws IOException, InterruptedException {
      int port = freePort();
      List<String> config = new ArrayList<>();
      config.add("version: 0.1");
      config.add("log: {level: warn, accesslog: {disabled: true}}");
      config.add("storage:");
      config.add("  filesystem: {rootdirectory: " + directory.resolve("storage") + "}");
      config.add("  delete: {enabled: true}");
      config.add("http:");
      config.add("  addr: 127.0.0.1:" + port);
      config.addAll(http);
      config.addAll(auth);
      Path file = Files.write(directory.resolve("config.yml"), config);
      Path log = directory.resolve("registry.log");
      Process process =
          new ProcessBuilder("docker-registry", "serve", file.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      DockerRegistry registry = new DockerRegistry(process, port);
      try {
        registry.await(log);
      } catch (IOException | InterruptedException e) {
        registry.close();
        throw e;
      }
      return registry;
    }
  }

  /**
   * Prepares a registry.
   *
   * @param directory of its own, for configuration, storage and log
   */
  public static Setup in(Path directory) throws IOException {
    return new Setup(Files.createDirectories(directory));
  }

  /** {@code localhost:PORT}. */
  public String authority() {
    return "localhost:" + port;
  }

  /**
   * Copies an image into the registry with skopeo.
   *
   * @param from as skopeo names it: {@code oci-archive:FILE}
   * @param to repository and tag
   * @param options of skopeo copy
   */
  public void push(String from, String to, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("skopeo", "--insecure-policy", "copy", "-q"));
    command.addAll(List.of("--dest-tls-verify=false", "--dest-creds", USER + ":" + PASSWORD));
    command.addAll(List.of(options));
    command.addAll(List.of(from, "docker://" + authority() + "/" + to));
    Process skopeo = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(skopeo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (skopeo.waitFor() != 0) {
      throw new IOException("skopeo: " + said);
    }
  }

  private void await(Path log) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!isListening()) {
      if (!process.isAlive() || System.nanoTime() - end > 0) {
        throw new IOException("docker-registry did not start: " + Files.readString(log));
      }
      Thread.sleep(20);
    }
  }

  private boolean isListening() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
