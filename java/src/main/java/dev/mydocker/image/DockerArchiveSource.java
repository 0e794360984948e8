package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image of an archive that docker save wrote: {@code manifest.json} names configuration, tags
 * and layers of each image. It has no OCI manifest; one is made here, always the same for the same
 * archive.
 */
final class DockerArchiveSource implements ImageSource {
  private static final int MANIFEST_LIMIT = 1 << 20;

  private final Members members;
  private final String name;
  private final Optional<ImageRef.Registry> reference;
  private final Optional<Entry> chosen;
  private final Map<Digest, String> paths = new HashMap<>();
  private Document top;

  /**
   * Takes the archive's files, which it owns from now on.
   *
   * @param reference the image's name in the archive; without one it must hold one image
   */
  DockerArchiveSource(Members members, String name, Optional<ImageRef.Registry> reference) {
    this.members = members;
    this.name = name;
    this.reference = reference;
    this.chosen = Optional.empty();
  }

  /** One image of {@link #entries}. */
  DockerArchiveSource(Members members, String name, Entry chosen) {
    this.members = members;
    this.name = name;
    this.reference = Optional.empty();
    this.chosen = Optional.of(chosen);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized Document top() throws IOException {
    if (top == null) {
      top = build();
    }
    return top;
  }

  private Document build() throws IOException {
    Entry entry = chosen.isPresent() ? chosen.get() : choose(entries(members, name));
    byte[] config = members.document(entry.config, Document.MAX_SIZE);
    List<Digest> diffIds = ImageConfig.parse(config).diffIds();
    if (diffIds.size() != entry.layers.size()) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE, name + " has another number of layers than its configuration says");
    }
    Descriptor configBlob = note(entry.config, MediaType.OCI_CONFIG, Digest.of(config));
    List<Json> layers = new ArrayList<>();
    for (int i = 0; i < diffIds.size(); i++) {
      layers.add(layer(entry.layers.get(i), diffIds.get(i)).toJson());
    }
    Json.Obj manifest =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_MANIFEST)
            .put("config", configBlob.toJson())
            .put("layers", new Json.Arr(layers))
            .build();
    return Document.of(MediaType.OCI_MANIFEST, manifest.toBytes());
  }

  /**
   * One image of manifest.json.
   *
   * @param config where its configuration is
   * @param layers where its layers are, the lowest first
   * @param tags its names, as they stand there
   */
  record Entry(String config, List<String> layers, List<String> tags) {}

  /** Everything that an archive has. */
  static List<Entry> entries(Members members, String name) throws IOException {
    if (!members.has("manifest.json")) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE, name + " was not written by docker save: it has no manifest.json");
    }
    byte[] bytes = members.document("manifest.json", MANIFEST_LIMIT);
    return Document.read("manifest.json of " + name, () -> read(Json.parse(bytes)));
  }

  private static List<Entry> read(Json root) throws IOException {
    if (!(root instanceof Json.Arr images)) {
      throw Document.wrong("it is not an array");
    }
    List<Entry> out = new ArrayList<>();
    for (Json image : images.items()) {
      if (!(image instanceof Json.Obj o)) {
        throw Document.wrong("an image of it is not an object");
      }
      Document.refuseCaseVariants(o, List.of("Config", "Layers", "RepoTags"));
      out.add(
          new Entry(Document.required(o, "Config"), o.strings("Layers"), o.strings("RepoTags")));
    }
    return out;
  }

  private Entry choose(List<Entry> entries) throws IOException {
    List<Entry> fitting = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (Entry entry : entries) {
      tags.addAll(entry.tags);
      if (reference.isEmpty() || entry.tags.stream().anyMatch(this::isWanted)) {
        fitting.add(entry);
      }
    }
    if (fitting.size() == 1) {
      return fitting.get(0);
    }
    String there =
        tags.isEmpty()
            ? "no image with a name"
            : String.join(", ", tags.stream().limit(10).map(ImageException::quote).toList());
    throw new ImageException(
        Kind.NOT_FOUND,
        fitting.isEmpty()
            ? name + " is not in the archive, which has " + there
            : name + " could be several images: name one of " + there);
  }

  private boolean isWanted(String tag) {
    try {
      return ImageRef.parseRegistry(tag).name().equals(reference.orElseThrow().name());
    } catch (ImageException e) {
      return false;
    }
  }

  /** A layer's descriptor; a tar's digest is its diffID, and is checked when it is read. */
  private Descriptor layer(String path, Digest diffId) throws IOException {
    byte[] start = new byte[Compression.MAGIC];
    int n;
    try (InputStream in = members.open(path)) {
      n = in.readNBytes(start, 0, start.length);
    }
    Compression compression = Compression.of(start, n);
    Digest digest = compression == Compression.NONE ? diffId : hash(path);
    return note(path, MediaType.layer(compression), digest);
  }

  private Digest hash(String path) throws IOException {
    MessageDigest hash = Digest.sha256();
    byte[] buffer = new byte[128 * 1024];
    try (InputStream in = members.open(path)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hash.update(buffer, 0, n);
      }
    }
    return Digest.of("sha256", hash.digest());
  }

  private Descriptor note(String path, String mediaType, Digest digest) throws IOException {
    paths.put(digest, path);
    return new Descriptor(mediaType, digest, members.size(path));
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    throw new ImageException(Kind.NOT_FOUND, name + " has no manifest " + descriptor.digest());
  }

  @Override
  public synchronized InputStream blob(Descriptor descriptor) throws IOException {
    top();
    String path = paths.get(descriptor.digest());
    if (path == null) {
      throw new ImageException(Kind.NOT_FOUND, name + " has no blob " + descriptor.digest());
    }
    return members.open(path);
  }

  @Override
  public void close() throws IOException {
    members.close();
  }
}
