package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Brings an image into the state: each blob and layer that is missing, then its documents, then its
 * name, so that a name always stands for a whole image.
 *
 * <p>Several layers come at once. A process that needs a layer which another one is making waits
 * for it: the locks of all missing layers are taken first, in the order of their names, so nobody
 * waits in a circle. Blobs are synced one by one as they come. The layers' files are not: that they
 * may be lost with the machine is written down first ({@link UnsyncedLayers}).
 */
final class ImageFetch {
  private final ImageState state;
  private final ImageSource source;
  private final Contents contents;
  private final List<Carried> others;
  private final UnpackLimits limits;
  private final PullListener listener;

  ImageFetch(
      ImageState state,
      ImageSource source,
      Contents contents,
      UnpackLimits limits,
      PullListener listener) {
    this(state, source, contents, List.of(), limits, listener);
  }

  /**
   * Nothing is fetched yet.
   *
   * @param others what else of the image's index is to be kept, as it comes
   */
  ImageFetch(
      ImageState state,
      ImageSource source,
      Contents contents,
      List<Carried> others,
      UnpackLimits limits,
      PullListener listener) {
    this.state = state;
    this.source = source;
    this.contents = contents;
    this.others = others;
    this.limits = limits;
    this.listener = listener;
  }

  /** Does it, and keeps the image under {@code name}. */
  void run(String name) throws IOException {
    run(List.of(name));
  }

  /** Does it, and keeps the image under all of these names, or without one. */
  void run(List<String> names) throws IOException {
    run(Optional.of(names));
  }

  /** Brings what is missing of an image that is kept already; its names stay as they are. */
  void complete() throws IOException {
    run(Optional.empty());
  }

  private void run(Optional<List<String>> names) throws IOException {
    List<Contents.Layer> layers = contents.layers();
    for (Contents.Layer layer : layers) {
      listener.layer(layer.id(), layer.blob().size());
    }
    Map<Digest, Contents.Layer> blobs = carriedBlobs(layers);
    blobs.values().forEach(blob -> hearer(blob).layer(blob.id(), blob.blob().size()));
    List<StateLock> locks = new ArrayList<>();
    try (Workplace work = Workplace.open(state.work())) {
      Pin.write(state.store(), work, contents, others);
      StateLock.sweep(state.locks());
      lock(layers, locks);
      List<Contents.Layer> missing = new ArrayList<>();
      for (Contents.Layer layer : layers) {
        if (state.has(layer)) {
          listener.alreadyExists(layer.id());
        } else {
          missing.add(layer);
        }
      }
      bring(missing, work);
      carry(blobs.values(), work);
      if (names.isPresent()) {
        keep(names.get(), work);
      }
    } finally {
      for (StateLock lock : locks) {
        lock.close();
      }
    }
  }

  /** What others need beside the image's layers, and is kept without being unpacked. */
  private Map<Digest, Contents.Layer> carriedBlobs(List<Contents.Layer> layers) {
    Map<Digest, Contents.Layer> blobs = new LinkedHashMap<>();
    for (Carried other : others) {
      for (Descriptor blob : other.manifest().blobs()) {
        blobs.putIfAbsent(blob.digest(), new Contents.Layer(blob, blob.digest()));
      }
    }
    layers.forEach(layer -> blobs.remove(layer.blob().digest()));
    return blobs;
  }

  /** Who hears of a blob: listeners are told of layers alone. */
  private PullListener hearer(Contents.Layer blob) {
    boolean config =
        others.stream().anyMatch(o -> o.manifest().config().digest().equals(blob.blob().digest()));
    return config ? PullListener.NONE : listener;
  }

