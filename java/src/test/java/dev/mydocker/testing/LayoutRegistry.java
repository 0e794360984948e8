package dev.mydocker.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A registry in this process whose repositories are OCI image layouts ({@link ImageLayout}); it
 * knows which layers it was asked for, and a test can hold its answers.
 */
public final class LayoutRegistry implements AutoCloseable {

  /** Comes before each piece of a layer; what it throws ends the connection. */
  public interface Gate {
    void pass(String digest, long sent) throws IOException;
  }

  private static final int PIECE = 16 << 10;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final List<String> layers = new CopyOnWriteArrayList<>();
  private volatile Gate gate = (digest, sent) -> {};

  private record Repository(Path layout, Json.Obj manifest, String config) {
    byte[] blob(String digest) throws IOException {
      return Files.readAllBytes(layout.resolve("blobs").resolve(digest.replace(':', '/')));
    }
  }

  public LayoutRegistry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 500);
    server.createContext("/v2/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /**
   * Serves a layout's only image under every tag.
   *
   * @param image as {@link ImageLayout#end} gives it
   * @return what stands where an image is named
   */
  public String serve(String repository, String image) throws IOException {
    Path layout = Path.of(image.substring("oci:".length()));
    Json.Obj index = Json.parseObject(Files.readAllBytes(layout.resolve("index.json")));
    Json.Obj manifest = (Json.Obj) index.array("manifests").get(0);
    Repository made = new Repository(layout, manifest, "");
    Json.Obj content = Json.parseObject(made.blob(digest(manifest)));
    String config = digest(content.object("config").orElseThrow());
    repositories.put(repository, new Repository(layout, manifest, config));
    return "localhost:" + server.getAddress().getPort() + "/" + repository + ":1";
  }

  private static String digest(Json.Obj descriptor) throws IOException {
    return descriptor.string("digest").orElseThrow();
  }

  /** The digests of the layers that were asked for, in order; may be cleared. */
  public List<String> layers() {
    return layers;
  }

  /** Waits within a {@link Gate}, until the latch opens or the registry is closed. */
  public static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  /** Holds or ends what comes from now on. */
  public void gate(Gate next) {
    gate = next;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      // /v2/NAME/manifests/REFERENCE, /v2/NAME/blobs/DIGEST
      String[] path = exchange.getRequestURI().getPath().split("/");
      Repository repository = repositories.get(path[2]);
      String digest = path[4];
      Gate open = (d, sent) -> {};
      if (path[3].equals("manifests")) {
        digest = digest(repository.manifest());
        String type = repository.manifest().string("mediaType").orElseThrow();
        exchange.getResponseHeaders().add("Content-Type", type);
      } else if (!digest.equals(repository.config())) {
        layers.add(digest);
        open = gate;
      }
      byte[] content = repository.blob(digest);
      exchange.sendResponseHeaders(200, content.length);
      for (int at = 0; at < content.length; at += PIECE) {
        open.pass(digest, at);
        exchange.getResponseBody().write(content, at, Math.min(PIECE, content.length - at));
        exchange.getResponseBody().flush();
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
