package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is done at registries beside pulling: pushing images, listing tags, logging in. */
public final class Registries {
  private final Path root;
  private final Map<String, String> environment;
  private final ImageEvents events;
  private final HttpTiming timing;
  private final long chunk;

  /**
   * Nothing is read or sent yet.
   *
   * @param root the state root whose images are pushed
   * @param environment where configuration files and credentials are looked for
   * @param events hears of pushes
   */
  Registries(Path root, Map<String, String> environment, ImageEvents events) {
    this(root, environment, events, HttpTiming.DEFAULT, RegistryUpload.CHUNK);
  }

  Registries(Path root, Map<String, String> environment, HttpTiming timing, long chunk) {
    this(root, environment, ImageEvents.NONE, timing, chunk);
  }

  private Registries(
      Path root,
      Map<String, String> environment,
      ImageEvents events,
      HttpTiming timing,
      long chunk) {
    this.root = root;
    this.environment = environment;
    this.events = events;
    this.timing = timing;
    this.chunk = chunk;
  }

  /** The tags under which images of a repository are in the store, sorted. */
  public List<String> keptTags(ImageRef.Registry repository) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return List.of();
    }
    List<String> tags = new ArrayList<>();
    try (ImageState state = found.get()) {
      for (Descriptor manifest : state.store().manifests()) {
        named(manifest)
            .filter(r -> r.repository().equals(repository.repository()))
            .flatMap(ImageRef.Registry::tag)
            .ifPresent(tags::add);
      }
    }
    tags.sort(null);
    return List.copyOf(tags);
  }

  /**
   * Brings an image of the store to its registry, manifest and layers as they are.
   *
   * @param reference with a tag and no digest
   * @param platform which image of an index alone; without it the whole index when that is here,
   *     and else the one image of it that is
   * @throws ImageException when it is not here, or the registry does not take it
   */
  public Pushed push(
      ImageRef.Registry reference, Optional<Platform> platform, PushListener listener)
      throws IOException {
    String tag = reference.tag().filter(t -> reference.digest().isEmpty()).orElse("");
    if (tag.isEmpty()) {
      throw new ImageException(
          Kind.BAD_REFERENCE,
          "cannot push " + reference.familiar() + ": it needs a tag, no digest");
    }
    String host = reference.domain();
    try (ImageState state = ImageState.find(root).orElseThrow(Registries::notKept)) {
      Store store = state.store();
      Descriptor kept = store.find(reference.name()).orElseThrow(Registries::notKept);
      StoreSource source = new StoreSource(store, reference.name(), kept);
      PushContents contents = PushContents.read(store, source, platform);
      RegistriesConf conf = RegistriesConf.load(environment);
      ImageRef.Registry place = own(conf, reference);
      host = place.domain();
      try (RegistryHttp http =
          new RegistryHttp(environment, timing, listener::call, conf::isInsecure)) {
        RegistryEndpoint endpoint = endpoint(http, place, RegistryAuth.Purpose.PUSH);
        Map<Digest, String> mounts = otherRepositories(store, conf, place);
        Pushed pushed =
            new RegistryPush(store, endpoint, listener, chunk)
                .run(contents, tag, digest -> Optional.ofNullable(mounts.get(digest)));
        events.happened("push", reference.tagged(), Map.of("name", reference.familiarRepository()));
        return pushed;
      }
    } catch (IOException e) {
      throw failure("cannot push " + reference.familiar(), e, host);
    }
  }

  private static ImageException notKept() {
    return new ImageException(Kind.NOT_FOUND, "no image of that name is here: see mydocker images");
  }

  private RegistryEndpoint endpoint(
      RegistryHttp http, ImageRef.Registry place, RegistryAuth.Purpose purpose) {
    Credentials credentials = new Credentials(environment);
    return new RegistryEndpoint(http, place.domain(), place.path(), credentials::find, purpose);
  }

  /** Where the registry itself is, no mirror of it. */
  private static ImageRef.Registry own(RegistriesConf conf, ImageRef.Registry reference)
      throws ImageException {
    List<ImageRef.Registry> places = conf.locate(reference);
    return places.get(places.size() - 1);
  }

  /**
   * For each blob another repository of the registry from which an image with it came here. Of
   * several the oldest: a name given here later may never have been pushed.
   */
  private static Map<Digest, String> otherRepositories(
      Store store, RegistriesConf conf, ImageRef.Registry place) throws IOException {
    Map<Digest, String> out = new HashMap<>();
    for (Descriptor kept : store.manifests()) {
      Optional<ImageRef.Registry> name = named(kept);
      if (name.isEmpty() || name.get().repository().equals(place.repository())) {
        continue;
      }
      try {
        ImageRef.Registry other = own(conf, name.get());
        if (other.domain().equals(place.domain()) && !other.path().equals(place.path())) {
          StoreSource source = new StoreSource(store, name.get().name(), kept);
          PushContents contents = PushContents.here(store, source);
          contents.layers().forEach(blob -> out.putIfAbsent(blob.digest(), other.path()));
          contents.configs().forEach(blob -> out.putIfAbsent(blob.digest(), other.path()));
        }
      } catch (ImageException e) {
        // An image that is damaged or blocked is no reason not to push another one.
        continue;
      }
    }
    return out;
  }

  /** The registry's name that a manifest of the store is kept under. */
  private static Optional<ImageRef.Registry> named(Descriptor manifest) {
    try {
      return ImageRef.parse(Store.nameOf(manifest)) instanceof ImageRef.Registry registry
          ? Optional.of(registry)
          : Optional.empty();
    } catch (ImageException e) {
      return Optional.empty();
    }
  }

  /**
   * The tags that a registry has of a repository, sorted.
   *
   * @throws ImageException when it does not tell, or tells too much
   */
  public List<String> tags(ImageRef.Registry repository, PullListener listener) throws IOException {
    String host = repository.domain();
    try {
      RegistriesConf conf = RegistriesConf.load(environment);
      ImageRef.Registry place = own(conf, repository);
      host = place.domain();
      try (RegistryHttp http =
          new RegistryHttp(environment, timing, listener::call, conf::isInsecure)) {
        return new RegistryTags(endpoint(http, place, RegistryAuth.Purpose.PULL)).all();
      }
    } catch (IOException e) {
      throw failure("cannot list the tags of " + repository.repository(), e, host);
    }
  }

  private static ImageException failure(String what, IOException e, String host) {
    ImageException why = RegistryError.of(e, host);
    return new ImageException(why.kind(), what + ": " + why.getMessage(), e);
  }
}
