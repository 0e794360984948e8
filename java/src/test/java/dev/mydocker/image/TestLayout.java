package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The files of an OCI image layout in the making. */
class TestLayout {
  private final Path directory;

  TestLayout(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory.resolve("blobs/sha256"));
    Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
  }

  final Descriptor blob(byte[] content, String type) throws IOException {
    Digest digest = Digest.of(content);
    Files.write(path(digest), content);
    return new Descriptor(type, digest, content.length);
  }

  /** Gives one document a name, in the place of all that had one. */
  final void name(Descriptor top, String tag) throws IOException {
    Json.Obj index =
        Json.object()
            .put("schemaVersion", 2)
            .put("manifests", new Json.Arr(List.of(top.with(Map.of(Store.REF_NAME, tag)).toJson())))
            .build();
    Files.write(directory.resolve("index.json"), index.toBytes());
  }

  final Path path(Digest digest) {
    return directory.resolve("blobs/sha256/" + digest.hex());
  }

  final ImageRef ref(String tag) throws IOException {
    return ImageRef.parse("oci:" + directory + ":" + tag);
  }

  final Path directory() {
    return directory;
  }
}
