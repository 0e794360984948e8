package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that has to be at a registry before a tag may name an image.
 *
 * @param top what the tag names
 * @param below manifests that {@code top} lists, when it is an index
 * @param layers every layer once, those of one manifest after those of another, the lowest first
 * @param configs every configuration
 * @param insteadOf the index that {@code top} goes instead of, as not all of that is here
 */
record PushContents(
    Document top,
    List<Document> below,
    List<Descriptor> layers,
    List<Descriptor> configs,
    Optional<Digest> insteadOf) {

  private static final int NAMED = 8;

  /**
   * Reads what the store has. Without a platform that is the whole index, when all that it lists is
   * here, and else the one image of it that is, as Docker does.
   *
   * @param platform which image of an index alone
   * @throws ImageException NO_PLATFORM, and NOT_FOUND when the store lacks a part of it: when
   *     several images of an index are here, but not all that it lists
   */
  static PushContents read(Store store, StoreSource source, Optional<Platform> platform)
      throws IOException {
    Document top = source.top();
    if (!Index.is(top)) {
      if (platform.isPresent()) {
        // Its configuration says which platform it is for; this throws when it is another one.
        Contents.read(source, platform.get());
      }
      return single(store, top, Optional.empty());
    }
    Index index = Index.parse(top);
    if (platform.isPresent()) {
      Descriptor chosen = source.choose(index, platform);
      return single(store, source.manifest(chosen), Optional.empty());
    }
    List<Descriptor> missing = missing(source, index);
    if (missing.isEmpty()) {
      return whole(store, source, top, index.distinct());
    }
    List<Descriptor> here = source.here(index);
    if (here.size() != 1) {
      throw new ImageException(Kind.NOT_FOUND, incomplete(here, missing));
    }
    return single(store, source.manifest(here.get(0)), Optional.of(top.digest()));
  }

  /** Everything that is here of an image, whether it could be pushed so or not. */
  static PushContents here(Store store, StoreSource source) throws IOException {
    Document top = source.top();
    if (!Index.is(top)) {
      return single(store, top, Optional.empty());
    }
    List<Descriptor> here = new ArrayList<>(Index.parse(top).distinct());
    here.removeAll(missing(source, Index.parse(top)));
    return whole(store, source, top, here);
  }

  private static List<Descriptor> missing(StoreSource source, Index index) throws IOException {
    List<Descriptor> out = new ArrayList<>();
    for (Descriptor each : index.distinct()) {
      if (!source.has(each)) {
        out.add(each);
      }
    }
    return out;
  }

  private static String incomplete(List<Descriptor> here, List<Descriptor> missing) {
    Set<String> names = new LinkedHashSet<>();
    int others = 0;
    for (Descriptor each : missing) {
      Optional<Platform> platform = each.platform().filter(p -> !p.os().equals("unknown"));
      if (platform.isPresent()) {
        names.add(platform.get().toString());
      } else {
        others++;
      }
    }
    List<String> some = new ArrayList<>(names).subList(0, Math.min(NAMED, names.size()));
    List<String> lacking = new ArrayList<>();
    if (!some.isEmpty()) {
      String more = names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "";
      lacking.add(String.join(", ", some) + more);
    }
    if (others > 0) {
      lacking.add(others + (others == 1 ? " attestation" : " attestations"));
    }
    return "of its index "
        + (here.isEmpty() ? "no image" : StoreSource.platforms(here))
        + " is here, but not "
        + String.join(", nor ", lacking)
        + ": fetch the rest with mydocker pull --all-platforms, or push one with --platform";
  }

  private static PushContents whole(
      Store store, StoreSource source, Document top, List<Descriptor> listed) throws IOException {
    List<Document> below = new ArrayList<>();
    for (Descriptor each : listed) {
      Document document = source.manifest(each);
      below.add(typed(document, Manifest.parseAny(document).mediaType()));
    }
    String type = Index.typeOf(Json.parseObject(top.bytes()), top);
    return of(store, typed(top, type), below, below, Optional.empty());
  }

  private static PushContents single(Store store, Document manifest, Optional<Digest> insteadOf)
      throws IOException {
    Document top = typed(manifest, Manifest.parseAny(manifest).mediaType());
    return of(store, top, List.of(), List.of(top), insteadOf);
  }

  private static PushContents of(
      Store store,
      Document top,
      List<Document> below,
      List<Document> manifests,
      Optional<Digest> insteadOf)
      throws IOException {
    Map<Digest, Descriptor> layers = new LinkedHashMap<>();
    Map<Digest, Descriptor> configs = new LinkedHashMap<>();
    for (Document document : manifests) {
      Manifest manifest = Manifest.parseAny(document);
      manifest.layers().forEach(layer -> layers.putIfAbsent(layer.digest(), layer));
      configs.putIfAbsent(manifest.config().digest(), manifest.config());
    }
    for (Descriptor blob : layers.values()) {
      require(store, blob, "layer");
    }
    for (Descriptor blob : configs.values()) {
      require(store, blob, "configuration");
    }
    return new PushContents(
        top,
        List.copyOf(below),
        List.copyOf(layers.values()),
        List.copyOf(configs.values()),
        insteadOf);
  }

  /** The document under the type it has, which may not be written in it. */
  private static Document typed(Document document, String type) {
    return new Document(type, document.bytes(), document.digest());
  }

  private static void require(Store store, Descriptor blob, String what)
      throws KernelException, ImageException {
    if (!MediaType.isForeign(blob.mediaType()) && !store.has(blob)) {
      throw new ImageException(
          Kind.NOT_FOUND,
          what
              + " "
              + blob.digest().shortHex()
              + " of it is missing in the image store: pull it again");
    }
  }
}
