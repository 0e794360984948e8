package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.testing.DockerRegistry;
import dev.mydocker.testing.TestCertificate;
import dev.mydocker.testing.TokenServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pushes into a real registry, from which skopeo and podman take what was pushed. */
class RegistryPushIT {
  private static final Path BUSYBOX = Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final PushListener listener =
      new PushListener() {
        @Override
        public void alreadyExists(String id) {
          events.add("exists");
        }

        @Override
        public void mounted(String id, String path) {
          events.add("mounted from " + path);
        }

        @Override
        public void pushed(String id) {
          events.add("pushed");
        }

        @Override
        public void call(String method, String url, int status, long start, long end) {
          events.add(method + " " + url + " " + status);
        }
      };

  @BeforeEach
  void isolate() throws IOException {
    environment.putAll(BareHome.in(directory));
  }

  private Path root() {
    return directory.resolve("state");
  }

  private Pushed push(String name) throws IOException {
    return Images.open(root(), environment)
        .registries()
        .push(ImageRef.parseRegistry(name), Optional.empty(), listener);
  }

  /** Four layers, of which one is larger than a chunk. */
  private Document layered(String name, String type) throws IOException {
    List<byte[]> layers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      byte[] content = new byte[i == 2 ? 18 << 20 : 1000 + i];
      new Random(i).nextBytes(content);
      ByteArrayOutputStream layer = new ByteArrayOutputStream();
      try (TarArchiveOutputStream tar = new TarArchiveOutputStream(layer)) {
        TarArchiveEntry entry = new TarArchiveEntry("file" + i);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
      layers.add(layer.toByteArray());
    }
    return ImageFixture.put(root(), name, type, layers);
  }

  private void busybox(String name) throws IOException {
    ImageRef archive = ImageRef.parse("oci-archive:" + BUSYBOX);
    Images.open(root(), environment)
        .get(archive, Platform.host(), PullPolicy.MISSING, PullListener.NONE);
    ImageFixture.tag(root(), archive.name(), name);
  }

