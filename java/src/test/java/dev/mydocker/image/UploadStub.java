package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A registry of the push API in memory, whose answers a test may replace. Content is ASCII. */
final class UploadStub implements AutoCloseable {

  /** Answers in the registry's place, or leaves it to the registry. */
  interface Trouble {
    /** Whether the request was answered; an exception closes the connection. */
    boolean answer(RegistryStub.Request request, OutputStream out) throws Exception;
  }

  final Map<String, String> blobs = new ConcurrentHashMap<>();
  final Map<String, String> manifests = new ConcurrentHashMap<>();
  final Map<String, ByteArrayOutputStream> uploads = new ConcurrentHashMap<>();

  /** Method and path of each request, without the registry's name, in their order. */
  final List<String> log = new CopyOnWriteArrayList<>();

  private final AtomicInteger begun = new AtomicInteger();
  private final Trouble trouble;
  private final RegistryStub stub;

  UploadStub() throws IOException {
    this((request, out) -> false);
  }

  UploadStub(Trouble trouble) throws IOException {
    this.trouble = trouble;
    this.stub = new RegistryStub(this::answer);
  }

  String authority() {
    return stub.authority();
  }

  List<RegistryStub.Request> requests() {
    return stub.requests();
  }

  /** The requests whose line begins so. */
  List<RegistryStub.Request> requests(String method, String start) {
    List<RegistryStub.Request> out = new ArrayList<>();
    for (RegistryStub.Request r : stub.requests()) {
      if (r.method().equals(method) && r.target().startsWith(start)) {
        out.add(r);
      }
    }
    return out;
  }

  private void answer(RegistryStub.Request request, OutputStream out) throws Exception {
    log.add(request.method() + " " + request.target());
    if (trouble.answer(request, out)) {
      return;
    }
    String path = request.target().split("\\?")[0];
    String last = path.substring(path.lastIndexOf('/') + 1);
    if (path.contains("/manifests/")) {
      manifests.put(last, request.body());
      String digest = Digest.of(request.body().getBytes(StandardCharsets.US_ASCII)).toString();
      RegistryStub.reply(out, 201, "", "Docker-Content-Digest: " + digest);
    } else if (request.method().equals("HEAD")) {
      RegistryStub.reply(out, blobs.containsKey(last) ? 200 : 404, "");
    } else if (request.method().equals("POST")) {
      String name = "upload" + begun.incrementAndGet();
      uploads.put(name, new ByteArrayOutputStream());
      RegistryStub.reply(out, 202, "", "Location: " + path + name);
    } else if (!uploads.containsKey(last)) {
      RegistryStub.reply(out, 404, "{\"errors\":[{\"code\":\"BLOB_UPLOAD_UNKNOWN\"}]}");
    } else {
      upload(request, path, last, out);
    }
  }

  private void upload(RegistryStub.Request request, String path, String name, OutputStream out)
      throws IOException {
    ByteArrayOutputStream content = uploads.get(name);
    String[] range = request.header("content-range").split("-");
    if (!range[0].isEmpty() && Integer.parseInt(range[0]) != content.size()) {
      status(out, 416, path, content);
      return;
    }
    content.write(request.body().getBytes(StandardCharsets.US_ASCII));
    if (request.method().equals("PUT")) {
      String digest = request.target().substring(request.target().indexOf("digest=") + 7);
      boolean right = Digest.of(content.toByteArray()).toString().equals(digest);
      if (right) {
        blobs.put(digest, content.toString(StandardCharsets.US_ASCII));
      }
      RegistryStub.reply(
          out, right ? 201 : 400, right ? "" : "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}");
    } else {
      status(out, request.method().equals("GET") ? 204 : 202, path, content);
    }
  }

  private static void status(OutputStream out, int status, String path, ByteArrayOutputStream got)
      throws IOException {
    // As the distribution project writes it, for nothing too.
    String range = "0-" + Math.max(0, got.size() - 1);
    RegistryStub.reply(out, status, "", "Location: " + path, "Range: " + range);
  }

  /** Takes a part of a chunk into its upload, and breaks the connection. */
  void breakAfter(RegistryStub.Request request, int bytes) throws IOException {
    String path = request.target().split("\\?")[0];
    uploads
        .get(path.substring(path.lastIndexOf('/') + 1))
        .write(request.body().substring(0, bytes).getBytes(StandardCharsets.US_ASCII));
    throw new EOFException("broken on purpose");
  }

  @Override
  public void close() throws IOException {
    stub.close();
  }
}
