package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.testing.DockerRegistry;
import dev.mydocker.testing.TestCertificate;
import dev.mydocker.testing.TokenServer;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from a real registry what skopeo pushed into it. */
class RegistryPullIT {
  private static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  @TempDir Path directory;

  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final PullListener listener =
      new PullListener() {
        @Override
        public void call(String method, String url, int status, long start, long end) {
          calls.add(method + " " + url + " " + status);
        }
      };

  private Map<String, String> environment(String user, String password) throws Exception {
    Map<String, String> out = BareHome.in(directory);
    if (!user.isEmpty()) {
      String auth = Base64.getEncoder().encodeToString((user + ":" + password).getBytes());
      Files.createDirectories(directory.resolve(".docker"));
      Files.writeString(
          directory.resolve(".docker/config.json"),
          "{\"auths\":{\"" + registryAuthority + "\":{\"auth\":\"" + auth + "\"}}}");
    }
    return out;
  }

  private String registryAuthority = "";

  /** Pulls the whole image and gives the bytes of its layers. */
  private long pull(DockerRegistry registry, String name, Map<String, String> environment)
      throws Exception {
    ImageRef.Registry reference = ImageRef.parseRegistry(registry.authority() + "/" + name);
    try (RegistrySource source = RegistrySource.open(reference, environment, listener)) {
      Document top = source.top();
      if (Index.is(top)) {
        top = source.manifest(Index.parse(top).choose(Platform.host(), name));
      }
      Manifest manifest = Manifest.parse(top);
      try (InputStream in = verified(source, manifest.config())) {
        ImageConfig.parse(in.readAllBytes());
      }
      long total = 0;
      for (Descriptor layer : manifest.layers()) {
        try (InputStream in = verified(source, layer)) {
          total += in.readAllBytes().length;
        }
      }
      return total;
    }
  }

  private static InputStream verified(RegistrySource source, Descriptor descriptor)
      throws Exception {
    return descriptor.digest().verifying(source.blob(descriptor), descriptor.size(), "a blob");
  }

  private TestCertificate certificate() throws Exception {
    return TestCertificate.make(
        Files.createDirectories(directory.resolve("tls")), "dns:localhost,ip:127.0.0.1");
  }

  @Test
  void anImageIsPulledByTagAndByDigestOverHttpFromThisMachine() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      registry.push(BUSYBOX, "team/busybox:1");
      assertThat(pull(registry, "team/busybox:1", environment("", ""))).isPositive();
      assertThat(calls)
          .first()
          .isEqualTo("GET http://" + registry.authority() + "/v2/team/busybox/manifests/1 200");