  private static byte[] run(String... command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("mydocker-it", ".err");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      byte[] out = process.getInputStream().readAllBytes();
      assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
      return out;
    } finally {
      Files.delete(errors);
    }
  }

  /** The digest of the manifest that skopeo gets; its copy checks every blob. */
  private Digest skopeo(String name) throws IOException, InterruptedException {
    String account = DockerRegistry.USER + ":" + DockerRegistry.PASSWORD;
    String source = "docker://" + name;
    run(
        "skopeo",
        "--insecure-policy",
        "copy",
        "--src-tls-verify=false",
        "--src-creds",
        account,
        source,
        "dir:" + Files.createTempDirectory(directory, "copy"));
    return Digest.of(
        run("skopeo", "inspect", "--raw", "--tls-verify=false", "--creds", account, source));
  }

  private String podman(String name) throws IOException, InterruptedException {
    List<String> podman = new ArrayList<>(List.of("podman", "--cgroup-manager", "cgroupfs"));
    podman.addAll(List.of("--storage-driver", "vfs", "--root", directory + "/podman"));
    podman.addAll(List.of("--runroot", directory + "/podman-run"));
    List<String> pull = new ArrayList<>(podman);
    pull.addAll(List.of("pull", "-q", "--tls-verify=false", name));
    run(pull.toArray(String[]::new));
    List<String> inspect = new ArrayList<>(podman);
    inspect.addAll(List.of("image", "inspect", "--format", "{{.Digest}}", name));
    return new String(run(inspect.toArray(String[]::new)), StandardCharsets.UTF_8).strip();
  }

  @ParameterizedTest
  @ValueSource(strings = {MediaType.OCI_MANIFEST, MediaType.DOCKER_MANIFEST})
  void otherProgramsPullWhatWasPushedUnderTheSameDigest(String type) throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String name = registry.authority() + "/team/app:1";
      Document manifest = layered(name, type);
      assertThat(push(name))
          .isEqualTo(new Pushed("1", manifest.digest(), manifest.bytes().length, Optional.empty()));
      assertThat(events).filteredOn("pushed"::equals).hasSize(5);
      assertThat(skopeo(name)).isEqualTo(manifest.digest());
      assertThat(podman(name)).isEqualTo(manifest.digest().toString());

      events.clear();
      push(name);
      assertThat(events).filteredOn("exists"::equals).hasSize(5);
      assertThat(events).noneMatch(e -> e.startsWith("POST") || e.startsWith("PATCH"));
    }
  }

  @Test
  void busyboxIsPushedAndPulledBack() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String name = registry.authority() + "/busybox:latest";
      busybox(name);
      Digest digest = push(name).digest();
      assertThat(skopeo(name)).isEqualTo(digest);
      Image image =
          Images.open(directory.resolve("other"), environment)
              .get(ImageRef.parse(name), Platform.host(), PullPolicy.ALWAYS, PullListener.NONE);
      assertThat(image.manifestDigest()).isEqualTo(digest);
    }
  }

  @Test
  void layersAreMountedFromTheRepositoryTheyCameFrom() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String base = registry.authority() + "/base/image:1";
      String name = registry.authority() + "/team/app:1";
      Document manifest = layered(base, MediaType.OCI_MANIFEST);
      push(base);
      events.clear();
      ImageFixture.tag(root(), base, name);
      push(name);
      assertThat(events).filteredOn("mounted from base/image"::equals).hasSize(5);
      assertThat(events).filteredOn(e -> e.startsWith("POST") && e.endsWith(" 201")).hasSize(5);
      assertThat(events).noneMatch(e -> e.startsWith("PATCH") || e.equals("pushed"));
      assertThat(skopeo(name)).isEqualTo(manifest.digest());
    }
  }

  @Test
  void REG18_aMountOfWhatTheRegistryDoesNotHaveBecomesAnUpload() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      String name = registry.authority() + "/team/app:1";
      Document manifest = layered(name, MediaType.OCI_MANIFEST);
      ImageFixture.tag(root(), name, registry.authority() + "/never/pushed:1");
      push(name);
      assertThat(events).filteredOn(e -> e.startsWith("POST") && e.endsWith(" 202")).hasSize(5);
      assertThat(skopeo(name)).isEqualTo(manifest.digest());
    }
  }

  @Test
  void aLoginOpensARegistryWithTlsForPushes() throws Exception {
    TestCertificate certificate =
        TestCertificate.make(
            Files.createDirectories(directory.resolve("tls")), "dns:localhost,ip:127.0.0.1");
    try (DockerRegistry registry =
        DockerRegistry.in(directory.resolve("registry")).tls(certificate).htpasswd().start()) {
      String name = registry.authority() + "/team/app:1";
      Path host = directory.resolve(".config/containers/certs.d/" + registry.authority());
      Files.createDirectories(host);
      Files.copy(certificate.certificate(), host.resolve("ca.crt"));
      Document manifest = layered(name, MediaType.OCI_MANIFEST);
      assertThatThrownBy(() -> push(name))
          .hasMessageContaining("wants credentials (401 UNAUTHORIZED")
          .hasMessageContaining("mydocker login " + registry.authority());
      Logins logins = new Logins(environment);
      assertThatThrownBy(() -> logins.check(registry.authority(), DockerRegistry.USER, "wrong"))
          .hasMessageContaining("refuses the credentials")
          .hasMessageNotContaining("wrong");
      logins.check(registry.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD);
      logins.keep(
          registry.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD, Optional.empty());
      push(name);
      assertThat(skopeo(name)).isEqualTo(manifest.digest());
      logins.forget(registry.authority());
      assertThatThrownBy(() -> push(name)).hasMessageContaining("wants credentials");
    }
  }

  @Test
  void tokensAreForPushingAndMounting() throws Exception {
    TestCertificate certificate =
        TestCertificate.make(
            Files.createDirectories(directory.resolve("tls")), "dns:localhost,ip:127.0.0.1");
    try (TokenServer tokens = new TokenServer(certificate);
        DockerRegistry registry =
            DockerRegistry.in(directory.resolve("registry"))
                .token(tokens.realm(), certificate)
                .start()) {
      String base = registry.authority() + "/base/image:1";
      String name = registry.authority() + "/public/app:1";
      Document manifest = layered(base, MediaType.OCI_MANIFEST);
      ImageFixture.tag(root(), base, name);
      assertThatThrownBy(() -> push(name)).hasMessageContaining("wants credentials (401");
      Logins logins = new Logins(environment);
      assertThatThrownBy(() -> logins.check(registry.authority(), DockerRegistry.USER, "wrong"))
          .hasMessageContaining("refuses the credentials");
      logins.check(registry.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD);
      logins.keep(
          registry.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD, Optional.empty());
      push(base);
      events.clear();
      int before = tokens.served();
      push(name);
      assertThat(events).filteredOn("mounted from base/image"::equals).hasSize(5);
      assertThat(tokens.served() - before).as("one to push, one to mount").isEqualTo(2);
      assertThat(skopeo(name)).isEqualTo(manifest.digest());
    }
  }

  @Test
  void aCutConnectionDoesNotEndAPush() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start();
        CuttingProxy proxy = new CuttingProxy(registry.authority(), 5 << 20, 2)) {
      String name = proxy.authority() + "/team/app:1";
      Document manifest = layered(name, MediaType.OCI_MANIFEST);
      push(name);
      assertThat(proxy.cutsLeft()).isZero();
      assertThat(skopeo(registry.authority() + "/team/app:1")).isEqualTo(manifest.digest());
    }
  }
}