  private void carry(Collection<Contents.Layer> blobs, Workplace work) throws IOException {
    List<Callable<Boolean>> fetches = new ArrayList<>();
    for (Contents.Layer blob : blobs) {
      if (state.store().has(blob.blob())) {
        hearer(blob).alreadyExists(blob.id());
      } else {
        fetches.add(() -> fetchBlob(blob, work));
      }
    }
    Optional<IOException> failure = atOnce(fetches, done -> {});
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private boolean fetchBlob(Contents.Layer blob, Workplace work) throws IOException {
    String what = "blob " + blob.id() + " of " + source.name();
    PullListener hearer = hearer(blob);
    try (InputStream in =
        BlobInput.fetched(blob, source.blob(blob.blob()), what, hearer, state.store(), work)) {
      byte[] buffer = new byte[64 * 1024];
      while (in.read(buffer) >= 0) {
        // The stream keeps what passes.
      }
    }
    hearer.done(blob.id());
    return true;
  }

  private void lock(List<Contents.Layer> layers, List<StateLock> locks) throws KernelException {
    TreeSet<Digest> missing = new TreeSet<>();
    for (Contents.Layer layer : layers) {
      if (!state.has(layer)) {
        missing.add(layer.diffId());
      }
    }
    for (Digest diffId : missing) {
      locks.add(StateLock.take(state.locks(), diffId.hex()));
    }
  }

  /** Fetches layers, and publishes those that came even when another one failed. */
  private void bring(List<Contents.Layer> missing, Workplace work) throws IOException {
    if (missing.isEmpty()) {
      return;
    }
    List<Digest> expected = new ArrayList<>();
    for (Contents.Layer layer : missing) {
      if (!state.hasLayer(layer.diffId())) {
        expected.add(layer.diffId());
      }
    }
    state.unsynced().expect(expected);
    Map<Digest, LayerUnpacker.Result> unpacked = new LinkedHashMap<>();
    Optional<IOException> failure = fetchAll(missing, work, unpacked);
    publish(work, unpacked);
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private record Fetched(Digest diffId, Optional<LayerUnpacker.Result> result) {}

  private Optional<IOException> fetchAll(
      List<Contents.Layer> missing, Workplace work, Map<Digest, LayerUnpacker.Result> unpacked) {
    List<Callable<Fetched>> fetches = new ArrayList<>();
    for (Contents.Layer layer : missing) {
      LayerFetch fetch = new LayerFetch(layer, source, state, work, limits, listener);
      fetches.add(() -> new Fetched(layer.diffId(), fetch.run()));
    }
    return atOnce(
        fetches, fetched -> fetched.result().ifPresent(r -> unpacked.put(fetched.diffId(), r)));
  }

  /** Runs fetches, some at once, and gives the first failure. */
  private static <T> Optional<IOException> atOnce(List<Callable<T>> fetches, Consumer<T> taker) {
    if (fetches.isEmpty()) {
      return Optional.empty();
    }
    ExecutorService pool =
        Executors.newFixedThreadPool(
            Math.min(fetches.size(), UnpackLimits.LAYERS_AT_ONCE),
            task -> {
              Thread thread = new Thread(task, "mydocker layer");
              thread.setDaemon(true);
              return thread;
            });
    CompletionService<T> done = new ExecutorCompletionService<>(pool);
    Optional<IOException> failure = Optional.empty();
    try {
      fetches.forEach(done::submit);
      for (int i = 0; i < fetches.size() && failure.isEmpty(); i++) {
        Future<T> next = done.take();
        try {
          taker.accept(next.get());
        } catch (ExecutionException e) {
          failure = Optional.of(asIo(e.getCause()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure = Optional.of(new InterruptedIOException("interrupted while fetching"));
    } finally {
      pool.shutdownNow();
      awaitEnd(pool);
    }
    return failure;
  }

  private static IOException asIo(Throwable cause) {
    return cause instanceof IOException io ? io : new IOException(cause.toString(), cause);
  }

  /** The workplace must not go while somebody writes there. */
  private static void awaitEnd(ExecutorService pool) {
    boolean interrupted = Thread.interrupted();
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, TimeUnit.HOURS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives unpacked layers their names, from the lowest up to the first that did not come. */
  private void publish(Workplace work, Map<Digest, LayerUnpacker.Result> unpacked)
      throws IOException {
    List<Digest> ready = new ArrayList<>();
    List<Digest> below = new ArrayList<>();
    for (Contents.Layer layer : contents.layers()) {
      Digest diffId = layer.diffId();
      if (unpacked.containsKey(diffId)) {
        try (LayerStack stack = stack(below, ready, work);
            Directory unsettled = staged(work, diffId)) {
          LayerSettler.settle(unsettled, stack, unpacked.get(diffId), state.owners());
        } catch (ImageException e) {
          throw new ImageException(e.kind(), cannotUnpack(layer) + e.getMessage(), e);
        } catch (KernelException e) {
          throw new IOException(cannotUnpack(layer) + e.getMessage(), e);
        }
        ready.add(diffId);
      } else if (!state.hasLayer(diffId)) {
        break;
      }
      below.add(diffId);
    }
    if (ready.isEmpty()) {
      return;
    }
    for (Digest diffId : ready) {
      work.directory()
          .rename(
              Overlay.bytes(LayerFetch.directoryName(diffId)),
              state.layers(),
              Overlay.bytes(diffId.hex()),
              Linux.RENAME_NOREPLACE);
    }
  }

  private String cannotUnpack(Contents.Layer layer) {
    return "cannot unpack layer " + layer.id() + " of " + source.name() + ": ";
  }

  private LayerStack stack(List<Digest> below, List<Digest> ready, Workplace work)
      throws KernelException {
    List<Directory> open = new ArrayList<>();
    for (int i = below.size() - 1; i >= 0; i--) {
      Digest d = below.get(i);
      open.add(ready.contains(d) ? staged(work, d) : state.openLayer(d));
    }
    return new LayerStack(open);
  }

  private static Directory staged(Workplace work, Digest diffId) throws KernelException {
    return work.directory()
        .openDirectory(Overlay.bytes(LayerFetch.directoryName(diffId)), Directory.Resolve.BENEATH);
  }

  private void keep(List<String> names, Workplace work) throws IOException {
    Store store = state.store();
    Descriptor manifest = contents.descriptor();
    // They are small, and a damaged one is whole again after this.
    if (!store.holds(contents.manifest().config())) {
      store.write(contents.manifest().config().digest(), contents.configBytes(), work);
    }
    for (Carried other : others) {
      if (!store.holds(other.descriptor())) {
        store.write(other.digest(), other.document().bytes(), work);
      }
    }
    if (!store.holds(manifest)) {
      store.write(manifest.digest(), contents.document().bytes(), work);
    }
    Descriptor kept = contents.kept(others.stream().map(Carried::digest).toList());
    if (contents.index().isPresent() && !store.holds(kept)) {
      store.write(kept.digest(), contents.top().bytes(), work);
    }
    boolean named = !names.isEmpty() && store.names(kept.digest()).containsAll(names);
    if (!named || contents.index().isPresent()) {
      store.put(names, kept);
    }
  }
}