      ImageRef.Registry reference =
          ImageRef.parseRegistry(registry.authority() + "/team/busybox:1");
      try (RegistrySource source = RegistrySource.open(reference, environment("", ""), listener)) {
        String digest = source.top().digest().toString();
        assertThat(pull(registry, "team/busybox@" + digest, environment("", ""))).isPositive();
      }
    }
  }

  @Test
  void dockersManifestsArePulledToo() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      registry.push(BUSYBOX, "busybox:v2s2", "--format", "v2s2");
      assertThat(pull(registry, "busybox:v2s2", environment("", ""))).isPositive();
    }
  }

  @Test
  void JVM05_zstdLayersArePulledAndUnpackedByALibraryOfThePrivateDirectory() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      for (String format : new String[] {"zstd", "zstd:chunked"}) {
        String name = "busybox:" + format.replace(':', '-');
        registry.push(BUSYBOX, name, "--dest-compress-format", format);
        Path root = directory.resolve(format.replace(':', '-'));
        Images images = Images.open(root, environment("", ""));
        ImageRef reference = ImageRef.parse(registry.authority() + "/" + name);
        Image image = images.get(reference, Platform.host(), PullPolicy.ALWAYS, PullListener.NONE);
        try (Stream<Path> libraries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
          assertThat(libraries.map(Path::toString)).noneMatch(p -> p.contains("libzstd-jni"));
        }
        assertThat(Manifest.parse(manifest(registry, name)).layers())
            .allSatisfy(layer -> assertThat(layer.mediaType()).endsWith("+zstd"));
        assertThat(images.read(image, "/etc/passwd", 10_000)).isPresent();
      }
    }
  }

  private Document manifest(DockerRegistry registry, String name) throws Exception {
    ImageRef.Registry reference = ImageRef.parseRegistry(registry.authority() + "/" + name);
    try (RegistrySource source = RegistrySource.open(reference, environment("", ""), listener)) {
      return source.top();
    }
  }

  @Test
  void whatTheRegistryDoesNotHaveIsSaidInOneLine() throws Exception {
    try (DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      assertThatThrownBy(() -> pull(registry, "x:1", environment("", "")))
          .isInstanceOfSatisfying(
              ImageException.class,
              e -> assertThat(e.kind()).isEqualTo(ImageException.Kind.NOT_FOUND))
          .hasMessage(
              "cannot pull "
                  + registry.authority()
                  + "/x:1: the registry has no such manifest (404 MANIFEST_UNKNOWN): check name"
                  + " and tag");
    }
  }

  @Test
  void aPasswordOpensARegistryWithBasicAuthentication() throws Exception {
    try (DockerRegistry registry =
        DockerRegistry.in(directory.resolve("registry")).htpasswd().start()) {
      registryAuthority = registry.authority();
      registry.push(BUSYBOX, "busybox:1");
      assertThatThrownBy(() -> pull(registry, "busybox:1", environment("", "")))
          .hasMessageContaining("wants credentials (401 UNAUTHORIZED")
          .hasMessageContaining("docker login " + registry.authority());
      assertThatThrownBy(() -> pull(registry, "busybox:1", environment("tester", "wrong")))
          .hasMessageContaining("refuses the credentials (401 UNAUTHORIZED")
          .hasMessageNotContaining("wrong");
      Map<String, String> right = environment(DockerRegistry.USER, DockerRegistry.PASSWORD);
      assertThat(pull(registry, "busybox:1", right)).isPositive();
    }
  }

  @Test
  void tlsNeedsAnAuthorityThatTheHostsDirectoryNames() throws Exception {
    TestCertificate certificate = certificate();
    try (DockerRegistry registry =
        DockerRegistry.in(directory.resolve("registry")).tls(certificate).start()) {
      registry.push(BUSYBOX, "busybox:1");
      assertThatThrownBy(() -> pull(registry, "busybox:1", environment("", "")))
          .hasMessageContaining("its certificate is signed by nobody trusted here")
          .hasMessageContaining("certs.d/" + registry.authority() + "/ca.crt");

      Path host = directory.resolve(".config/containers/certs.d/" + registry.authority());
      Files.createDirectories(host);
      Files.copy(certificate.certificate(), host.resolve("ca.crt"));
      calls.clear();
      assertThat(pull(registry, "busybox:1", environment("", ""))).isPositive();
      assertThat(calls).allMatch(call -> call.startsWith("GET https://"));
    }
  }

  @Test
  void aRegistryThatIsConfiguredInsecureIsPulledFromWithoutItsCertificate() throws Exception {
    try (DockerRegistry registry =
        DockerRegistry.in(directory.resolve("registry")).tls(certificate()).start()) {
      registry.push(BUSYBOX, "busybox:1");
      Map<String, String> environment = environment("", "");
      Files.writeString(
          directory.resolve("registries.conf"),
          "[[registry]]\nlocation = \"" + registry.authority() + "\"\ninsecure = true\n");
      assertThat(pull(registry, "busybox:1", environment)).isPositive();
    }
  }

  @Test
  void tokensArePulledWithAndWithoutAPassword() throws Exception {
    TestCertificate certificate = certificate();
    try (TokenServer tokens = new TokenServer(certificate);
        DockerRegistry registry =
            DockerRegistry.in(directory.resolve("registry"))
                .token(tokens.realm(), certificate)
                .start()) {
      registryAuthority = registry.authority();
      registry.push(BUSYBOX, "public/busybox:1");
      registry.push(BUSYBOX, "private/busybox:1");

      int before = tokens.served();
      assertThat(pull(registry, "public/busybox:1", environment("", ""))).isPositive();
      assertThat(tokens.served() - before).as("one token for manifest and blobs").isEqualTo(1);
      assertThatThrownBy(() -> pull(registry, "private/busybox:1", environment("", "")))
          .hasMessageContaining("wants credentials");
      assertThatThrownBy(() -> pull(registry, "private/busybox:1", environment("tester", "no")))
          .hasMessageContaining("refuses the credentials (401 UNAUTHORIZED");
      Map<String, String> right = environment(DockerRegistry.USER, DockerRegistry.PASSWORD);
      assertThat(pull(registry, "private/busybox:1", right)).isPositive();
      assertThat(calls).noneMatch(call -> call.contains("?") || call.contains("account"));
    }
  }

  /** The registry grants 60 s beyond a token's end; the next answer is then 401. */
  @Test
  void REG06_fetchesShareOneRenewedToken() throws Exception {
    TestCertificate certificate = certificate();
    try (TokenServer tokens = new TokenServer(certificate);
        DockerRegistry registry =
            DockerRegistry.in(directory.resolve("registry"))
                .token(tokens.realm(), certificate)
                .start()) {
      registry.push(BUSYBOX, "public/busybox:1");
      tokens.lifeSeconds(-120);
      int before = tokens.served();
      ImageRef.Registry reference =
          ImageRef.parseRegistry(registry.authority() + "/public/busybox:1");
      try (RegistrySource source = RegistrySource.open(reference, environment("", ""), listener)) {
        assertThatThrownBy(source::top).hasMessageContaining("401");
        tokens.lifeSeconds(300);
        Manifest manifest = Manifest.parse(source.top());
        assertThat(tokens.served() - before).isEqualTo(2);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
          List<Callable<Integer>> fetches =
              Collections.nCopies(
                  16,
                  () -> {
                    try (InputStream in = verified(source, manifest.config())) {
                      return in.readAllBytes().length;
                    }
                  });
          for (Future<Integer> fetch : threads.invokeAll(fetches)) {
            assertThat(fetch.get()).isPositive();
          }
        } finally {
          threads.shutdownNow();
        }
        assertThat(tokens.served() - before).isEqualTo(2);
      }
    }
  }

  @Test
  void REG19_aMirrorThatLacksTheImageIsPassedOver() throws Exception {
    try (DockerRegistry mirror = DockerRegistry.in(directory.resolve("mirror")).start();
        DockerRegistry registry = DockerRegistry.in(directory.resolve("registry")).start()) {
      registry.push(BUSYBOX, "team/here:1");
      mirror.push(BUSYBOX, "copies/there:1");
      Map<String, String> environment = environment("", "");
      Files.writeString(
          directory.resolve("registries.conf"),
          "[[registry]]\nprefix = \"example.test/team\"\nlocation = \""
              + registry.authority()
              + "/team\"\n[[registry.mirror]]\nlocation = \""
              + mirror.authority()
              + "/copies\"\n");
      for (String name : List.of("here", "there")) {
        ImageRef.Registry reference = ImageRef.parseRegistry("example.test/team/" + name + ":1");
        try (RegistrySource source = RegistrySource.open(reference, environment, listener)) {
          assertThat(Index.is(source.top())).isFalse();
        }
      }
      assertThat(calls)
          .containsExactly(
              "GET http://" + mirror.authority() + "/v2/copies/here/manifests/1 404",
              "GET http://" + registry.authority() + "/v2/team/here/manifests/1 200",
              "GET http://" + mirror.authority() + "/v2/copies/there/manifests/1 200");
    }
  }
}
