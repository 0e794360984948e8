package dev.mydocker.testing;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Platform;
import dev.mydocker.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Writes an OCI image layout from entries, for images that no build would make. */
public final class ImageLayout {
  private static final String TYPES = "application/vnd.oci.image.";

  private final Path directory;
  private final List<Json> layers = new ArrayList<>();
  private final List<String> diffIds = new ArrayList<>();
  private Json.Obj config = Json.object().build();
  private Platform platform = Platform.host();

  private ImageLayout(Path directory) {
    this.directory = directory;
  }

  /** An image in the making, in a directory that is there and empty. */
  public static ImageLayout in(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("blobs/sha256"));
    Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    return new ImageLayout(directory);
  }

  /** One layer in the making; names as in a tar, relative. */
  public static final class Layer {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

    /** An empty one. */
    public Layer() {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    public Layer directory(String name) {
      return put(entry(name + "/", TarConstants.LF_DIR, 0755), new byte[0]);
    }

    /** A file that only its owner may write; executable when {@code mode} says so. */
    public Layer file(String name, int mode, byte[] content) {
      return put(entry(name, TarConstants.LF_NORMAL, mode), content);
    }

    public Layer file(String name, String content) {
      return file(name, 0644, content.getBytes(StandardCharsets.UTF_8));
    }

    public Layer symlink(String name, String target) {
      TarArchiveEntry entry = entry(name, TarConstants.LF_SYMLINK, 0777);
      entry.setLinkName(target);
      return put(entry, new byte[0]);
    }

    public Layer fifo(String name) {
      return put(entry(name, TarConstants.LF_FIFO, 0644), new byte[0]);
    }

    /** A block device's node. */
    public Layer block(String name, int major, int minor) {
      TarArchiveEntry entry = entry(name, TarConstants.LF_BLK, 0666);
      entry.setDevMajor(major);
      entry.setDevMinor(minor);
      return put(entry, new byte[0]);
    }

    /** Says that a name of the layers below is gone. */
    public Layer whiteout(String directory, String name) {
      return file(directory + "/.wh." + name, "");
    }

    /** Says that a directory hides what the layers below have in it. */
    public Layer opaque(String directory) {
      return directory(directory).file(directory + "/.wh..wh..opq", "");
    }

    private static TarArchiveEntry entry(String name, byte type, int mode) {
      TarArchiveEntry entry = new TarArchiveEntry(name, type);
      entry.setMode(mode);
      entry.setModTime(1_000_000_000_000L);
      return entry;
    }

    private Layer put(TarArchiveEntry entry, byte[] content) {
      try {
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Ends the tar; these bytes follow it in the layer, and mean nothing. */
    public Layer trailing(byte[] content) {
      try {
        tar.close();
        bytes.write(content);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private byte[] end() throws IOException {
      tar.close();
      return bytes.toByteArray();
    }
  }

  /** Adds a layer above those that are there. */
  public ImageLayout layer(Layer layer) throws IOException {
    byte[] tar = layer.end();
    return layer(tar, "layer.v1.tar", Digest.of(tar));
  }

  /** Adds the one layer of the busybox image. */
  public ImageLayout busybox() throws IOException {
    byte[] gzip = busyboxLayer();
    try (InputStream tar = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return layer(gzip, "layer.v1.tar+gzip", Digest.of(tar.readAllBytes()));
    }
  }

  private ImageLayout layer(byte[] blob, String type, Digest diffId) throws IOException {
    layers.add(blob(blob, type));
    diffIds.add(diffId.toString());
    return this;
  }

  /** The biggest blob of the archive: all others are documents. */
  private static byte[] busyboxLayer() throws IOException {
    byte[] biggest = new byte[0];
    Path archive = Path.of(TestEngine.BUSYBOX.substring("oci-archive:".length()));
    try (TarArchiveInputStream in = new TarArchiveInputStream(Files.newInputStream(archive))) {
      for (TarArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        if (e.getSize() > biggest.length) {
          biggest = in.readAllBytes();
        }
      }
    }
    return biggest;
  }

  /** What runs in it; without it the image's configuration is empty. */
  public ImageLayout config(Json.Builder members) {
    config = members.build();
    return this;
  }

  /** What it says to be for; without it this machine's platform. */
  public ImageLayout platform(Platform other) {
    platform = other;
    return this;
  }

  /**
   * Ends several images in one directory, for several platforms, with an index over them.
   *
   * @return what stands where an image is named
   */
  public static String end(List<ImageLayout> images) throws IOException {
    List<Json> manifests = new ArrayList<>();
    for (ImageLayout image : images) {
      image.end();
      Json.Obj index = Json.parseObject(Files.readAllBytes(image.directory.resolve("index.json")));
      Json.Builder manifest = Json.object();
      ((Json.Obj) index.array("manifests").get(0)).members().forEach(manifest::put);
      Json platform =
          Json.object()
              .put("architecture", image.platform.architecture())
              .put("os", image.platform.os())
              .build();
      manifests.add(manifest.put("platform", platform).build());
    }
    Json index =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", TYPES + "index.v1+json")
            .put("manifests", new Json.Arr(manifests))
            .build();
    return images.get(0).listed(images.get(0).blob(index.toBytes(), "index.v1+json"));
  }

  /** Ends it and gives what stands where an image is named. */
  public String end() throws IOException {
    Json.Builder image =
        Json.object()
            .put("architecture", platform.architecture())
            .put("os", platform.os())
            .put("config", config)
            .put(
                "rootfs",
                Json.object().put("type", "layers").putStrings("diff_ids", diffIds).build());
    Json manifest =
        Json.object()
            .put("schemaVersion", 2)
            .put("mediaType", TYPES + "manifest.v1+json")
            .put("config", blob(image.build().toBytes(), "config.v1+json"))
            .put("layers", new Json.Arr(layers))
            .build();
    return listed(blob(manifest.toBytes(), "manifest.v1+json"));
  }

  private String listed(Json top) throws IOException {
    Json index =
        Json.object().put("schemaVersion", 2).put("manifests", new Json.Arr(List.of(top))).build();
    Files.write(directory.resolve("index.json"), index.toBytes());
    return "oci:" + directory;
  }

  private Json blob(byte[] content, String type) throws IOException {
    Digest digest = Digest.of(content);
    Files.write(directory.resolve("blobs/sha256").resolve(digest.hex()), content);
    return Json.object()
        .put("mediaType", TYPES + type)
        .put("digest", digest.toString())
        .put("size", content.length)
        .build();
  }
}
