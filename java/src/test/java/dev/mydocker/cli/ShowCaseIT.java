package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Platform;
import dev.mydocker.json.Json;
import dev.mydocker.testing.DockerRegistry;
import dev.mydocker.testing.TestCertificate;
import dev.mydocker.testing.TokenServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Everything at once: a registry with TLS of its own authority and tokens, an image of 8 layers for
 * two platforms, and skopeo and podman on the other side.
 *
 * <p>{@code MYDOCKER_TEST_SHOW_MB} is how large the image is, compressed; 4 when it is not set.
 * With 400 it shows what the project promises. What each pull took is printed.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ShowCaseIT {
  private static final int LAYERS = 8;
  private static final int FILE = 64 << 10;
  private static final String TYPES = "application/vnd.oci.image.";

  @TempDir Path directory;

  private final List<String> diffIds = new ArrayList<>();
  private DockerRegistry registry;

  // ---- the image --------------------------------------------------------------------------------

  private static long megabytes() {
    String given = System.getenv("MYDOCKER_TEST_SHOW_MB");
    return given == null ? 4 : Long.parseLong(given);
  }

  private Path blobs() {
    return directory.resolve("layout/blobs/sha256");
  }

  /** Text of hexadecimal digits, of which gzip leaves somewhat more than a half. */
  private Json layer(int number, long bytes) throws Exception {
    Path file = blobs().resolve("new");
    MessageDigest blob = MessageDigest.getInstance("SHA-256");
    MessageDigest tar = MessageDigest.getInstance("SHA-256");
    Random random = new Random(number);
    byte[] half = new byte[FILE / 2];
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        GZIPOutputStream gzip = new GZIPOutputStream(new DigestOutputStream(out, blob), 1 << 16);
        TarArchiveOutputStream entries =
            new TarArchiveOutputStream(new DigestOutputStream(gzip, tar))) {
      for (long written = 0; written < 2 * bytes; written += FILE) {
        random.nextBytes(half);
        TarArchiveEntry entry = new TarArchiveEntry("layer" + number + "/file" + written);
        entry.setSize(FILE);
        entry.setModTime(0);
        entries.putArchiveEntry(entry);
        entries.write(HexFormat.of().formatHex(half).getBytes(StandardCharsets.US_ASCII));
        entries.closeArchiveEntry();
      }
    }
    diffIds.add("sha256:" + HexFormat.of().formatHex(tar.digest()));
    String digest = HexFormat.of().formatHex(blob.digest());
    Files.move(file, blobs().resolve(digest));
    return descriptor("layer.v1.tar+gzip", "sha256:" + digest, Files.size(blobs().resolve(digest)))
        .build();
  }

  private static Json.Builder descriptor(String type, String digest, long size) {
    return Json.object().put("mediaType", TYPES + type).put("digest", digest).put("size", size);
  }

  private Json.Builder blob(String type, Json.Builder document) throws IOException {
    byte[] bytes = document.build().toBytes();
    Digest digest = Digest.of(bytes);
    Files.write(blobs().resolve(digest.hex()), bytes);
    return descriptor(type, digest.toString(), bytes.length);
  }

  /** A platform's manifest over the layers that all platforms share. */
  private Json.Builder manifest(Platform platform, List<Json> layers) throws IOException {
    Json.Builder config =
        Json.object()
            .put("architecture", platform.architecture())
            .put("os", "linux")
            .put("config", Json.object().build())
            .put(
                "rootfs",
                Json.object().put("type", "layers").putStrings("diff_ids", diffIds).build());
    return blob(
        "manifest.v1+json",
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", TYPES + "manifest.v1+json")
            .put("config", blob("config.v1+json", config).build())
            .put("layers", new Json.Arr(layers)));
  }

  /** Writes the layout; the digests of its index and of the two platforms' manifests. */
  private List<String> image(Platform other) throws Exception {
    Files.createDirectories(blobs());
    Files.writeString(directory.resolve("layout/oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    List<Json> layers = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      layers.add(layer(i, (megabytes() << 20) / LAYERS));
    }
    List<Json> manifests = new ArrayList<>();
    List<String> digests = new ArrayList<>();
    for (Platform platform : List.of(Platform.host(), other)) {
      Json.Obj made =
          manifest(platform, layers)
              .put(
                  "platform",
                  Json.object()
                      .put("architecture", platform.architecture())
                      .put("os", "linux")
                      .build())
              .build();
      digests.add(made.string("digest").orElseThrow());
      manifests.add(made);
    }
    Json.Builder index =
        blob(
            "index.v1+json",
            Json.object()
                .put("schemaVersion", 2)
                .put("mediaType", TYPES + "index.v1+json")
                .put("manifests", new Json.Arr(manifests)));
    Json.Obj top = index.build();
    digests.add(0, top.string("digest").orElseThrow());
    Json named =
        index
            .put(
                "annotations",
                Json.object().put("org.opencontainers.image.ref.name", "show").build())
            .build();
    Files.write(
        directory.resolve("layout/index.json"),
        Json.object()
            .put("schemaVersion", 2)
            .put("manifests", new Json.Arr(List.of(named)))
            .build()
            .toBytes());
    return digests;
  }

  // ---- the programs -----------------------------------------------------------------------------

  private byte[] run(byte[] input, List<String> command) throws Exception {
    Path errors = directory.resolve("errors");
    Path in = Files.write(directory.resolve("input"), input);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(errors.toFile()).redirectInput(in.toFile());
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("CONTAINERS_REGISTRIES_CONF", directory + "/registries.conf");
    builder.environment().remove("DOCKER_CONFIG");
    builder.environment().remove("REGISTRY_AUTH_FILE");
    builder.environment().remove("XDG_RUNTIME_DIR");
    long start = System.nanoTime();
    Path output = directory.resolve("output");
    Process process = builder.redirectOutput(output.toFile()).start();
    long peak;
    try {
      peak = peak(process);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(command + ": " + Files.readString(errors)).isZero();
    if (command.contains("pull")) {
      System.out.printf(
          "ShowCaseIT: %s %d MB: %d ms, at most %d MB%n",
          command.get(0).endsWith("java") ? "mydocker pull" : command.get(0) + " pull",
          megabytes(),
          (System.nanoTime() - start) / 1_000_000,
          peak >> 10);
    }
    return Files.readAllBytes(output);
  }

  /** The most memory that a process had, in KiB; waits for its end. */
  private static long peak(Process process) throws Exception {
    long peak = 0;
    while (!process.waitFor(20, TimeUnit.MILLISECONDS)) {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
          if (line.startsWith("VmHWM:")) {
            peak = Math.max(peak, Long.parseLong(line.replaceAll("[^0-9]", "")));
          }
        }
      } catch (IOException ended) {
        continue;
      }
    }
    return peak;
  }

  private String mydocker(Path root, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    // As the launcher starts it: the second compiler pays where much is unpacked.
    command.addAll(List.of(System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:CompileThresholdScaling=5", "-XX:-UsePerfData", "-Xlog:disable"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("--root", root.toString(), "--run-root", root + "-run"));
    command.addAll(List.of(arguments));
    byte[] password = DockerRegistry.PASSWORD.getBytes(StandardCharsets.US_ASCII);
    return new String(run(password, command), StandardCharsets.UTF_8);
  }

  private byte[] skopeo(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("skopeo", "--insecure-policy"));
    command.addAll(List.of(arguments));
    return run(new byte[0], command);
  }

  private String account() {
    return DockerRegistry.USER + ":" + DockerRegistry.PASSWORD;
  }

  private void skopeoCopy(String from, String to, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("copy", "-q"));
    String certificates = directory.resolve("ca").toString();
    if (from.startsWith("docker:")) {
      arguments.addAll(List.of("--src-cert-dir", certificates, "--src-creds", account()));
    }
    if (to.startsWith("docker:")) {
      arguments.addAll(List.of("--dest-cert-dir", certificates, "--dest-creds", account()));
    }
    arguments.addAll(List.of(options));
    arguments.addAll(List.of(from, to));
    skopeo(arguments.toArray(String[]::new));
  }

  private byte[] raw(String name) throws Exception {
    String certificates = directory.resolve("ca").toString();
    return skopeo(
        "inspect", "--raw", "--cert-dir", certificates, "--creds", account(), "docker://" + name);
  }

  private String podman(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("podman", "--cgroup-manager", "cgroupfs"));
    command.addAll(List.of("--storage-driver", "vfs", "--root", directory + "/podman"));
    command.addAll(List.of("--runroot", directory + "/podman-run"));
    command.addAll(List.of(arguments));
    return new String(run(new byte[0], command), StandardCharsets.UTF_8).strip();
  }

  private static String digestLine(String output) {
    return output
        .lines()
        .filter(line -> line.startsWith("Digest: "))
        .map(line -> line.substring("Digest: ".length()))
        .findFirst()
        .orElseThrow();
  }

  private Set<String> unpacked(Path root) {
    Set<String> layers = new TreeSet<>();
    for (String name : root.resolve("layers").toFile().list()) {
      layers.add("sha256:" + name);
    }
    return layers;
  }

  // ---- the show ---------------------------------------------------------------------------------

  @Test
  void imagesGoToAndFroBetweenAllPrograms() throws Exception {
    Platform other =
        Platform.parse(
            Platform.host().architecture().equals("arm64") ? "linux/amd64" : "linux/arm64");
    List<String> digests = image(other);
    Files.writeString(directory.resolve("registries.conf"), "");
    TestCertificate certificate =
        TestCertificate.make(
            Files.createDirectories(directory.resolve("tls")), "dns:localhost,ip:127.0.0.1");
    try (TokenServer tokens = new TokenServer(certificate);
        DockerRegistry started =
            DockerRegistry.in(directory.resolve("registry"))
                .tls(certificate)
                .token(tokens.realm(), certificate)
                .start()) {
      registry = started;
      Files.createDirectories(directory.resolve("ca"));
      Files.copy(certificate.certificate(), directory.resolve("ca/ca.crt"));
      trust(registry);
      Path root = directory.resolve("root");
      mydocker(root, "login", "-u", DockerRegistry.USER, "--password-stdin", registry.authority());

      String multi = registry.authority() + "/team/app:multi";
      skopeoCopy("oci:" + directory + "/layout:show", "docker://" + multi, "--all");
      assertThat(Digest.of(raw(multi)).toString()).isEqualTo(digests.get(0));

      pullsOfEachPlatform(root, multi, other, digests);
      String pushed = registry.authority() + "/team/pushed:1";
      mydocker(root, "tag", multi, pushed);
      assertThat(mydocker(root, "push", pushed)).contains("digest: " + digests.get(1));
      othersPull(pushed, digests.get(1));
      aWholeIndexIsPushed(root, multi, digests);
      whatPodmanPushesIsPulled(pushed);
    }
    for (String format : new String[] {"zstd", "zstd:chunked"}) {
      whatSkopeoPushesIsPulled(format, certificate);
    }
  }

  private void trust(DockerRegistry registry) throws IOException {
    Path trusted = directory.resolve(".config/containers/certs.d/" + registry.authority());
    Files.copy(directory.resolve("ca/ca.crt"), Files.createDirectories(trusted).resolve("ca.crt"));
  }

  private void pullsOfEachPlatform(Path root, String name, Platform other, List<String> digests)
      throws Exception {
    String first = mydocker(root, "pull", name);
    assertThat(digestLine(first)).isEqualTo(digests.get(0));
    assertThat(first).contains("Downloaded newer image");
    assertThat(unpacked(root)).containsExactlyInAnyOrderElementsOf(diffIds);
    String again = mydocker(root, "pull", name);
    assertThat(again).contains("Image is up to date");
    assertThat(again.lines().filter(line -> line.contains("Already exists"))).hasSize(LAYERS);

    Path second = directory.resolve("other");
    String foreign = mydocker(second, "pull", "--platform", other.toString(), name);
    assertThat(digestLine(foreign)).isEqualTo(digests.get(0));
    assertThat(mydocker(second, "system", "check")).contains(" 0 problems");
  }

  private void aWholeIndexIsPushed(Path root, String multi, List<String> digests) throws Exception {
    mydocker(root, "pull", "--all-platforms", multi);
    String whole = registry.authority() + "/team/whole:1";
    mydocker(root, "tag", multi, whole);
    assertThat(mydocker(root, "push", whole)).contains("digest: " + digests.get(0));
    assertThat(Digest.of(raw(whole)).toString()).isEqualTo(digests.get(0));
    skopeoCopy("docker://" + whole, "dir:" + directory.resolve("whole"), "--all");
  }

  private void othersPull(String name, String digest) throws Exception {
    assertThat(Digest.of(raw(name)).toString()).isEqualTo(digest);
    skopeoCopy("docker://" + name, "dir:" + directory.resolve("copy"));
    String certificates = directory.resolve("ca").toString();
    podman("pull", "-q", "--cert-dir", certificates, "--creds", account(), name);
    assertThat(podman("image", "inspect", "--format", "{{.Digest}}", name)).isEqualTo(digest);
  }

  private void whatPodmanPushesIsPulled(String pushed) throws Exception {
    String name = registry.authority() + "/podman/app:1";
    String certificates = directory.resolve("ca").toString();
    podman("push", "-q", "--cert-dir", certificates, "--creds", account(), pushed, name);
    requirePulled("podman", name, "tar+gzip");
  }

  /** Into a registry that has nothing: skopeo takes what is there in another compression. */
  private void whatSkopeoPushesIsPulled(String format, TestCertificate certificate)
      throws Exception {
    String state = format.replace(':', '-');
    try (DockerRegistry empty =
        DockerRegistry.in(directory.resolve("registry-" + state)).tls(certificate).start()) {
      trust(empty);
      String name = empty.authority() + "/team/app:1";
      String layout = "oci:" + directory + "/layout:show";
      skopeoCopy(layout, "docker://" + name, "--dest-compress-format", format);
      requirePulled(state, name, format.equals("zstd") ? "tar+zstd" : "zstd-chunked");
    }
  }

  private void requirePulled(String state, String name, String sign) throws Exception {
    byte[] manifest = raw(name);
    assertThat(new String(manifest, StandardCharsets.UTF_8)).as(name).contains(sign);
    Path root = directory.resolve("state-" + state);
    assertThat(digestLine(mydocker(root, "pull", name))).isEqualTo(Digest.of(manifest).toString());
    assertThat(unpacked(root)).as(name).containsExactlyInAnyOrderElementsOf(diffIds);
    assertThat(mydocker(root, "system", "check")).contains(" 0 problems");
  }
}
