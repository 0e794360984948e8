package dev.mydocker.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A registry in this process whose repositories are OCI image layouts ({@link ImageLayout}); it
 * knows who asked for which blob how often, and a test can hold its answers.
 */
public final class LayoutRegistry implements AutoCloseable {

  /** Comes before each blob's answer; what it throws ends the connection. */
  public interface Gate {
    void pass(String digest) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Path> layouts = new ConcurrentHashMap<>();
  private final List<String> blobs = new CopyOnWriteArrayList<>();
  private volatile Gate gate = digest -> {};

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
  public String serve(String repository, String image) {
    layouts.put(repository, Path.of(image.substring("oci:".length())));
    return "localhost:" + server.getAddress().getPort() + "/" + repository + ":1";
  }

  /** The digests of the blobs that were asked for, in order. */
  public List<String> blobs() {
    return blobs;
  }

  /** Holds or ends what comes from now on. */
  public void gate(Gate next) {
    gate = next;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      // /v2/NAME/manifests/REFERENCE, /v2/NAME/blobs/DIGEST
      String[] path = exchange.getRequestURI().getPath().split("/");
      Path layout = layouts.get(path[2]);
      String reference = path[4];
      if (path[3].equals("blobs")) {
        blobs.add(reference);
        gate.pass(reference);
      } else {
        Json.Obj index = Json.parseObject(Files.readAllBytes(layout.resolve("index.json")));
        Json.Obj manifest = (Json.Obj) index.array("manifests").get(0);
        reference = manifest.string("digest").orElseThrow();
        exchange
            .getResponseHeaders()
            .add("Content-Type", manifest.string("mediaType").orElseThrow());
      }
      Path file = layout.resolve("blobs").resolve(reference.replace(':', '/'));
      exchange.sendResponseHeaders(200, Files.size(file));
      Files.copy(file, exchange.getResponseBody());
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
