package dev.mydocker.image;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.RandomName;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Images of the store as the files of an OCI image layout, in the order of their names. */
final class ImageLayout {
  private static final int BUFFER = 128 * 1024;

  /** A file's content, which is checked as it is read. */
  private interface Content {
    InputStream open() throws IOException;
  }

  private record Member(long size, Content content) {}

  private final Store store;
  private final ArchiveFormat format;
  private final TreeMap<String, Member> members = new TreeMap<>();
  private final List<Json> manifests = new ArrayList<>();
  private final List<Json> images = new ArrayList<>();

  ImageLayout(Store store, ArchiveFormat format) {
    this.store = store;
    this.format = format;
  }

  /** Adds an image, whose blobs the store has. */
  void add(Contents contents, List<ImageRef.Registry> names) {
    blob(contents.descriptor());
    blob(contents.manifest().config());
    contents.manifest().layers().forEach(this::blob);
    name(contents.descriptor(), names);
    docker(contents, names);
  }

  /**
   * Adds an index with what the store has of it.
   *
   * @param contents the image for who knows no index: Docker's older forms name one
   */
  void addIndex(StoreSource source, Contents contents, List<ImageRef.Registry> names)
      throws IOException {
    Descriptor index = source.image().with(Map.of());
    blob(index);
    for (Descriptor each : Index.parse(source.top()).distinct()) {
      if (source.has(each)) {
        blob(each);
        Manifest.parseAny(source.manifest(each)).blobs().forEach(this::blob);
      }
    }
    name(index, names);
    docker(contents, names);
  }

  private void name(Descriptor image, List<ImageRef.Registry> names) {
    for (ImageRef.Registry name : names) {
      manifests.add(image.with(annotations(name)).toJson());
    }
    if (names.isEmpty()) {
      manifests.add(image.toJson());
    }
  }

  private void docker(Contents contents, List<ImageRef.Registry> names) {
    // Docker reads short names too, but podman would take them for its own registry's.
    images.add(
        Json.object()
            .put("Config", path(contents.manifest().config().digest()))
            .putStrings("RepoTags", names.stream().map(ImageRef::name).toList())
            .putStrings(
                "Layers", contents.manifest().layers().stream().map(d -> path(d.digest())).toList())
            .build());
  }

  private Map<String, String> annotations(ImageRef.Registry name) {
    boolean docker = format == ArchiveFormat.DOCKER_ARCHIVE;
    Map<String, String> out = new LinkedHashMap<>();
    out.put(ImageArchives.CONTAINERD_NAME, name.name());
    out.put(Store.REF_NAME, docker ? name.tag().orElse("latest") : name.name());
    return out;
  }

  private void blob(Descriptor blob) {
    String what = "blob " + blob.digest();
    members.put(
        path(blob.digest()),
        new Member(
            blob.size(),
            () -> blob.digest().verifying(store.open(blob.digest()), blob.size(), what)));
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm() + "/" + digest.hex();
  }

  private void finish() {
    document("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
    Json.Obj index =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_INDEX)
            .put("manifests", new Json.Arr(manifests))
            .build();
    document("index.json", index.toBytes());
    if (format == ArchiveFormat.DOCKER_ARCHIVE) {
      document("manifest.json", new Json.Arr(images).toBytes());
    }
  }

  private void document(String path, byte[] bytes) {
    members.put(path, new Member(bytes.length, () -> new ByteArrayInputStream(bytes)));
  }

  // ---- a tar ------------------------------------------------------------------------------------

  /** Writes everything as a tar without times and owners. */
  void writeTar(OutputStream to) throws IOException {
    finish();
    OutputStream out = new BufferedOutputStream(to, BUFFER);
    TarWriter tar = new TarWriter(out);
    List<String> directories = new ArrayList<>();
    for (Map.Entry<String, Member> member : members.entrySet()) {
      for (String directory : parents(member.getKey())) {
        if (!directories.contains(directory)) {
          directories.add(directory);
          tar.put(TarEntry.plain(directory + "/", TarEntry.Type.DIRECTORY, 0755, 0));
        }
      }
      tar.put(TarEntry.plain(member.getKey(), TarEntry.Type.FILE, 0644, member.getValue().size()));
      copy(member.getValue(), tar::write);
    }
    tar.finish();
    out.flush();
  }

  /** The directories above a path, the highest first. */
  private static List<String> parents(String path) {
    List<String> out = new ArrayList<>();
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      out.add(path.substring(0, slash));
    }
    return out;
  }

  /** Takes bytes. */
  private interface Sink {
    void write(byte[] bytes, int offset, int length) throws IOException;
  }

  private static void copy(Member member, Sink sink) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = member.content().open()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sink.write(buffer, 0, n);
      }
    }
  }

  // ---- a directory ------------------------------------------------------------------------------

  /** Writes everything into a directory, which gets its name when it is whole. */
  void writeDirectory(Path directory) throws IOException {
    finish();
    Path target = directory.toAbsolutePath().normalize();
    if (Files.exists(target) && !isEmpty(target)) {
      throw new IOException("cannot write " + target + ": it is there, and no empty directory");
    }
    Path making = target.resolveSibling("." + target.getFileName() + "." + RandomName.hex(32));
    Deque<Path> made = new ArrayDeque<>();
    try {
      makeDirectory(making, made);
      for (Map.Entry<String, Member> member : members.entrySet()) {
        for (String parent : parents(member.getKey())) {
          makeDirectory(making.resolve(parent), made);
        }
        writeFile(making.resolve(member.getKey()), member.getValue(), made);
      }
      Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
      made.clear();
    } catch (NoSuchFileException e) {
      throw new IOException("cannot write " + target + ": its directory is not there", e);
    } finally {
      for (Path path : made) {
        Files.delete(path);
      }
    }
  }

  private static boolean isEmpty(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      return !entries.iterator().hasNext();
    }
  }

  private static void makeDirectory(Path path, Deque<Path> made) throws IOException {
    if (!made.contains(path)) {
      Files.createDirectory(path);
      made.push(path);
    }
  }

  private static void writeFile(Path path, Member member, Deque<Path> made) throws IOException {
    try (OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE_NEW)) {
      made.push(path);
      copy(
          member,
          (bytes, offset, length) -> {
            try {
              out.write(bytes, offset, length);
            } catch (IOException e) {
              throw new IOException("cannot write " + path + ": " + Errno.describe(e), e);
            }
          });
    }
  }
}
