package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.RandomName;
import dev.mydocker.kernel.Stat;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The images that are kept, as an OCI image layout (OCI image-spec, image-layout.md): blobs by
 * digest, and an index with one manifest, or index of several platforms, per name.
 *
 * <p>The annotation {@code org.opencontainers.image.ref.name} is an image's full name, {@link
 * ImageRef#name}, for images of archives too: what {@code oci-archive:/a.tar:b} gave is kept as
 * {@code oci-archive:/a.tar:b} and never taken for a registry's. A blob is written elsewhere,
 * synced and renamed; the index is replaced whole, under a lock on the layout's directory.
 */
final class Store implements AutoCloseable {
  static final String REF_NAME = "org.opencontainers.image.ref.name";
  private static final byte[] INDEX = Overlay.bytes("index.json");
  private static final byte[] COPY = Overlay.bytes("index.json.copy");
  private static final byte[] NEW_INDEX = Overlay.bytes("index.json.new");
  private static final byte[] LAYOUT = Overlay.bytes("oci-layout");
  private static final List<String> ALGORITHMS = List.of("sha256", "sha512");
  private static final String CHECKSUM = "dev.mydocker.checksum";
  private static final String CRC = "crc32:";
  private static final byte[] SUM_ATTRIBUTE = Overlay.bytes("user.mydocker.checksum");
  private static final int INDEX_LIMIT = 64 << 20;

  private final Directory root;

  private Store(Directory root) {
    this.root = root;
  }

  /** The layout in {@code root}, which it owns from now on; as it is. */
  static Store open(Directory root) {
    return new Store(root);
  }

