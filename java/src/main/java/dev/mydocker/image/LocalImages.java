package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The images that are here: their names, their removal, their upkeep. Asks no registry. */
public final class LocalImages {
  private final Path root;
  private final ImageUsers users;
  private final ImageEvents events;
  private final UnpackLimits limits;

  LocalImages(Path root, ImageUsers users, ImageEvents events, UnpackLimits limits) {
    this.root = root;
    this.users = users;
    this.events = events;
    this.limits = limits;
  }

  /** What can be done with an open state. */
  private interface Use<T> {
    T with(ImageState state) throws IOException;
  }

  private <T> T with(T otherwise, Use<T> use) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return otherwise;
    }
    try (ImageState state = found.get()) {
      return use.with(state);
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  /**
   * Every name, in the order they came, and every image that has lost its names. Damage is part of
   * what is told, and no failure.
   */
  public List<ListedImage> list() throws IOException {
    return with(List.of(), state -> visible(catalog(state)));
  }

  /** The catalog; what is removed while it is read is left out. */
  private static Catalog catalog(ImageState state) throws IOException {
    Catalog catalog = Catalog.read(state, state.store().manifests());
    List<Descriptor> now = state.store().manifests();
    return new Catalog(
        catalog.entries().stream()
            .filter(e -> e.damage().isEmpty() || now.contains(e.manifest()))
            .toList());
  }

  /** A manifest that lost its names is not shown while its image has one by another manifest. */
  private static List<ListedImage> visible(Catalog catalog) {
    Set<Digest> seen = new HashSet<>();
    catalog.entries().stream().filter(Catalog.Entry::isNamed).forEach(e -> seen.addAll(e.ids()));
    List<ListedImage> out = new ArrayList<>();
    for (Catalog.Entry entry : catalog.entries()) {
      if (seen.addAll(entry.ids()) || entry.isNamed()) {
        out.add(ListedImage.of(entry));
      }
    }
    return out;
  }

  /** What is wrong with the list of images itself; empty when nothing is. */
  public Optional<String> damage() throws IOException {
    return with(Optional.empty(), state -> state.store().index().damage());
  }

  /** {@link #details(String, Optional)} of the host's platform, or the first that is here. */
  public ImageDetails details(String text) throws IOException {
    return details(text, Optional.empty());
  }

  /**
   * Everything about an image.
   *
   * @param text a name, a digest in a repository, an id or the beginning of one
   * @param platform of several that are here; the host's, else the first, when it is empty
   * @throws ImageException NOT_FOUND; NO_PLATFORM; BAD_REFERENCE when several ids begin so; and
   *     when its documents are damaged
   */
  public ImageDetails details(String text, Optional<Platform> platform) throws IOException {
    return with(
            Optional.<ImageDetails>empty(), state -> Optional.of(details(state, text, platform)))
        .orElseThrow(() -> notFound(text));
  }

  private ImageDetails details(ImageState state, String text, Optional<Platform> platform)
      throws IOException {
    Catalog catalog = catalog(state);
    Catalog.Entry entry = catalog.find(text).get(0);
    if (entry.contents().isEmpty()) {
      throw new ImageException(Kind.NOT_AN_IMAGE, text + ": " + entry.damage().orElse("damaged"));
    }
    boolean named = !catalog.named(ImageRef.parse(text)).isEmpty();
    Contents contents = named ? chosen(state, entry, platform) : only(text, entry, platform);
    boolean whole = named && platform.isEmpty();
    Descriptor shown = whole ? entry.manifest() : contents.descriptor();
    List<String> names = new ArrayList<>();
    Set<String> digests = new TreeSet<>();
    for (Catalog.Entry other : catalog.withId(contents.manifest().config().digest())) {
      if (other.isNamed()) {
        names.add(other.name());
        if (ImageRef.parse(other.name()) instanceof ImageRef.Registry registry) {
          digests.add(registry.familiarRepository() + "@" + other.manifest().digest());
        }
      }
    }
    return new ImageDetails(
        contents.image(entry.name()),
        names,
        List.copyOf(digests),
        shown.digest(),
        shown.mediaType(),
        shown.size(),
        Json.parseObject(contents.configBytes()),
        contents.manifest().layers().stream().map(Descriptor::size).toList(),
        contents.config().diffIds().stream()
            .map(d -> root.resolve("layers").resolve(d.hex()))
            .toList());
  }

  private static Contents chosen(ImageState state, Catalog.Entry entry, Optional<Platform> platform)
      throws IOException {
    return platform.isEmpty()
        ? entry.contents().orElseThrow()
        : Contents.read(
            new StoreSource(state.store(), entry.name(), entry.manifest()), platform.get());
  }

  /** An id is of one platform. */
  private static Contents only(String text, Catalog.Entry entry, Optional<Platform> platform)
      throws ImageException {
    Contents contents = entry.contents().orElseThrow();
    Platform own = contents.config().platform();
    if (platform.isPresent() && !platform.get().accepts(own)) {
      throw new ImageException(
          Kind.NO_PLATFORM, text + " is for " + own + ", not for " + platform.get());
    }
    return contents;
  }

  private static ImageException notFound(String text) {
    return new ImageException(Kind.NOT_FOUND, "no such image: " + text);
  }

  /**
   * Gives an image one more name; another image loses it.
   *
   * @param source as for {@link #details}
   * @param target a repository with or without a tag
   * @throws ImageException NOT_FOUND; BAD_REFERENCE for a target that cannot be a name
   */
  public void tag(String source, String target) throws IOException {
    if (!(ImageRef.parse(target) instanceof ImageRef.Registry name)) {
      throw new ImageException(
          Kind.BAD_REFERENCE,
          ImageException.quote(target) + " has a meaning of its own and cannot be given as a name");
    }
    if (name.digest().isPresent()) {
      throw new ImageException(
          Kind.BAD_REFERENCE, "refusing to create a tag with a digest reference");
    }
    if (name.repository().equals("docker.io/library/sha256")) {
      throw new ImageException(
          Kind.BAD_REFERENCE, "refusing to create an ambiguous tag using digest algorithm as name");
    }
    Digest id =
        with(
                Optional.<Digest>empty(),
                state ->
                    state
                        .store()
                        .update(
                            all -> {
                              Catalog.Entry entry = Catalog.read(state, all).find(source).get(0);
                              Store.give(all, name.name(), entry.manifest());
                              return Optional.of(entry.id());
                            }))
            .orElseThrow(() -> notFound(source));
    events.happened("tag", id.toString(), Map.of("name", name.tagged()));
  }

  /**
   * Removes a name, and the image with its last one.
   *
   * @param text as for {@link #details}
   * @param force also what a container uses that does not run, and an image of several names
   * @param collect whether blobs and layers go that nothing refers to any more
   * @throws ImageException NOT_FOUND; IN_USE
   */
  public Removed remove(String text, boolean force, boolean collect) throws IOException {
    return with(
            Optional.<Removed>empty(),
            state -> {
              Removal removal =
                  state
                      .store()
                      .update(
                          all -> {
                            Removal edit = new Removal(state, all, users);
                            edit.remove(text, force);
                            return edit;
                          });
              removal.tell(events);
              Removed removed = removal.result();
              boolean gone = !removed.deleted().isEmpty();
              return Optional.of(
                  gone && collect ? removed.and(new Collector(state, users).collect()) : removed);
            })
        .orElseThrow(() -> notFound(text));
  }

  /**
   * Removes the images that no container uses, and what nothing refers to.
   *
   * @param all those with names too, not only those that lost them
   * @param which of them
   */
  public Removed prune(boolean all, Predicate<ListedImage> which) throws IOException {
    return with(
        new Removed(List.of(), List.of(), 0),
        state -> {
          Removal removal =
              state
                  .store()
                  .update(
                      index -> {
                        Removal edit = new Removal(state, index, users);
                        prune(edit, Catalog.read(state, index), all, which);
                        return edit;
                      });
          removal.tell(events);
          Removed removed = removal.result().and(new Collector(state, users).collect());
          events.happened("prune", "", Map.of("reclaimed", Long.toString(removed.bytes())));
          return removed;
        });
  }

  private static void prune(
      Removal removal, Catalog catalog, boolean all, Predicate<ListedImage> which)
      throws IOException {
    Set<Digest> named = new HashSet<>();
    catalog.entries().stream().filter(Catalog.Entry::isNamed).forEach(e -> named.addAll(e.ids()));
    for (Catalog.Entry entry : catalog.entries()) {
      // A tag that moves leaves an index whose images often are those of the new one.
      boolean index = MediaType.isIndex(entry.manifest().mediaType());
      boolean dangling = !entry.isNamed() && (index || !named.containsAll(entry.ids()));
      if ((all || dangling) && which.test(ListedImage.of(entry))) {
        removal.prune(entry, catalog);
      }
    }
  }

  /** What the images take of the disk; reads the size of every file. */
  public DiskUsage usage() throws IOException {
    return with(
        DiskUsage.NONE,
        state -> {
          Catalog catalog = catalog(state);
          return DiskUsage.of(state, catalog, visible(catalog), users);
        });
  }

  /**
   * Looks at everything that is kept: reads every blob again and follows every reference.
   *
   * @param repair whether what is damaged or not referred to is removed; nothing is fetched
   */
  public CheckReport check(boolean repair) throws IOException {
    return with(CheckReport.EMPTY, state -> new StoreCheck(state, users, limits).run(repair));
  }
}
