package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Fuzz target: a manifest or an index. The first byte says what its giver declares it to be. */
public final class ManifestFuzz {
  private static final List<String> DECLARED =
      List.of(
          "",
          MediaType.OCI_MANIFEST,
          MediaType.OCI_INDEX,
          MediaType.DOCKER_MANIFEST,
          MediaType.DOCKER_LIST,
          "text/html; charset=utf-8");

  private ManifestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    String declared = DECLARED.get((input[0] & 0xff) % DECLARED.size());
    try {
      read(Document.of(declared, Arrays.copyOfRange(input, 1, input.length)));
    } catch (IOException refused) {
      Refusal.check(refused);
    }
  }

  private static void read(Document document) throws IOException {
    if (Index.is(document)) {
      Index index = Index.parse(document);
      index.manifests().forEach(ManifestFuzz::rewrite);
      index.choose(Platform.host(), "fuzz");
    } else {
      Manifest manifest = Manifest.parse(document);
      manifest.layers().forEach(ManifestFuzz::rewrite);
      manifest.checkLayerTypes();
    }
  }

  /** What was read can be written, and is read as the same. */
  private static void rewrite(Descriptor descriptor) {
    try {
      Descriptor again = Descriptor.read(Json.parse(descriptor.toJson().toBytes()));
      if (!again.equals(descriptor)) {
        throw new AssertionError(descriptor + " is read back as " + again);
      }
    } catch (IOException e) {
      throw new AssertionError(descriptor + " is not read back", e);
    }
  }
}
