package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Brings one image of the store to a registry: its blobs, several at once, then its manifests as
 * they are, byte for byte, and last what the tag names.
 */
final class RegistryPush {
  private static final int AT_ONCE = 3;

  private final Store store;
  private final RegistryEndpoint endpoint;
  private final PushListener listener;
  private final long chunk;

  /**
   * Nothing is sent yet.
   *
   * @param chunk see {@link RegistryUpload}
   */
  RegistryPush(Store store, RegistryEndpoint endpoint, PushListener listener, long chunk) {
    this.store = store;
    this.endpoint = endpoint;
    this.listener = listener;
    this.chunk = chunk;
  }

  /**
   * Does it.
   *
   * @param mounts another repository of the registry that seems to have a blob
   */
  Pushed run(PushContents contents, String tag, Function<Digest, Optional<String>> mounts)
      throws IOException {
    for (Descriptor layer : contents.layers()) {
      listener.layer(layer.digest().shortHex(), layer.size());
    }
    uploadAll(contents, mounts);
    for (Document document : contents.below()) {
      put(document, document.digest().toString());
    }
    put(contents.top(), tag);
    Document top = contents.top();
    return new Pushed(tag, top.digest(), top.bytes().length, contents.insteadOf());
  }

  private void uploadAll(PushContents contents, Function<Digest, Optional<String>> mounts)
      throws IOException {
    Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
    int waiting = 0;
    for (Descriptor layer : contents.layers()) {
      if (MediaType.isForeign(layer.mediaType())) {
        listener.skipped(layer.digest().shortHex());
      } else if (blobs.putIfAbsent(layer.digest(), layer) == null && ++waiting > AT_ONCE) {
        listener.waiting(layer.digest().shortHex());
      }
    }
    for (Descriptor config : contents.configs()) {
      blobs.putIfAbsent(config.digest(), config);
    }
    List<Descriptor> all = new ArrayList<>(blobs.values());
    ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE, RegistryPush::thread);
    boolean whole = false;
    try {
      CompletionService<Descriptor> done = new ExecutorCompletionService<>(pool);
      for (Descriptor blob : all) {
        done.submit(() -> upload(blob, mounts.apply(blob.digest())));
      }
      for (int i = 0; i < all.size(); i++) {
        done.take().get();
      }
      whole = true;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while pushing");
    } finally {
      pool.shutdown();
      if (!whole) {
        cutOff(pool);
      }
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "mydocker push");
    thread.setDaemon(true);
    return thread;
  }

  /** Ends the uploads that still run, as another one failed; none reads the store after this. */
  private void cutOff(ExecutorService pool) {
    pool.shutdownNow();
    endpoint.http().close();
    boolean interrupted = Thread.interrupted();
    try {
      pool.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Descriptor upload(Descriptor blob, Optional<String> mountFrom) throws IOException {
    String id = blob.digest().shortHex();
    try (BlobContent content = new BlobContent(store, blob, done -> listener.progress(id, done))) {
      RegistryUpload upload = new RegistryUpload(endpoint, blob, content, chunk);
      switch (upload.run(mountFrom)) {
        case EXISTED -> listener.alreadyExists(id);
        case MOUNTED -> listener.mounted(id, mountFrom.orElseThrow());
        case SENT -> listener.pushed(id);
      }
    }
    return blob;
  }

  private void put(Document document, String name) throws IOException {
    HttpRequest request =
        new HttpRequest(
            "PUT",
            endpoint.url("manifests/" + name),
            Map.of("Content-Type", document.mediaType()),
            HttpContent.of(document.bytes()),
            true);
    try (HttpAnswer answer = endpoint.exchange(request)) {
      if (answer.status() / 100 != 2) {
        throw RegistryError.ofPush(answer, endpoint.domain(), "manifest", endpoint.auth());
      }
      Optional<String> kept = answer.head().first("docker-content-digest");
      if (kept.isPresent() && !kept.get().equals(document.digest().toString())) {
        throw new ImageException(
            Kind.DIGEST_MISMATCH,
            endpoint.domain()
                + " keeps the manifest under another digest: "
                + ImageException.quote(kept.get()));
      }
    }
  }
}
