package dev.mydocker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.image.ImageException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a registry may do to a connection, and what comes of it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegistryTransportTest {
  private static final HttpTiming PATIENT = timing(20_000, 20_000);
  private static final byte[] BLOB = new byte[3 << 20];
  private static final Descriptor DESCRIPTOR;
  private static final String MANIFEST =
      "{\"schemaVersion\":2,\"manifests\":[],\"mediaType\":\"" + MediaType.OCI_INDEX + "\"}";

  static {
    new Random(1).nextBytes(BLOB);
    DESCRIPTOR = new Descriptor("application/x", Digest.of(BLOB), BLOB.length);
  }

  @TempDir Path directory;

  private final List<String> calls = new CopyOnWriteArrayList<>();
  private Map<String, String> environment;

  static HttpTiming timing(int idleMillis, int windowMillis) {
    return new HttpTiming(
        Duration.ofSeconds(5),
        Duration.ofMillis(idleMillis),
        Duration.ofMillis(windowMillis),
        Duration.ofMillis(1));
  }

  @BeforeEach
  void isolate() throws IOException {
    Path conf = Files.writeString(directory.resolve("registries.conf"), "");
    environment =
        Map.of("HOME", directory.toString(), "CONTAINERS_REGISTRIES_CONF", conf.toString());
  }

  private RegistrySource source(String authority, HttpTiming timing) throws IOException {
    return RegistrySource.open(
        ImageRef.parseRegistry(authority + "/team/app:1"),
        environment,
        new PullListener() {
          @Override
          public void call(String method, String url, int status, long start, long end) {
            calls.add(method + " " + url + " " + status);
          }
        },
        timing);
  }

  private Document top(RegistryStub stub, HttpTiming timing) throws IOException {
    try (RegistrySource source = source(stub.authority(), timing)) {
      return source.top();
    }
  }

  private byte[] blob(RegistryStub stub, HttpTiming timing) throws IOException {
    try (RegistrySource source = source(stub.authority(), timing);
        InputStream in = source.blob(DESCRIPTOR)) {
      return in.readAllBytes();
    }
  }

  private static RegistryStub saying(String raw) throws IOException {
    return new RegistryStub(
        (request, out) -> {
          RegistryStub.raw(out, raw);
          throw new EOFException("closed");
        });
  }

  /** Sends a part of the blob under a head that promises all of it. */
  private static void part(OutputStream out, int from, int to, String head) throws IOException {
    RegistryStub.raw(out, head + "\r\n\r\n");
    out.write(BLOB, from, to - from);
    out.flush();
  }

  private static String ok(int length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + length;
  }

  private static String partial(int from) {
    return "HTTP/1.1 206 Partial\r\nContent-Length: "
        + (BLOB.length - from)
        + "\r\nContent-Range: bytes "
        + from
        + "-"
        + (BLOB.length - 1)
        + "/"
        + BLOB.length;
  }

  private static int rangeStart(RegistryStub.Request request) {
    String range = request.header("range");
    return range.isEmpty() ? 0 : Integer.parseInt(range.substring(6, range.length() - 1));
  }

  @Test
  void REG20_noUpgradeIsOfferedOnCleartext() throws Exception {
    try (RegistryStub stub = new RegistryStub((r, out) -> RegistryStub.reply(out, 200, MANIFEST))) {
      assertThat(top(stub, PATIENT).digest()).isEqualTo(Digest.of(MANIFEST.getBytes()));
      RegistryStub.Request request = stub.requests().get(0);
      assertThat(request.target()).isEqualTo("/v2/team/app/manifests/1");
      assertThat(request.headers())
          .containsOnlyKeys("host", "user-agent", "accept", "accept-encoding");
      assertThat(request.header("accept"))
          .contains(MediaType.OCI_INDEX, MediaType.OCI_MANIFEST)
          .contains(MediaType.DOCKER_LIST, MediaType.DOCKER_MANIFEST);
    }
  }

  @Test
  void oneConnectionServesManyRequests() throws Exception {
    try (RegistryStub stub = new RegistryStub((r, out) -> RegistryStub.reply(out, 200, MANIFEST));
        RegistrySource source = source(stub.authority(), PATIENT)) {
      for (int i = 0; i < 5; i++) {
        source.top();
      }
      assertThat(stub.connections()).as("the probe's and one more").isEqualTo(2);
    }
  }

  @Test
  void aKeptConnectionThatThePeerClosedIsReplaced() throws Exception {
    AtomicInteger count = new AtomicInteger();
    try (RegistryStub stub =
            new RegistryStub(
                (r, out) -> {
                  RegistryStub.reply(out, 200, MANIFEST);
                  if (count.incrementAndGet() == 1) {
                    throw new EOFException("closed");
                  }
                });
        RegistrySource source = source(stub.authority(), PATIENT)) {
      source.top();
      source.top();
      assertThat(calls).hasSize(2).allMatch(call -> call.endsWith(" 200"));
    }
  }

  @ParameterizedTest
  @CsvSource({"Content-Length: 30 twice", "a list in Content-Length", "chunked and a length"})
  void REG20_aBodyFramedInTwoWaysIsRefused(String how) throws Exception {
    String headers =
        switch (how) {
          case "Content-Length: 30 twice" -> "Content-Length: 30\r\nContent-Length: 31\r\n";
          case "a list in Content-Length" -> "Content-Length: 30, 30\r\n";
          default -> "Transfer-Encoding: chunked\r\nContent-Length: 30\r\n";
        };
    try (RegistryStub stub = saying("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + MANIFEST)) {
      assertRefused(stub);
    }
  }

  @Test
  void REG20_theSameLengthTwiceIsHarmless() throws Exception {
    String length = "Content-Length: " + MANIFEST.length() + "\r\n";
    try (RegistryStub stub = saying("HTTP/1.1 200 OK\r\n" + length + length + "\r\n" + MANIFEST)) {
      assertThat(top(stub, PATIENT).bytes()).asString().isEqualTo(MANIFEST);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html>an answer of HTTP/0.9</html>\n",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: folded\r\n  over two lines\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://a b/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://u:p@127.0.0.1/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:99999/\r\n\r\n"
      })
  void REG20_anAnswerThatIsNoHttpIsRefused(String answer) throws Exception {
    try (RegistryStub stub = saying(answer)) {
      assertRefused(stub);
    }
  }

  private void assertRefused(RegistryStub stub) {
    assertThatThrownBy(() -> top(stub, PATIENT))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
        .hasMessageMatching(
            "cannot pull 127\\.0\\.0\\.1:\\d+/team/app:1: 127\\.0\\.0\\.1:\\d+ sent [ -~]+")
        .hasMessageNotContaining("u:p@");
    assertThat(stub.requests()).as("tried again").hasSize(1);
  }

  @Test
  void REG20_hugeHeadsAndEndlessInterimAnswersAreRefused() throws Exception {
    String huge = "HTTP/1.1 200 OK\r\nX: " + "x".repeat(1 << 20) + "\r\n\r\n";
    String many = "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(10_000) + "\r\n";
    String interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    for (String answer : List.of(huge, many, interim)) {
      try (RegistryStub stub = saying(answer)) {
        assertThatThrownBy(() -> top(stub, PATIENT))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("sent");
      }
    }
    String hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    String real = "HTTP/1.1 200 OK\r\nContent-Length: " + MANIFEST.length() + "\r\n\r\n";
    try (RegistryStub stub = saying(hints + real + MANIFEST)) {
      assertThat(top(stub, PATIENT).bytes()).asString().isEqualTo(MANIFEST);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "body"})
  void REG12_aSilentPeerTimesOut(String where) throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              if (where.equals("body")) {
                RegistryStub.raw(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
              }
              Thread.sleep(60_000);
            })) {
      assertThatThrownBy(() -> top(stub, timing(200, 20_000)))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
          .hasMessageContaining("stopped answering");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "body", "chunks"})
  void REG12_aTrickleTimesOut(String where) throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              RegistryStub.raw(out, "HTTP/1.1 200 OK\r\n");
              switch (where) {
                case "body" -> RegistryStub.raw(out, "Content-Length: 100000\r\n\r\n");
                case "chunks" -> RegistryStub.raw(out, "Transfer-Encoding: chunked\r\n\r\n");
                default -> {}
              }
              String drop =
                  switch (where) {
                    case "body" -> "x";
                    case "chunks" -> "1\r\nx\r\n";
                    default -> "X: y\r\n";
                  };
              while (true) {
                RegistryStub.raw(out, drop);
                Thread.sleep(20);
              }
            })) {
      assertThatThrownBy(() -> top(stub, timing(20_000, 300)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("stopped answering");
    }
  }

  @Test
  void REG12_aBodyThatStallsForEverIsGivenUp() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              int from = rangeStart(r);
              part(out, from, from + 1000, from == 0 ? ok(BLOB.length) : partial(from));
              Thread.sleep(60_000);
            })) {
      assertThatThrownBy(() -> blob(stub, timing(100, 20_000)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("stopped answering");
      assertThat(stub.requests()).hasSize(5);
    }
  }

  @Test
  void REG12_anEndlessManifestIsCutOff() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              RegistryStub.raw(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
              String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
              while (true) {
                RegistryStub.raw(out, chunk);
              }
            })) {
      assertThatThrownBy(() -> top(stub, PATIENT))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOO_LARGE));
    }
  }

  @Test
  void REG13_aBlobGoesOnWhereTheConnectionBroke() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              int from = rangeStart(r);
              int to = Math.min(BLOB.length, from + (BLOB.length / 3));
              part(out, from, to, from == 0 ? ok(BLOB.length) : partial(from));
              throw new EOFException("broken");
            })) {
      assertThat(blob(stub, PATIENT)).isEqualTo(BLOB);
      assertThat(stub.requests().stream().map(r -> r.header("range")))
          .startsWith("", "bytes=" + BLOB.length / 3 + "-");
    }
  }

  @Test
  void REG13_aChunkedBlobWithoutItsLastChunkGoesOn() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              int from = rangeStart(r);
              if (from > 0) {
                part(out, from, BLOB.length, partial(from));
                return;
              }
              RegistryStub.raw(
                  out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n");
              out.write(BLOB, 0, 100_000);
              RegistryStub.raw(out, "\r\n");
              throw new EOFException("broken");
            })) {
      assertThat(blob(stub, PATIENT)).isEqualTo(BLOB);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"whole", "other range", "no range", "416", "404"})
  void REG13_aBlobThatCannotGoOnFails(String answer) throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              int from = rangeStart(r);
              if (from == 0) {
                part(out, 0, 5000, ok(BLOB.length));
                throw new EOFException("broken");
              }
              switch (answer) {
                case "whole" -> part(out, 0, BLOB.length, ok(BLOB.length));
                case "other range" -> part(out, 0, BLOB.length - 1000, partial(1000));
                case "no range" ->
                    part(
                        out,
                        from,
                        BLOB.length,
                        "HTTP/1.1 206 Partial\r\nContent-Length: " + (BLOB.length - from));
                case "416" -> RegistryStub.reply(out, 416, "");
                default -> RegistryStub.reply(out, 404, "");
              }
            })) {
      assertThatThrownBy(() -> blob(stub, PATIENT))
          .isInstanceOf(ImageException.class)
          .hasMessageStartingWith("cannot pull 127.0.0.1:")
          .hasMessageMatching(".*(at byte 5000|\\(416\\)|no such blob).*");
      assertThat(stub.requests()).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate", "zstd", "br"})
  void REG13_anEncodedBlobIsRefused(String coding) throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> RegistryStub.reply(out, 200, BLOB, "Content-Encoding: " + coding))) {
      assertThatThrownBy(() -> blob(stub, PATIENT))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("Content-Encoding \"" + coding + "\"");
    }
  }

  @Test
  void aBusyRegistryIsAskedAgain() throws Exception {
    List<Integer> statuses = List.of(503, 429, 500, 200);
    AtomicInteger count = new AtomicInteger();
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) ->
                RegistryStub.reply(
                    out, statuses.get(count.getAndIncrement()), MANIFEST, "Retry-After: 0"))) {
      assertThat(top(stub, PATIENT).bytes()).asString().isEqualTo(MANIFEST);
      assertThat(calls).hasSize(4);
    }
  }

  @Test
  void aBusyRegistryIsNotAskedForEver() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) ->
                RegistryStub.reply(
                    out,
                    503,
                    "{\"errors\":[{\"code\":\"UNAVAILABLE\",\"message\":\"come\\nback\"}]}"))) {
      assertThatThrownBy(() -> top(stub, PATIENT))
          .hasMessageEndingWith("gave no manifest (503 UNAVAILABLE \"come?back\")");
      assertThat(calls).hasSize(4);
    }
  }

  @Test
  void aLongRetryAfterIsNotWaitedFor() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) ->
                RegistryStub.reply(
                    out,
                    429,
                    "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}",
                    "Retry-After: 3600"))) {
      assertThatThrownBy(() -> top(stub, PATIENT))
          .hasMessageContaining(
              "limits how often it is asked (429 TOOMANYREQUESTS \"slow down\"): try later");
      assertThat(calls).hasSize(1);
    }
  }

  @Test
  void aConnectionThatBreaksBeforeTheAnswerIsMadeAgain() throws Exception {
    AtomicInteger count = new AtomicInteger();
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              if (count.incrementAndGet() < 3) {
                throw new EOFException("broken");
              }
              RegistryStub.reply(out, 200, MANIFEST);
            })) {
      top(stub, PATIENT);
      assertThat(calls.stream().map(call -> call.substring(call.lastIndexOf(' ') + 1)))
          .containsExactly("0", "0", "200");
    }
  }

  @Test
  void nobodyAtThePortIsSaidSo() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (RegistrySource source = source("127.0.0.1:" + port, PATIENT)) {
      assertThatThrownBy(source::top)
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
          .hasMessage(
              "cannot pull 127.0.0.1:%1$d/team/app:1: cannot connect to 127.0.0.1:%1$d: connection"
                  + " refused: is a registry running there?",
              port);
    }
  }

  @Test
  void anAddressThatIsNoneIsABadReference() throws Exception {
    try (RegistrySource source = source("[::::]:5000", PATIENT)) {
      assertThatThrownBy(source::top)
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.BAD_REFERENCE));
    }
  }

  @Test
  void aForeignErrorIsQuotedPrintableAndShort() throws Exception {
    String evil = "\\u001b[31mred\\r\\n" + "x".repeat(1000);
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) ->
                RegistryStub.reply(
                    out,
                    403,
                    "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" + evil + "\"}]}"))) {
      assertThatThrownBy(() -> top(stub, PATIENT))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED))
          .hasMessageMatching("[ -~]{1,300}")
          .hasMessageContaining("denies access (403 DENIED \"?[31mred??xxx");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "{\"errors\":5}", "{\"errors\":[7]}", "{\"errors\":[]}"})
  void anErrorWithoutAReasonIsSaidByItsStatus(String body) throws Exception {
    try (RegistryStub stub = new RegistryStub((r, out) -> RegistryStub.reply(out, 418, body))) {
      assertThatThrownBy(() -> top(stub, PATIENT)).hasMessageEndingWith("gave no manifest (418)");
    }
  }

  @Test
  void REG12_anEndlessErrorIsCutOff() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              RegistryStub.raw(out, "HTTP/1.1 404 No\r\n\r\n");
              byte[] zeros = new byte[1 << 16];
              while (true) {
                out.write(zeros);
              }
            })) {
      assertThatThrownBy(() -> top(stub, PATIENT)).hasMessageContaining("no such manifest (404)");
    }
  }

  @Test
  void REG09_theDigestThatWasAskedForIsWhatCounts() throws Exception {
    Digest other = Digest.of(new byte[] {1});
    try (RegistryStub stub =
            new RegistryStub(
                (r, out) ->
                    RegistryStub.reply(out, 200, MANIFEST, "Docker-Content-Digest: " + other));
        RegistrySource byTag = source(stub.authority(), PATIENT);
        RegistrySource byDigest = source(stub.authority(), PATIENT)) {
      Descriptor wanted = new Descriptor(MediaType.OCI_MANIFEST, other, 5);
      for (Fetch fetch : List.<Fetch>of(byTag::top, () -> byDigest.manifest(wanted))) {
        assertThatThrownBy(fetch::get)
            .isInstanceOfSatisfying(
                ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DIGEST_MISMATCH));
      }
      Descriptor right = new Descriptor(MediaType.OCI_MANIFEST, Digest.of(MANIFEST.getBytes()), 5);
      assertThat(byDigest.manifest(right).bytes()).asString().isEqualTo(MANIFEST);
    }
  }

  private interface Fetch {
    Document get() throws IOException;
  }

  @Test
  void REG09_aPageInPlaceOfAManifestIsNoImage() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) ->
                RegistryStub.reply(
                    out, 200, "<html>log in</html>", "Content-Type: text/html; charset=utf-8"))) {
      Document page = top(stub, PATIENT);
      assertThat(page.mediaType()).isEqualTo("text/html");
      assertThatThrownBy(() -> Index.is(page))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_AN_IMAGE));
    }
  }

  @Test
  void aBodyIsReadUntilTheConnectionsEndWhenNothingElseTells() throws Exception {
    try (RegistryStub stub = saying("HTTP/1.0 200 OK\r\n\r\n" + MANIFEST)) {
      assertThat(top(stub, PATIENT).bytes()).asString().isEqualTo(MANIFEST);
    }
  }

  @Test
  void aBlobOfChunksIsJoined() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              RegistryStub.raw(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
              for (int at = 0; at < BLOB.length; at += 77_777) {
                byte[] chunk = Arrays.copyOfRange(BLOB, at, Math.min(BLOB.length, at + 77_777));
                RegistryStub.raw(out, Integer.toHexString(chunk.length) + ";ext=1\r\n");
                out.write(chunk);
                RegistryStub.raw(out, "\r\n");
              }
              RegistryStub.raw(out, "0\r\nTrailer: x\r\n\r\n");
            })) {
      assertThat(blob(stub, PATIENT)).isEqualTo(BLOB);
    }
  }

  @Test
  void closingTheSourceEndsAReadThatWaits() throws Exception {
    try (RegistryStub stub =
        new RegistryStub(
            (r, out) -> {
              part(out, 0, 1000, ok(BLOB.length));
              Thread.sleep(60_000);
            })) {
      RegistrySource source = source(stub.authority(), PATIENT);
      InputStream in = source.blob(DESCRIPTOR);
      Thread closer =
          new Thread(
              () -> {
                try {
                  Thread.sleep(100);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                source.close();
              });
      closer.start();
      assertThatThrownBy(in::readAllBytes).isInstanceOf(ImageException.class);
      closer.join();
    }
  }

  /** The registry is started again while a blob is being pulled. */
  @Test
  void REG15_aRefusedConnectionIsTriedAgainWithinABlob() throws Exception {
    AtomicReference<RegistryStub> restarted = new AtomicReference<>();
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    int port = server.getLocalPort();
    RegistryStub first =
        new RegistryStub(
            server,
            (request, out) -> {
              part(out, 0, 1 << 20, ok(BLOB.length));
              server.close();
              throw new EOFException("gone");
            });
    PullListener restarting =
        new PullListener() {
          @Override
          public void call(String method, String url, int status, long start, long end) {
            calls.add(String.valueOf(status));
            if (status == 0 && restarted.get() == null) {
              try {
                ServerSocket again = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
                restarted.set(
                    new RegistryStub(
                        again,
                        (r, out) -> part(out, rangeStart(r), BLOB.length, partial(rangeStart(r)))));
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }
          }
        };
    try (first;
        RegistrySource source =
            RegistrySource.open(
                ImageRef.parseRegistry(first.authority() + "/team/app:1"),
                environment,
                restarting,
                PATIENT);
        InputStream in = source.blob(DESCRIPTOR)) {
      assertThat(in.readAllBytes()).isEqualTo(BLOB);
      assertThat(calls).containsExactly("200", "0", "206");
    } finally {
      if (restarted.get() != null) {
        restarted.get().close();
      }
    }
  }
}
