package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The images that are kept, as an OCI image layout (OCI image-spec, image-layout.md): blobs by
 * digest, and an index with one manifest per name.
 *
 * <p>The annotation {@code org.opencontainers.image.ref.name} is an image's full name, {@link
 * ImageRef#name}, for images of archives too: what {@code oci-archive:/a.tar:b} gave is kept as
 * {@code oci-archive:/a.tar:b} and never taken for a registry's. A blob is written elsewhere,
 * synced and renamed; the index is replaced whole, under a lock on the layout's directory.
 */
final class Store implements AutoCloseable {
  static final String REF_NAME = "org.opencontainers.image.ref.name";
  private static final byte[] INDEX = Overlay.bytes("index.json");
  private static final byte[] NEW_INDEX = Overlay.bytes("index.json.new");
  private static final byte[] LAYOUT = Overlay.bytes("oci-layout");
  private static final int INDEX_LIMIT = 64 << 20;

  private final Directory root;

  private Store(Directory root) {
    this.root = root;
  }

  /** The layout in {@code root}, which it owns from now on; completed when it is new. */
  static Store open(Directory root) throws IOException {
    if (root.find(LAYOUT).isEmpty()) {
      try (Fd lock = root.lock()) {
        makeDirectory(root, "blobs");
        try (Directory blobs =
            root.openDirectory(Overlay.bytes("blobs"), Directory.Resolve.BENEATH)) {
          makeDirectory(blobs, "sha256");
          makeDirectory(blobs, "sha512");
        }
        if (root.find(INDEX).isEmpty()) {
          replace(root, INDEX, index(List.of()));
        }
        replace(
            root, LAYOUT, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
      }
    }
    return new Store(root);
  }

  private static void makeDirectory(Directory in, String name) throws KernelException {
    try {
      in.mkdir(Overlay.bytes(name), 0755);
    } catch (KernelException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
  }

  /** Every manifest that is kept, in the order they came. */
  List<Descriptor> manifests() throws IOException {
    byte[] bytes = root.read(INDEX, Directory.Resolve.BENEATH, INDEX_LIMIT);
    return Document.read(
        "index.json of the image store",
        () -> {
          List<Descriptor> out = new ArrayList<>();
          for (Json manifest : Json.parseObject(bytes).array("manifests")) {
            out.add(Descriptor.read(manifest));
          }
          return out;
        });
  }

  /** The manifest that is kept under a name. */
  Optional<Descriptor> find(String name) throws IOException {
    return manifests().stream().filter(d -> nameOf(d).equals(name)).findFirst();
  }

  /** The names that a manifest is kept under. */
  List<String> names(Digest manifest) throws IOException {
    return manifests().stream()
        .filter(d -> d.digest().equals(manifest))
        .map(Store::nameOf)
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /** The name a manifest is kept under, empty when it has none. */
  static String nameOf(Descriptor manifest) {
    return manifest.annotations().getOrDefault(REF_NAME, "");
  }

  /** Keeps a manifest, whose blobs are all here, under a name; another one loses the name. */
  void put(String name, Descriptor manifest) throws IOException {
    put(List.of(name), manifest);
  }

  /**
   * Keeps a manifest under several names at once; under none, it is kept without one unless it has
   * one already.
   */
  void put(List<String> names, Descriptor manifest) throws IOException {
    try (Fd lock = root.lock()) {
      List<Descriptor> all = new ArrayList<>(manifests());
      all.removeIf(d -> names.contains(nameOf(d)));
      for (String name : names) {
        all.add(manifest.with(Map.of(REF_NAME, name)));
      }
      if (all.stream().noneMatch(d -> d.digest().equals(manifest.digest()))) {
        all.add(manifest.with(Map.of()));
      }
      replace(root, INDEX, index(all));
    }
  }

  private static byte[] index(List<Descriptor> manifests) {
    Json.Obj index =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_INDEX)
            .put(
                "manifests",
                new Json.Arr(manifests.stream().<Json>map(Descriptor::toJson).toList()))
            .build();
    return index.toBytes();
  }

  private static void replace(Directory in, byte[] name, byte[] content) throws IOException {
    try {
      in.unlink(NEW_INDEX);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
    try (Fd file = in.create(NEW_INDEX, 0644)) {
      file.output().write(content);
      KernelException.check(Linux.fsync(file.number()), "fsync", "index.json");
    }
    in.rename(NEW_INDEX, in, name, 0);
    in.fsync();
  }

  // ---- blobs ------------------------------------------------------------------------------------

  /** Whether a blob is here, with the size it should have. */
  boolean has(Descriptor blob) throws KernelException {
    try (Directory in = blobs(blob.digest())) {
      Optional<Stat> stat = in.find(Overlay.bytes(blob.digest().hex()));
      return stat.isPresent() && stat.get().isRegular() && stat.get().size() == blob.size();
    }
  }

  /**
   * A blob from its first byte on, unchecked.
   *
   * @throws ImageException NOT_FOUND
   */
  InputStream open(Digest digest) throws IOException {
    byte[] name = Overlay.bytes(digest.hex());
    try (Directory in = blobs(digest)) {
      Fd file = in.openRegular(name, Directory.Resolve.BENEATH);
      return new FilterInputStream(file.input()) {
        @Override
        public void close() {
          file.close();
        }
      };
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        throw new ImageException(
            Kind.NOT_FOUND, "blob " + digest + " is missing in the image store", e);
      }
      throw e;
    }
  }

  /**
   * A document that is here, checked.
   *
   * @throws ImageException NOT_FOUND, DIGEST_MISMATCH, TRUNCATED
   */
  byte[] read(Descriptor descriptor, String what) throws IOException {
    try (InputStream in = open(descriptor.digest())) {
      return Documents.read(in, descriptor, what);
    }
  }

  /** Keeps a document. */
  void write(Digest digest, byte[] content, Workplace workplace) throws IOException {
    String temporary = "document-" + UUID.randomUUID();
    try (Fd file = workplace.directory().create(Overlay.bytes(temporary), 0644)) {
      file.output().write(content);
      adopt(file, temporary, digest, workplace);
    }
  }

  /** Makes a finished file of the workplace, whose content has been checked, the blob. */
  void adopt(Fd file, String temporary, Digest digest, Workplace workplace) throws KernelException {
    KernelException.check(Linux.fsync(file.number()), "fsync", "blob " + digest);
    try (Directory into = blobs(digest)) {
      workplace.directory().rename(Overlay.bytes(temporary), into, Overlay.bytes(digest.hex()), 0);
      into.fsync();
    }
  }

  /** Removes a blob that turned out to be damaged. */
  void discard(Digest digest) throws KernelException {
    try (Directory in = blobs(digest)) {
      in.removeTree(Overlay.bytes(digest.hex()));
    }
  }

  private Directory blobs(Digest digest) throws KernelException {
    byte[] path = Overlay.bytes("blobs/" + digest.algorithm());
    return root.openDirectory(path, Directory.Resolve.BENEATH);
  }

  @Override
  public void close() {
    root.close();
  }
}
