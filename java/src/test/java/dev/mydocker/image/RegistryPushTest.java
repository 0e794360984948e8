package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a registry may do to a push, and what comes of it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegistryPushTest {
  private static final int CHUNK = 1000;
  private static final String SECRET = "s3cr3t";
  private static final byte[] SMALL = text(10, 'a');
  private static final byte[] LARGE = text(3500, 'b');

  @TempDir Path directory;

  private final Map<String, String> environment = new HashMap<>();
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final PushListener listener =
      new PushListener() {
        @Override
        public void layer(String id, long total) {
          events.add(id + " layer " + total);
        }

        @Override
        public void alreadyExists(String id) {
          events.add(id + " exists");
        }

        @Override
        public void mounted(String id, String path) {
          events.add(id + " mounted from " + path);
        }

        @Override
        public void skipped(String id) {
          events.add(id + " skipped");
        }

        @Override
        public void pushed(String id) {
          events.add(id + " pushed");
        }
      };

  private static byte[] text(int length, char c) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; out.length() < length; i++) {
      out.append(c).append(i);
    }
    return out.substring(0, length).getBytes(StandardCharsets.US_ASCII);
  }

  private static String id(byte[] layer) {
    return Digest.of(layer).shortHex();
  }

  @BeforeEach
  void isolate() throws IOException {
    environment.putAll(BareHome.in(directory));
  }

  private Path root() {
    return directory.resolve("state");
  }

  private Registries registries(HttpTiming timing) {
    return new Registries(root(), environment, timing, CHUNK);
  }

  private Pushed push(String authority) throws IOException {
    return push(authority, RegistryTransportTest.timing(20_000, 20_000));
  }

  private Pushed push(String authority, HttpTiming timing) throws IOException {
    ImageRef.Registry reference = ImageRef.parseRegistry(authority + "/team/app:1");
    return registries(timing).push(reference, Optional.empty(), listener);
  }

  private Document image(String authority, byte[]... layers) throws IOException {
    return ImageFixture.put(root(), authority + "/team/app:1", List.of(layers));
  }

  private void logIn(String authority) throws IOException {
    String auth = Base64.getEncoder().encodeToString(("me:" + SECRET).getBytes());
    Files.createDirectories(directory.resolve(".docker"));
    Files.writeString(
        directory.resolve(".docker/config.json"),
        "{\"auths\":{\"" + authority + "\":{\"auth\":\"" + auth + "\"}}}");
  }

  @ParameterizedTest
  @ValueSource(strings = {MediaType.OCI_MANIFEST, MediaType.DOCKER_MANIFEST})
  void blobsGoFirstThenTheManifestByteForByte(String type) throws Exception {
    try (UploadStub registry = new UploadStub()) {
      Document manifest =
          ImageFixture.put(
              root(), registry.authority() + "/team/app:1", type, List.of(SMALL, LARGE));
      Pushed pushed = push(registry.authority());
      assertThat(pushed)
          .isEqualTo(new Pushed("1", manifest.digest(), manifest.bytes().length, Optional.empty()));
      assertThat(registry.manifests)
          .containsOnly(Map.entry("1", new String(manifest.bytes(), StandardCharsets.US_ASCII)));
      assertThat(registry.blobs)
          .containsEntry(Digest.of(SMALL).toString(), new String(SMALL))
          .containsEntry(Digest.of(LARGE).toString(), new String(LARGE))
          .hasSize(3);
      RegistryStub.Request last = registry.requests().get(registry.requests().size() - 1);
      assertThat(last.target()).isEqualTo("/v2/team/app/manifests/1");
      assertThat(last.header("content-type")).isEqualTo(type);
      assertThat(events)
          .startsWith(id(SMALL) + " layer 10", id(LARGE) + " layer 3500")
          .contains(id(SMALL) + " pushed", id(LARGE) + " pushed");
    }
  }

  @Test
  void aSmallBlobGoesInOnePieceAndALargeOneInChunks() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      image(registry.authority(), SMALL, LARGE);
      push(registry.authority());
      assertThat(registry.requests("PATCH", "/"))
          .extracting(r -> r.header("content-range"))
          .containsExactly("0-999", "1000-1999", "2000-2999", "3000-3499");
      assertThat(registry.requests("PUT", "/v2/team/app/blobs/"))
          .extracting(r -> r.header("content-length"))
          .contains("10", "0");
      assertThat(registry.requests("POST", "/"))
          .allMatch(r -> r.header("content-length").equals("0"));
    }
  }

  @Test
  void whatIsThereIsNotSentAgain() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      image(registry.authority(), SMALL, LARGE);
      push(registry.authority());
      registry.log.clear();
      events.clear();
      push(registry.authority());
      assertThat(registry.log).noneMatch(r -> r.contains("/uploads/"));
      assertThat(events).contains(id(SMALL) + " exists", id(LARGE) + " exists");
    }
  }

  @Test
  void aLayerThatComesTwiceIsSentOnce() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      image(registry.authority(), SMALL, LARGE, SMALL);
      push(registry.authority());
      assertThat(registry.requests("POST", "/")).hasSize(3);
      assertThat(events).containsOnlyOnce(id(SMALL) + " layer 10");
    }
  }

  @Test
  void aLayerThatMayNotBeDistributedIsLeftOut() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      ImageFixture.put(
          root(),
          registry.authority() + "/team/app:1",
          MediaType.OCI_MANIFEST,
          MediaType.OCI_LAYER_NONDISTRIBUTABLE + "+gzip",
          List.of(SMALL));
      push(registry.authority());
      assertThat(registry.blobs).doesNotContainKey(Digest.of(SMALL).toString()).hasSize(1);
      assertThat(events).contains(id(SMALL) + " skipped");
    }
  }

  @Test
  void threeBlobsGoAtOnce() throws Exception {
    CountDownLatch together = new CountDownLatch(3);
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.method().equals("PUT") && r.target().contains("/uploads/")) {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                together.countDown();
                together.await(20, TimeUnit.SECONDS);
                now.decrementAndGet();
              }
              return false;
            })) {
      image(registry.authority(), SMALL, text(20, 'x'), text(20, 'y'), text(20, 'z'));
      push(registry.authority());
      assertThat(together.getCount()).isZero();
      assertThat(most).hasValue(3);
    }
  }

  @Test
  void aBrokenChunkGoesOnWhereTheRegistrySaysItEnded() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    AtomicReference<UploadStub> self = new AtomicReference<>();
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.header("content-range").equals("1000-1999")
                  && broken.compareAndSet(false, true)) {
                self.get().breakAfter(r, 300);
              }
              return false;
            })) {
      self.set(registry);
      image(registry.authority(), LARGE);
      push(registry.authority());
      assertThat(registry.blobs).containsEntry(Digest.of(LARGE).toString(), new String(LARGE));
      assertThat(registry.requests("PATCH", "/"))
          .extracting(r -> r.header("content-range"))
          .containsExactly("0-999", "1000-1999", "1300-2299", "2300-3299", "3300-3499");
      assertThat(registry.requests("GET", "/v2/team/app/blobs/uploads/")).hasSize(1);
    }
  }

  /** The peer closes in the middle of a body that is still being written. */
  @Test
  void aConnectionThatEndsWithinAChunkIsNoEnd() throws Exception {
    byte[] huge = text(8 << 20, 'h');
    try (UploadStub registry = new UploadStub();
        CuttingProxy proxy = new CuttingProxy(registry.authority(), 4 << 20, 2)) {
      image(proxy.authority(), huge);
      HttpTiming timing = RegistryTransportTest.timing(20_000, 20_000);
      new Registries(root(), environment, timing, 16 << 20)
          .push(
              ImageRef.parseRegistry(proxy.authority() + "/team/app:1"),
              Optional.empty(),
              listener);
      assertThat(registry.blobs.get(Digest.of(huge).toString())).hasSize(huge.length);
      assertThat(proxy.cutsLeft()).isZero();
    }
  }

  @Test
  void anAnswerThatWasLostIsNoFailure() throws Exception {
    AtomicBoolean lost = new AtomicBoolean();
    AtomicReference<UploadStub> self = new AtomicReference<>();
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean last = r.method().equals("PUT") && r.target().contains("digest=");
              if (last && r.body().equals(new String(SMALL)) && lost.compareAndSet(false, true)) {
                self.get().blobs.put(Digest.of(SMALL).toString(), r.body());
                throw new EOFException("the blob is kept, the answer is not sent");
              }
              return false;
            })) {
      self.set(registry);
      image(registry.authority(), SMALL);
      push(registry.authority());
      assertThat(registry.requests("PUT", "/v2/team/app/blobs/")).hasSize(2);
      assertThat(events).contains(id(SMALL) + " pushed");
    }
  }

  @Test
  void aBusyRegistryIsAskedAgainAndNotForEver() throws Exception {
    AtomicInteger busy = new AtomicInteger(2);
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean refuse = r.method().equals("PATCH") && busy.getAndDecrement() > 0;
              if (refuse) {
                RegistryStub.reply(out, 503, "");
              }
              return refuse;
            })) {
      image(registry.authority(), LARGE);
      push(registry.authority());
      assertThat(registry.blobs).containsKey(Digest.of(LARGE).toString());
      busy.set(Integer.MAX_VALUE);
      registry.blobs.clear();
      assertThatThrownBy(() -> push(registry.authority()))
          .hasMessageStartingWith("cannot push " + registry.authority() + "/team/app:1: ")
          .hasMessageContaining("did not take the blob " + id(LARGE) + " (503)");
    }
  }

  @Test
  void aRegistryThatTakesNoChunksGetsTheWholeBlob() throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.method().equals("PATCH")) {
                RegistryStub.reply(out, 400, "");
              }
              return r.method().equals("PATCH");
            })) {
      image(registry.authority(), LARGE);
      push(registry.authority());
      assertThat(registry.requests("PATCH", "/")).hasSize(1);
      assertThat(registry.blobs).containsEntry(Digest.of(LARGE).toString(), new String(LARGE));
    }
  }

  @Test
  void aChunkIsAsLargeAsTheRegistryWants() throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.method().equals("POST")) {
                RegistryStub.reply(
                    out, 202, "", "Location: /v2/x/blobs/uploads/u", "OCI-Chunk-Min-Length: 3000");
              }
              return r.method().equals("POST");
            })) {
      registry.uploads.put("u", new java.io.ByteArrayOutputStream());
      image(registry.authority(), LARGE);
      assertThatThrownBy(() -> push(registry.authority())).isNotNull();
      assertThat(registry.requests("PATCH", "/"))
          .extracting(r -> r.header("content-range"))
          .contains("0-2999");
    }
  }

  @Test
  void REG12_aRegistryThatStopsReadingIsGivenUp() throws Exception {
    byte[] huge = text(16 << 20, 'h');
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      List<Socket> sockets = new CopyOnWriteArrayList<>();
      Thread thread = new Thread(() -> answerButReadNoBody(server, sockets));
      thread.setDaemon(true);
      thread.start();
      String authority = "127.0.0.1:" + server.getLocalPort();
      image(authority, huge);
      HttpTiming timing = RegistryTransportTest.timing(20_000, 300);
      assertThatThrownBy(
              () ->
                  new Registries(root(), environment, timing, 32 << 20)
                      .push(
                          ImageRef.parseRegistry(authority + "/team/app:1"),
                          Optional.empty(),
                          listener))
          .hasMessageContaining("stopped answering");
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private static void answerButReadNoBody(ServerSocket server, List<Socket> sockets) {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        Thread thread = new Thread(() -> answerHeads(socket));
        thread.setDaemon(true);
        thread.start();
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  private static void answerHeads(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      StringBuilder head = new StringBuilder();
      for (int c = in.read(); c >= 0; c = in.read()) {
        head.append((char) c);
        if (head.charAt(0) == 22) {
          socket.close();
          return;
        }
        if (!head.toString().endsWith("\r\n\r\n")) {
          continue;
        }
        String text = head.toString();
        head.setLength(0);
        if (text.startsWith("PUT") && text.contains("Content-Length: 16777216")) {
          return;
        }
        boolean post = text.startsWith("POST");
        if (text.startsWith("PUT")) {
          in.readNBytes(Integer.parseInt(text.split("Content-Length: ")[1].split("\r")[0]));
        }
        RegistryStub.reply(
            socket.getOutputStream(),
            post ? 202 : text.startsWith("PUT") ? 201 : 404,
            "",
            "Location: /v2/team/app/blobs/uploads/u");
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/v2/team/app/blobs/uploads/upload1, true",
    "upload1, true",
    "/v2/team/app/blobs/uploads/upload1?_state=x%3D, true",
    "http://SELF/v2/team/app/blobs/uploads/upload1?a=b, true",
    "http://OTHER/v2/team/app/blobs/uploads/upload1, false",
    "//OTHER/v2/team/app/blobs/uploads/upload1, false",
    "http://localhost:OTHERPORT/upload1, false",
    "https://SELF/upload1, false",
    "http://169.254.169.254/latest, false",
    "http://10.0.0.1/upload1, false",
    "http://me:pw@SELF/upload1, false",
    "file:///etc/passwd, false",
    "http://SELF/upload1#x, false",
    "'http://SELF/a b', false",
  })
  void REG18_aBlobGoesNowhereButToTheRegistryItself(String location, boolean taken)
      throws Exception {
    try (RegistryStub other = new RegistryStub((r, out) -> RegistryStub.reply(out, 201, ""))) {
      AtomicReference<String> said = new AtomicReference<>("");
      try (UploadStub registry =
          new UploadStub(
              (r, out) -> {
                if (r.header("authorization").isEmpty()) {
                  RegistryStub.reply(out, 401, "", "WWW-Authenticate: Basic realm=\"x\"");
                  return true;
                }
                if (r.method().equals("POST")) {
                  RegistryStub.reply(out, 202, "", "Location: " + said.get());
                  return true;
                }
                return false;
              })) {
        said.set(
            location
                .replace("SELF", registry.authority())
                .replace("OTHERPORT", String.valueOf(other.port()))
                .replace("OTHER", other.authority()));
        registry.uploads.put("upload1", new java.io.ByteArrayOutputStream());
        logIn(registry.authority());
        Document manifest = image(registry.authority(), SMALL);
        registry.blobs.put(Manifest.parse(manifest).config().digest().toString(), "");
        if (taken) {
          push(registry.authority());
          assertThat(registry.blobs).containsKey(Digest.of(SMALL).toString());
        } else {
          assertThatThrownBy(() -> push(registry.authority()))
              .hasMessageStartingWith("cannot push ")
              .hasMessageNotContaining(SECRET);
          assertThat(registry.requests("PUT", "/")).isEmpty();
        }
      }
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void REG18_aLocationOfALaterAnswerIsCheckedToo() throws Exception {
    try (RegistryStub other = new RegistryStub((r, out) -> RegistryStub.reply(out, 201, ""))) {
      try (UploadStub registry =
          new UploadStub(
              (r, out) -> {
                if (r.method().equals("PATCH")) {
                  RegistryStub.reply(
                      out,
                      202,
                      "",
                      "Location: http://" + other.authority() + "/go",
                      "Range: 0-999");
                }
                return r.method().equals("PATCH");
              })) {
        image(registry.authority(), LARGE);
        assertThatThrownBy(() -> push(registry.authority()))
            .hasMessageContaining("another place in its upload Location, which is not used");
      }
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void REG18_aRedirectOfAnUploadIsNotFollowed() throws Exception {
    try (RegistryStub other = new RegistryStub((r, out) -> RegistryStub.reply(out, 201, ""))) {
      try (UploadStub registry =
          new UploadStub(
              (r, out) -> {
                if (r.method().equals("PUT")) {
                  RegistryStub.reply(out, 307, "", "Location: http://" + other.authority() + "/go");
                }
                return r.method().equals("PUT");
              })) {
        image(registry.authority(), SMALL);
        assertThatThrownBy(() -> push(registry.authority())).hasMessageContaining("(307)");
      }
      assertThat(other.requests()).isEmpty();
    }
  }

  @Test
  void REG18_anUploadThatTheRegistryTookButDidNotEndIsEnded() throws Exception {
    AtomicInteger puts = new AtomicInteger();
    AtomicReference<UploadStub> self = new AtomicReference<>();
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean first = r.body().equals(new String(SMALL)) && puts.getAndIncrement() == 0;
              if (first) {
                String path = r.target().split("\\?")[0];
                self.get().uploads.get(path.substring(path.lastIndexOf('/') + 1)).write(SMALL);
                RegistryStub.reply(out, 202, "", "Location: " + path, "Range: 0-9");
              }
              return first;
            })) {
      self.set(registry);
      image(registry.authority(), SMALL);
      push(registry.authority());
      assertThat(registry.blobs).containsKey(Digest.of(SMALL).toString());
    }
  }

  @Test
  void REG18_aRegistryThatNeverEndsAnUploadIsGivenUp() throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.method().equals("PUT")) {
                RegistryStub.reply(out, 202, "");
              }
              return r.method().equals("PUT");
            })) {
      image(registry.authority(), SMALL);
      assertThatThrownBy(() -> push(registry.authority()))
          .hasMessageContaining("sent no end of the upload");
    }
  }

  @Test
  void REG18_aLostUploadBeginsAgain() throws Exception {
    AtomicBoolean lost = new AtomicBoolean();
    AtomicReference<UploadStub> self = new AtomicReference<>();
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              if (r.header("content-range").startsWith("2000-")
                  && lost.compareAndSet(false, true)) {
                self.get().uploads.clear();
              }
              return false;
            })) {
      self.set(registry);
      image(registry.authority(), LARGE);
      push(registry.authority());
      assertThat(registry.blobs).containsEntry(Digest.of(LARGE).toString(), new String(LARGE));
    }
  }

  @Test
  void aBlobIsMountedFromAnotherRepositoryOfTheRegistry() throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean mount = r.target().contains("mount=");
              if (mount) {
                RegistryStub.reply(out, 201, "");
              }
              return mount;
            })) {
      ImageFixture.put(root(), "127.0.0.1:1/elsewhere/x:1", List.of(SMALL));
      ImageFixture.put(root(), registry.authority() + "/base/image:1", List.of(SMALL));
      image(registry.authority(), SMALL);
      push(registry.authority());
      assertThat(registry.log)
          .contains(
              "POST /v2/team/app/blobs/uploads/?mount=" + Digest.of(SMALL) + "&from=base/image");
      assertThat(registry.requests("PUT", "/v2/team/app/blobs/")).isEmpty();
      assertThat(events).contains(id(SMALL) + " mounted from base/image");
    }
  }

  /** As an upload that begins (202), a mistake, or something forbidden. */
  @ParameterizedTest
  @ValueSource(ints = {202, 400, 403, 404, 405})
  void REG18_aMountThatIsRefusedBecomesAnUpload(int status) throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean mount = r.target().contains("mount=") && status != 202;
              if (mount) {
                RegistryStub.reply(out, status, "");
              }
              return mount;
            })) {
      ImageFixture.put(root(), registry.authority() + "/base/image:1", List.of(SMALL));
      image(registry.authority(), SMALL);
      push(registry.authority());
      assertThat(registry.requests("POST", "/v2/team/app/blobs/uploads/?mount=")).hasSize(2);
      assertThat(registry.requests("POST", "/")).hasSize(status == 202 ? 2 : 4);
      assertThat(registry.blobs).containsEntry(Digest.of(SMALL).toString(), new String(SMALL));
    }
  }

  @Test
  void aTokenIsAskedForToPullAndPush() throws Exception {
    List<String> scopes = new CopyOnWriteArrayList<>();
    try (RegistryStub tokens =
            new RegistryStub(
                (r, out) -> {
                  scopes.add(r.target());
                  RegistryStub.reply(out, 200, "{\"token\":\"t" + scopes.size() + "\"}");
                });
        UploadStub registry =
            new UploadStub(
                (r, out) -> {
                  if (r.header("authorization").isEmpty()) {
                    RegistryStub.reply(
                        out,
                        401,
                        "",
                        "WWW-Authenticate: Bearer realm=\"http://"
                            + tokens.authority()
                            + "/token\",service=\"s\",scope=\"repository:other:delete\"");
                    return true;
                  }
                  return false;
                })) {
      ImageFixture.put(root(), registry.authority() + "/base/image:1", List.of(SMALL));
      image(registry.authority(), SMALL);
      push(registry.authority());
      String push = "/token?service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush";
      assertThat(scopes)
          .containsExactlyInAnyOrder(push, push + "&scope=repository%3Abase%2Fimage%3Apull");
    }
  }

  @Test
  void REG04_aRegistryThatEchoesOurPasswordIsNotQuoted() throws Exception {
    String basic = Base64.getEncoder().encodeToString(("me:" + SECRET).getBytes());
    for (String echo : List.of("you said " + SECRET, "Basic " + basic, "x".repeat(95) + SECRET)) {
      try (UploadStub registry =
          new UploadStub(
              (r, out) -> {
                if (r.header("authorization").isEmpty()) {
                  RegistryStub.reply(out, 401, "", "WWW-Authenticate: Basic realm=\"x\"");
                  return true;
                }
                boolean head = r.method().equals("HEAD");
                String error = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" + echo + "\"}]}";
                RegistryStub.reply(out, head ? 404 : 403, head ? "" : error);
                return true;
              })) {
        logIn(registry.authority());
        image(registry.authority(), SMALL);
        assertThatThrownBy(() -> push(registry.authority()))
            .satisfies(
                e -> {
                  for (Throwable t = e; t != null; t = t.getCause()) {
                    assertThat(t.toString()).doesNotContain("s3c").doesNotContain(basic);
                  }
                })
            .hasMessageContaining("denies access (403 DENIED a message with our credentials")
            .hasMessageContaining("log in as somebody who may push to it");
      }
    }
  }

  @Test
  void anotherDigestAtTheRegistryIsAnError() throws Exception {
    try (UploadStub registry =
        new UploadStub(
            (r, out) -> {
              boolean manifest = r.target().contains("/manifests/");
              if (manifest) {
                RegistryStub.reply(
                    out, 201, "", "Docker-Content-Digest: " + Digest.of(new byte[0]));
              }
              return manifest;
            })) {
      image(registry.authority(), SMALL);
      assertThatThrownBy(() -> push(registry.authority()))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DIGEST_MISMATCH))
          .hasMessageContaining("keeps the manifest under another digest");
    }
  }

  @Test
  void aWholeIndexGoesWithAllItNames() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      String name = registry.authority() + "/team/app:1";
      Document one = ImageFixture.put(root(), "a:1", List.of(SMALL));
      Document two = ImageFixture.put(root(), "b:1", List.of(LARGE));
      List<Descriptor> both = new ArrayList<>();
      for (Document d : List.of(one, two)) {
        String machine = d == one ? Platform.host().architecture() : "riscv64";
        both.add(
            new Descriptor(
                d.mediaType(),
                d.digest(),
                d.bytes().length,
                Optional.of(new Platform("linux", machine, "")),
                Map.of()));
      }
      Document index = ImageFixture.putIndex(root(), name, both);
      assertThat(push(registry.authority()).digest()).isEqualTo(index.digest());
      assertThat(registry.manifests)
          .containsOnlyKeys("1", one.digest().toString(), two.digest().toString());
      RegistryStub.Request last = registry.requests().get(registry.requests().size() - 1);
      assertThat(last.header("content-type")).isEqualTo(MediaType.OCI_INDEX);

      registry.manifests.clear();
      Pushed part =
          registries(HttpTiming.DEFAULT)
              .push(
                  ImageRef.parseRegistry(name),
                  Optional.of(new Platform("linux", "riscv64", "")),
                  listener);
      assertThat(part.digest()).isEqualTo(two.digest());
      assertThat(registry.manifests).containsOnlyKeys("1");
    }
  }

  @Test
  void whatIsNotHereWholeIsNotPushed() throws Exception {
    try (UploadStub registry = new UploadStub()) {
      String name = registry.authority() + "/team/app:1";
      assertThatThrownBy(() -> push(registry.authority()))
          .hasMessage(
              "cannot push " + name + ": no image of that name is here: see mydocker images");
      image(registry.authority(), SMALL, LARGE);
      try (ImageState state = ImageState.find(root()).orElseThrow()) {
        state.store().discard(Digest.of(LARGE));
      }
      assertThatThrownBy(() -> push(registry.authority()))
          .hasMessageContaining("layer " + id(LARGE) + " of it is missing in the image store");
      assertThat(registry.log).isEmpty();
    }
  }

  @Test
  void tagsAreReadPageByPage() throws Exception {
    AtomicReference<String> link = new AtomicReference<>();
    try (RegistryStub registry =
        new RegistryStub(
            (r, out) -> {
              boolean first = !r.target().contains("last=");
              String tags = first ? "[\"1\",\"2\"]" : "[\"2\",\"3\"]";
              String body = "{\"name\":\"team/app\",\"tags\":" + tags + "}";
              if (first) {
                RegistryStub.reply(out, 200, body, "Link: " + link.get());
              } else {
                RegistryStub.reply(out, 200, body);
              }
            })) {
      ImageRef.Registry repository = ImageRef.parseRegistry(registry.authority() + "/team/app");
      Registries registries = registries(HttpTiming.DEFAULT);
      for (String good :
          List.of(
              "</v2/team/app/tags/list?last=2&n=1000>; rel=\"next\"",
              "</x,y>; rel=prev, </v2/team/app/tags/list?last=2>;rel=next")) {
        link.set(good);
        assertThat(registries.tags(repository, PullListener.NONE)).containsExactly("1", "2", "3");
      }
      link.set("<http://localhost:1/v2/team/app/tags/list?last=2>; rel=\"next\"");
      assertThatThrownBy(() -> registries.tags(repository, PullListener.NONE))
          .hasMessageContaining("names another place in its Link to more tags");
      link.set("</v2/team/app/tags/list>; rel=\"next\"");
      assertThatThrownBy(() -> registries.tags(repository, PullListener.NONE))
          .hasMessageContaining("a list of tags that leads nowhere");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"tags\":[\"../../x\"]}",
        "{\"tags\":[\"a:b\"]}",
        "{\"tags\":[\"a@sha256:0\"]}",
        "{\"tags\":[\"\\u001b[31m\"]}",
        "{\"tags\":[5]}",
        "{\"tags\":\"x\"}",
        "[]",
        "<html>"
      })
  void tagsThatAreNoneAreRefused(String body) throws Exception {
    try (RegistryStub registry = new RegistryStub((r, out) -> RegistryStub.reply(out, 200, body))) {
      ImageRef.Registry repository = ImageRef.parseRegistry(registry.authority() + "/team/app");
      assertThatThrownBy(() -> registries(HttpTiming.DEFAULT).tags(repository, PullListener.NONE))
          .isInstanceOf(ImageException.class)
          .hasMessageStartingWith("cannot list the tags of ");
    }
  }

  @Test
  void moreTagsThanAnybodyWantsAreRefused() throws Exception {
    AtomicInteger page = new AtomicInteger();
    try (RegistryStub registry =
        new RegistryStub(
            (r, out) -> {
              StringBuilder tags = new StringBuilder();
              for (int i = 0; i < 5000; i++) {
                tags.append(i == 0 ? "" : ",").append("\"t" + page.get() + "-" + i + "\"");
              }
              page.incrementAndGet();
              RegistryStub.reply(
                  out, 200, "{\"tags\":[" + tags + "]}", "Link: </v2/x?p=" + page + ">; rel=next");
            })) {
      ImageRef.Registry repository = ImageRef.parseRegistry(registry.authority() + "/team/app");
      assertThatThrownBy(() -> registries(HttpTiming.DEFAULT).tags(repository, PullListener.NONE))
          .hasMessageContaining("more than 10000 tags");
      assertThat(page).hasValue(3);
    }
  }
}
