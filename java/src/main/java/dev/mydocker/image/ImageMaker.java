package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/**
 * Makes images here: of a root file system, or of another image and a directory of changes. What it
 * makes goes the way of every image that is pulled: checked, unpacked, and named last.
 */
public final class ImageMaker {
  private static final int BUFFER = 128 * 1024;

  private final Path root;
  private final ImageEvents events;
  private final UnpackLimits limits;

  ImageMaker(Path root, ImageEvents events, UnpackLimits limits) {
    this.root = root;
    this.events = events;
    this.limits = limits;
  }

  /**
   * What is said of a new image.
   *
   * @param name what it is kept as; without one it has its id only
   * @param changes to its configuration, in order
   * @param created when
   * @param author who, for its configuration
   * @param createdBy the command, for its history
   * @param comment why, for its history
   */
  public record Description(
      Optional<ImageRef.Registry> name,
      List<ConfigChange> changes,
      Instant created,
      Optional<String> author,
      Optional<String> createdBy,
      Optional<String> comment) {}

  /**
   * An image of one layer.
   *
   * @param tar a root file system, which may be compressed; kept as it came
   * @param what names the tar in errors
   * @throws ImageException when the tar is no layer
   */
  public Image importTar(
      InputStream tar,
      String what,
      Platform platform,
      Description description,
      PullListener listener)
      throws IOException {
    ConfigChange.apply(description.changes(), Optional.empty());
    try (ImageState state = ImageState.create(root);
        Workplace work = Workplace.open(state.work());
        NewLayer layer = received(new BufferedInputStream(tar, BUFFER), what, work)) {
      Json.Builder config =
          Json.object().put("architecture", platform.architecture()).put("os", platform.os());
      if (!platform.variant().isEmpty()) {
        config.put("variant", platform.variant());
      }
      Image image = make(state, List.of(), config.build(), layer, what, description, listener);
      String id = image.imageId().toString();
      events.happened("import", id, Map.of("name", id));
      return tagged(image, description);
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  /**
   * An image of another one and a layer on top of it.
   *
   * @param base an image of the store
   * @param upper an overlay's upper directory
   * @throws ImageException when the base is not in the store, or {@code upper} holds what no layer
   *     can say
   */
  public Image addLayer(Image base, Directory upper, Description description, PullListener listener)
      throws IOException {
    return addLayer(base, upper, Optional.empty(), description, listener);
  }

  /**
   * {@link #addLayer(Image, Directory, Description, PullListener)} of files that have other owners
   * on this disk than in the image.
   */
  public Image addLayer(
      Image base,
      Directory upper,
      Optional<Owners> owners,
      Description description,
      PullListener listener)
      throws IOException {
    try (ImageState state = ImageState.create(root);
        Workplace work = Workplace.open(state.work());
        NewLayer layer = written(upper, owners, work)) {
      Contents below = contents(state, base);
      Json.Obj config =
          Document.read(
              "configuration of " + base.name(), () -> Json.parseObject(below.configBytes()));
      String what = "a new image of " + base.name();
      return tagged(
          make(state, below.manifest().layers(), config, layer, what, description, listener),
          description);
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  private Image tagged(Image image, Description description) {
    if (description.name().isPresent()) {
      String name = description.name().get().tagged();
      events.happened("tag", image.imageId().toString(), Map.of("name", name));
    }
    return image;
  }

  private static Contents contents(ImageState state, Image image) throws IOException {
    Descriptor manifest =
        state
            .store()
            .manifest(image.manifestDigest())
            .orElseThrow(
                () ->
                    new ImageException(
                        Kind.NOT_FOUND, image.name() + " is not in the store any more"));
    return Contents.read(new StoreSource(state.store(), image.name(), manifest), Optional.empty());
  }

  // ---- the layer --------------------------------------------------------------------------------

  /** A layer that no store has yet. */
  private record NewLayer(Descriptor blob, Digest diffId, Spool content) implements AutoCloseable {

    /**
     * The layer in a file, which it owns from now on.
     *
     * @param hash finished, of the file
     * @param plainHash finished, of its uncompressed content
     */
    static NewLayer of(Spool content, MessageDigest hash, MessageDigest plainHash)
        throws IOException {
      try {
        byte[] start = content.open().readNBytes(Compression.MAGIC);
        String type = MediaType.layer(Compression.of(start, start.length));
        Digest digest = Digest.of("sha256", hash.digest());
        return new NewLayer(
            new Descriptor(type, digest, content.content().size()),
            Digest.of("sha256", plainHash.digest()),
            content);
      } catch (IOException e) {
        content.close();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      content.close();
    }
  }

  /** A layer as it comes, whatever it is compressed with. */
  private NewLayer received(InputStream in, String what, Workplace work) throws IOException {
    try {
      return received(in, work);
    } catch (ImageException e) {
      throw new ImageException(e.kind(), "cannot import " + what + ": " + e.getMessage(), e);
    }
  }

  private NewLayer received(InputStream in, Workplace work) throws IOException {
    MessageDigest hash = Digest.sha256();
    MessageDigest plainHash = Digest.sha256();
    Spool spool =
        Spool.of(
            work,
            out -> {
              Copied copied = new Copied(new DigestInputStream(in, hash), out);
              InputStream plain = Compression.detect(copied);
              byte[] buffer = new byte[BUFFER];
              long size = 0;
              for (int n = plain.read(buffer); n >= 0; n = plain.read(buffer)) {
                plainHash.update(buffer, 0, n);
                size += n;
                limits.checkSize(size, copied.count);
              }
              copied.readAll();
              if (copied.count == 0) {
                throw new ImageException(Kind.TRUNCATED, "it is empty, not even a tar's end");
              }
            });
    return NewLayer.of(spool, hash, plainHash);
  }

  /** A stream whose bytes are also written, and counted. */
  private static final class Copied extends InputStream {
    private final InputStream in;
    private final OutputStream out;
    private long count;

    private Copied(InputStream in, OutputStream out) {
      this.in = in;
      this.out = out;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int n = in.read(into, offset, length);
      if (n > 0) {
        out.write(into, offset, n);
        count += n;
      }
      return n;
    }

    private void readAll() throws IOException {
      byte[] buffer = new byte[BUFFER];
      while (read(buffer) >= 0) {
        // What follows the end of what is compressed belongs to the blob all the same.
      }
    }
  }

  /** A layer of what a directory holds; compressed, as it may be pushed. */
  private NewLayer written(Directory upper, Optional<Owners> owners, Workplace work)
      throws IOException {
    MessageDigest hash = Digest.sha256();
    MessageDigest plainHash = Digest.sha256();
    Spool spool =
        Spool.of(
            work,
            out -> {
              OutputStream blob = new DigestOutputStream(out, hash);
              try (GZIPOutputStream gzip = new GZIPOutputStream(blob, BUFFER)) {
                LayerWriter.layer(upper, owners, new DigestOutputStream(gzip, plainHash));
              }
            });
    return NewLayer.of(spool, hash, plainHash);
  }

  // ---- the image --------------------------------------------------------------------------------

  private Image make(
      ImageState state,
      List<Descriptor> below,
      Json.Obj base,
      NewLayer layer,
      String what,
      Description description,
      PullListener listener)
      throws IOException {
    byte[] config = configure(base, layer, description).toBytes();
    List<Descriptor> layers = new ArrayList<>();
    for (Descriptor lower : below) {
      layers.add(
          new Descriptor(MediaType.ociLayer(lower.mediaType()), lower.digest(), lower.size()));
    }
    layers.add(layer.blob());
    Descriptor configBlob = new Descriptor(MediaType.OCI_CONFIG, Digest.of(config), config.length);
    Json.Obj manifest =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_MANIFEST)
            .put("config", configBlob.toJson())
            .put("layers", new Json.Arr(layers.stream().<Json>map(Descriptor::toJson).toList()))
            .build();
    Made source =
        new Made(
            what,
            Document.of(MediaType.OCI_MANIFEST, manifest.toBytes()),
            config,
            layer,
            state.store());
    Contents contents = Contents.read(source, Optional.empty());
    List<String> names = description.name().map(ImageRef::name).stream().toList();
    new ImageFetch(state, source, contents, limits, listener).run(names);
    return contents.image(names.isEmpty() ? "" : names.get(0));
  }

  /**
   * The configuration of an image that has one layer more than {@code base} says, its members in
   * the order of the OCI image-spec's Go type, as far as the base has them so.
   */
  private static Json.Obj configure(Json.Obj base, NewLayer layer, Description d)
      throws IOException {
    Json.Obj rootfs = base.object("rootfs").orElse(Json.object().build());
    List<String> diffIds = new ArrayList<>(rootfs.strings("diff_ids"));
    diffIds.add(layer.diffId().toString());
    List<Json> history = new ArrayList<>(base.array("history"));
    history.add(
        Json.object()
            .put("created", d.created().toString())
            .put("created_by", d.createdBy().map(Json.Str::new))
            .put("author", d.author().map(Json.Str::new))
            .put("comment", d.comment().map(Json.Str::new))
            .build());
    Map<String, Json> rest = new LinkedHashMap<>(base.members());
    rest.keySet().removeAll(List.of("created", "author", "config", "rootfs", "history"));
    Json.Builder out =
        Json.object()
            .put("created", d.created().toString())
            .put("author", d.author().map(Json.Str::new));
    rest.forEach(out::put);
    return out.put("config", ConfigChange.apply(d.changes(), base.object("config")))
        .put("rootfs", Json.object().put("type", "layers").putStrings("diff_ids", diffIds).build())
        .put("history", new Json.Arr(history))
        .build();
  }

  /** An image whose documents are in memory, and whose uppermost layer is in a file. */
  private record Made(String name, Document top, byte[] config, NewLayer layer, Store store)
      implements ImageSource {

    @Override
    public Document manifest(Descriptor descriptor) throws IOException {
      throw new ImageException(Kind.NOT_FOUND, name + " has no manifest " + descriptor.digest());
    }

    @Override
    public InputStream blob(Descriptor descriptor) throws IOException {
      if (descriptor.digest().equals(Digest.of(config))) {
        return new ByteArrayInputStream(config);
      }
      return descriptor.digest().equals(layer.blob().digest())
          ? layer.content().open()
          : store.open(descriptor.digest());
    }

    @Override
    public void close() {}
  }
}
