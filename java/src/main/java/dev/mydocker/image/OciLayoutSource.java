package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An image of an OCI image layout, in a directory or in an archive. */
final class OciLayoutSource implements ImageSource {
  private final Members members;
  private final String name;
  private final Optional<String> tag;
  private final Optional<Descriptor> chosen;

  /**
   * Takes the layout's files, which it owns from now on.
   *
   * @param tag the image's name in the layout; without one the layout must hold one image
   */
  OciLayoutSource(Members members, String name, Optional<String> tag) {
    this.members = members;
    this.name = name;
    this.tag = tag;
    this.chosen = Optional.empty();
  }

  /** One image of {@link #index}. */
  OciLayoutSource(Members members, String name, Descriptor chosen) {
    this.members = members;
    this.name = name;
    this.tag = Optional.empty();
    this.chosen = Optional.of(chosen);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Document top() throws IOException {
    return manifest(chosen.isPresent() ? chosen.get() : choose());
  }

  /** Everything that a layout has. */
  static List<Descriptor> index(Members members, String name) throws IOException {
    if (!members.has("oci-layout")) {
      throw new ImageException(
          Kind.NOT_AN_IMAGE, name + " is no OCI image layout: it has no file oci-layout");
    }
    byte[] bytes = members.document("index.json", Document.MAX_SIZE);
    return Document.read("index.json of " + name, () -> read(bytes));
  }

  private Descriptor choose() throws IOException {
    List<Descriptor> all = index(members, name);
    List<String> names = new ArrayList<>();
    List<Descriptor> fitting = new ArrayList<>();
    for (Descriptor d : all) {
      String own = d.annotations().getOrDefault(Store.REF_NAME, "");
      names.add(own);
      if (tag.isEmpty() || tag.get().equals(own)) {
        fitting.add(d);
      }
    }
    if (fitting.isEmpty()) {
      throw new ImageException(
          Kind.NOT_FOUND,
          name
              + " is not in the layout"
              + (names.isEmpty() ? ", which is empty" : "; it has " + listed(names)));
    }
    if (fitting.size() > 1) {
      throw new ImageException(
          Kind.NOT_FOUND, name + " could be several images: name one of " + listed(names));
    }
    return fitting.get(0);
  }

  private static List<Descriptor> read(byte[] bytes) throws IOException {
    Json.Obj root = Json.parseObject(bytes);
    Document.refuseCaseVariants(root, List.of("schemaVersion", "manifests"));
    if (root.integer("schemaVersion").orElse(0L) != 2) {
      throw Document.wrong("its schemaVersion is not 2");
    }
    List<Descriptor> out = new ArrayList<>();
    for (Json manifest : root.array("manifests")) {
      out.add(Descriptor.read(manifest));
    }
    return out;
  }

  private static String listed(List<String> names) {
    List<String> some = names.subList(0, Math.min(names.size(), 10));
    return String.join(", ", some.stream().map(ImageException::quote).toList())
        + (names.size() > some.size() ? ", ..." : "");
  }

  @Override
  public boolean has(Descriptor manifest) throws IOException {
    return members.has(path(manifest.digest()));
  }

  /** Without a platform the host's, else the first that the layout has. */
  @Override
  public Descriptor choose(Index index, Optional<Platform> wanted) throws IOException {
    Optional<Descriptor> host = index.best(Platform.host());
    if (wanted.isEmpty() && (host.isEmpty() || !has(host.get()))) {
      for (Descriptor each : index.images()) {
        if (has(each)) {
          return each;
        }
      }
    }
    return index.choose(wanted.orElseGet(Platform::host), name);
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    try (InputStream in = blob(descriptor)) {
      byte[] bytes = Documents.read(in, descriptor, "manifest " + descriptor.digest());
      return new Document(descriptor.mediaType(), bytes, descriptor.digest());
    }
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    return members.open(path(descriptor.digest()));
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm() + "/" + digest.hex();
  }

  @Override
  public void close() throws IOException {
    members.close();
  }
}