  /** Makes what a layout lacks that is new, or whose making was cut off. */
  void complete() throws IOException {
    if (root.find(LAYOUT).isEmpty()) {
      try (Fd lock = root.lock()) {
        makeDirectory(root, "blobs");
        try (Directory blobs =
            root.openDirectory(Overlay.bytes("blobs"), Directory.Resolve.BENEATH)) {
          for (String algorithm : ALGORITHMS) {
            makeDirectory(blobs, algorithm);
          }
        }
        if (root.find(INDEX).isEmpty()) {
          writeIndex(root, manifests());
        }
        replace(
            root, LAYOUT, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /** Whether there is, or was, a layout in a directory: its index comes last but one. */
  static boolean isIn(Path directory) {
    return Files.exists(directory.resolve(Overlay.text(LAYOUT)))
        || Files.exists(directory.resolve(Overlay.text(INDEX)));
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

  /**
   * The index.
   *
   * @param manifests every manifest that is kept, in the order they came; several may be one
   *     manifest under several names
   * @param damage what is wrong with its file; empty when nothing is
   */
  record Listing(List<Descriptor> manifests, Optional<String> damage) {}

  /** The index; its copy when it is damaged, and nothing when both are. */
  Listing index() throws IOException {
    Optional<String> damage = Optional.empty();
    for (byte[] file : List.of(INDEX, COPY)) {
      try {
        return new Listing(readIndex(file), damage);
      } catch (ImageException e) {
        damage = Optional.of(damage.map(d -> d + "; ").orElse("") + e.getMessage());
      }
    }
    return new Listing(List.of(), damage);
  }

  /** What is wrong with the index or its copy, a line each; none when both are as written. */
  List<String> indexDamage() throws IOException {
    List<String> damage = new ArrayList<>();
    for (byte[] file : List.of(INDEX, COPY)) {
      try {
        readIndex(file);
      } catch (ImageException e) {
        damage.add(e.getMessage());
      }
    }
    return damage;
  }

  private List<Descriptor> readIndex(byte[] file) throws IOException {
    String what = Overlay.text(file) + " of the image store";
    byte[] bytes;
    try {
      bytes = root.read(file, Directory.Resolve.BENEATH, INDEX_LIMIT);
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        throw new ImageException(Kind.NOT_FOUND, what + " is missing", e);
      }
      throw e;
    }
    return Document.read(
        what,
        () -> {
          Json.Obj index = Json.parseObject(bytes);
          String sum = index.stringMap("annotations").getOrDefault(CHECKSUM, "");
          if (!isChecksum(sum, index.members())) {
            throw Document.wrong("it is not as it was written");
          }
          List<Descriptor> out = new ArrayList<>();
          for (Json manifest : index.array("manifests")) {
            out.add(Descriptor.read(manifest));
          }
          return List.copyOf(out);
        });
  }

  /**
   * A manifest that is kept, by its digest alone: one that has a name or had one, or one of an
   * index.
   *
   * @return a line of the index without a name, or what the index lists
   */
  Optional<Descriptor> manifest(Digest digest) throws IOException {
    for (Descriptor d : manifests()) {
      if (d.digest().equals(digest)) {
        return Optional.of(line(d, ""));
      }
      if (Present.of(d).has(digest)) {
        Document index = new StoreSource(this, nameOf(d), d).top();
        return Index.parse(index).distinct().stream()
            .filter(each -> each.digest().equals(digest))
            .findFirst();
      }
    }
    return Optional.empty();
  }

  /** Every manifest that is kept. */
  List<Descriptor> manifests() throws IOException {
    return index().manifests();
  }

  /** The manifest that is kept under a name. */
  Optional<Descriptor> find(String name) throws IOException {
    return manifests().stream().filter(d -> nameOf(d).equals(name)).findFirst();
  }

  /**
   * Whether a manifest still is kept as it was listed: under the same name, or without one; or in
   * an index.
   */
  boolean keeps(Descriptor listed) throws IOException {
    for (Descriptor d : manifests()) {
      boolean same = d.digest().equals(listed.digest()) && nameOf(d).equals(nameOf(listed));
      if (same || nameOf(listed).isEmpty() && Present.of(d).has(listed.digest())) {
        return true;
      }
    }
    return false;
  }

  /** The names that a manifest is kept under. */
  List<String> names(Digest manifest) throws IOException {
    return manifests().stream()
        .filter(d -> d.digest().equals(manifest))
        .map(Store::nameOf)
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /** The name a manifest is kept under; empty when it has lost it to another one. */
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
    update(
        all -> {
          for (String name : names) {
            give(all, name, manifest);
          }
          boolean known = all.stream().anyMatch(d -> d.digest().equals(manifest.digest()));
          if (names.isEmpty() && !known) {
            all.add(line(manifest, ""));
          } else if (names.isEmpty()) {
            agree(all, manifest);
          }
          return names;
        });
  }

  /** Makes a name stand for a manifest, in a list of all that are kept. */
  static void give(List<Descriptor> all, String name, Descriptor manifest) throws ImageException {
    Present present = agree(all, manifest);
    take(all, name);
    all.removeIf(d -> nameOf(d).isEmpty() && d.digest().equals(manifest.digest()));
    // Kept by itself before its index was, an image is found by that now.
    all.removeIf(d -> nameOf(d).isEmpty() && present.images().contains(d.digest()));
    all.add(line(present.in(manifest), name));
  }

  /** One index is kept under all its names alike, and what comes is added to what is here. */
  private static Present agree(List<Descriptor> all, Descriptor manifest) throws ImageException {
    Present present = Present.of(manifest);
    for (Descriptor d : all) {
      if (d.digest().equals(manifest.digest())) {
        present = present.and(Present.of(d));
      }
    }
    set(all, manifest.digest(), present);
    return present;
  }

  /** Says under all names of an index what is here of it. */
  static void set(List<Descriptor> all, Digest index, Present present) {
    all.replaceAll(d -> d.digest().equals(index) ? present.in(d) : d);
  }

  /** Notes that a manifest, kept as it came, is unpacked now. */
  void unpacked(Digest manifest) throws IOException {
    update(
        all -> {
          Present now = new Present(Set.of(manifest), Set.of());
          for (Descriptor d : List.copyOf(all)) {
            if (Present.of(d).has(manifest)) {
              set(all, d.digest(), Present.of(d).and(now));
            }
          }
          return now;
        });
  }

  /** A line of the index: of what a source said of it only what the store needs. */
  static Descriptor line(Descriptor manifest, String name) throws ImageException {
    Present present = Present.of(manifest);
    return present.in(manifest.with(name.isEmpty() ? Map.of() : Map.of(REF_NAME, name)));
  }

  /** Takes a name away; a manifest that has no other one stays without any. */
  static void take(List<Descriptor> all, String name) throws ImageException {
    Optional<Descriptor> old = all.stream().filter(d -> nameOf(d).equals(name)).findFirst();
    if (old.isPresent()) {
      all.remove(old.get());
      if (all.stream().noneMatch(d -> d.digest().equals(old.get().digest()))) {
        all.add(line(old.get(), ""));
      }
    }
  }

  /** Changes the list of what is kept, and gives something back. */
  interface Edit<T> {
    T apply(List<Descriptor> manifests) throws IOException;
  }

  /** Replaces the index by what an edit makes of it; nobody else changes it meanwhile. */
  <T> T update(Edit<T> edit) throws IOException {
    try (Fd lock = lock()) {
      Listing before = index();
      List<Descriptor> all = new ArrayList<>(before.manifests());
      T result = edit.apply(all);
      if (!all.equals(before.manifests()) || !indexDamage().isEmpty()) {
        writeIndex(root, all);
      }
      return result;
    }
  }

  /**
   * Waits for the lock on what the store refers to: the index, and the pins of those who are at
   * work ({@link Pin}). It is held for moments only.
   */
  Fd lock() throws KernelException {
    return root.lock();
  }

  /**
   * The copy and then the index, so that one of them is whole at any time, and a new store that has
   * an index has its copy too.
   */
  private static void writeIndex(Directory in, List<Descriptor> manifests) throws IOException {
    byte[] index = index(manifests);
    replace(in, COPY, index);
    replace(in, INDEX, index);
  }

  /** A damaged byte anywhere, in a name too, would otherwise make another index of it. */
  private static byte[] index(List<Descriptor> manifests) {
    Map<String, Json> members = new LinkedHashMap<>();
    members.put("schemaVersion", new Json.Num(2));
    members.put("mediaType", new Json.Str(MediaType.OCI_INDEX));
    members.put(
        "manifests", new Json.Arr(manifests.stream().<Json>map(Descriptor::toJson).toList()));
    String sum = checksum(members);
    members.put("annotations", Json.object().put(CHECKSUM, sum).build());
    return new Json.Obj(members).toBytes();
  }

  /**
   * The checksum that tells a whole index from a damaged one. Nothing trusts it: to start the JDK's
   * SHA-256 for it would be a tenth of a run.
   */
  private static String checksum(Map<String, Json> members) {
    return Overlay.text(sum(summed(members)));
  }

  private static byte[] sum(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return Overlay.bytes(CRC + Long.toHexString(crc.getValue()));
  }

  /** Whether that is the checksum of these; the first version of the store kept a SHA-256. */
  private static boolean isChecksum(String sum, Map<String, Json> members) {
    return sum.startsWith(CRC)
        ? sum.equals(checksum(members))
        : sum.equals(Digest.of(summed(members)).toString());
  }

  private static byte[] summed(Map<String, Json> members) {
    Map<String, Json> content = new LinkedHashMap<>(members);
    content.remove("annotations");
    return new Json.Obj(content).toBytes();
  }

  private static void replace(Directory in, byte[] name, byte[] content) throws IOException {
    in.removeTree(NEW_INDEX);
    try (Fd file = in.create(NEW_INDEX, 0644)) {
      file.output().write(content);
      KernelException.check(Linux.fsync(file.number()), "fsync", Overlay.text(name));
    } catch (IOException e) {
      in.removeTree(NEW_INDEX);
      throw e;
    }
    try {
      in.rename(NEW_INDEX, in, name, 0);
    } catch (KernelException e) {
      if (e.errno() != Errno.EISDIR) {
        throw e;
      }
      in.removeTree(name);
      in.rename(NEW_INDEX, in, name, 0);
    }
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
    Optional<byte[]> unchanged = unchanged(descriptor);
    if (unchanged.isPresent()) {
      return unchanged.get();
    }
    try (InputStream in = open(descriptor.digest())) {
      return Documents.read(in, descriptor, what);
    }
  }

  /**
   * A document whose file says, by the checksum beside it, that it still is what was checked as it
   * came. That is only quicker: in all other cases the digest decides.
   */
  private Optional<byte[]> unchanged(Descriptor descriptor) throws IOException {
    byte[] name = Overlay.bytes(descriptor.digest().hex());
    try (Directory in = blobs(descriptor.digest())) {
      Optional<byte[]> sum = in.getXattr(name, SUM_ATTRIBUTE);
      if (sum.isEmpty()) {
        return Optional.empty();
      }
      byte[] bytes = in.read(name, Directory.Resolve.BENEATH, Document.MAX_SIZE);
      boolean same = bytes.length == descriptor.size() && Arrays.equals(sum.get(), sum(bytes));
      return same ? Optional.of(bytes) : Optional.empty();
    } catch (KernelException e) {
      return Optional.empty();
    }
  }

  /** Whether a document is here, byte by byte. */
  boolean holds(Descriptor document) throws IOException {
    try {
      read(document, "document");
      return true;
    } catch (ImageException e) {
      return false;
    }
  }

  /** Keeps a document. */
  void write(Digest digest, byte[] content, Workplace workplace) throws IOException {
    String temporary = "document-" + RandomName.hex(32);
    try (Fd file = workplace.directory().create(Overlay.bytes(temporary), 0644)) {
      file.output().write(content);
      try {
        workplace.directory().setXattr(Overlay.bytes(temporary), SUM_ATTRIBUTE, sum(content));
      } catch (KernelException e) {
        // A file system without such attributes: there the digest is computed each time.
        if (e.errno() != Errno.EOPNOTSUPP) {
          throw e;
        }
      }
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

  /** Every blob that is here, damaged or not. */
  List<Digest> blobs() throws KernelException {
    List<Digest> out = new ArrayList<>();
    for (String algorithm : ALGORITHMS) {
      try (Directory in = blobs(algorithm)) {
        for (Directory.Entry entry : in.list()) {
          Digest.find(algorithm, Overlay.text(entry.name())).ifPresent(out::add);
        }
      }
    }
    return out;
  }

  /** What is known of a blob's file; empty when there is none. */
  Optional<Stat> stat(Digest blob) throws KernelException {
    try (Directory in = blobs(blob.algorithm())) {
      return in.find(Overlay.bytes(blob.hex()));
    }
  }

  /** Takes a blob away, into another directory. */
  void moveOut(Digest blob, Directory to, byte[] name) throws KernelException {
    try (Directory in = blobs(blob.algorithm())) {
      in.rename(Overlay.bytes(blob.hex()), to, name, 0);
    }
  }

  /** Removes a blob that turned out to be damaged. */
  void discard(Digest digest) throws KernelException {
    try (Directory in = blobs(digest)) {
      in.removeTree(Overlay.bytes(digest.hex()));
    }
  }

  private Directory blobs(Digest digest) throws KernelException {
    return blobs(digest.algorithm());
  }

  private Directory blobs(String algorithm) throws KernelException {
    byte[] path = Overlay.bytes("blobs/" + algorithm);
    return root.openDirectory(path, Directory.Resolve.BENEATH);
  }

  @Override
  public void close() {
    root.close();
  }
}
