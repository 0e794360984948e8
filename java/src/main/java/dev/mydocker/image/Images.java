package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The images of one state root: an OCI image layout, and beside it each layer unpacked once. Safe
 * for use by several threads and processes at once.
 */
public final class Images {
  private static final String BUILT_IN = "/images/hello.oci.tar";
  private static final int BUILT_IN_LIMIT = 64 << 20;

  private final Path root;
  private final Map<String, String> environment;
  private final ImageUsers users;
  private final ImageEvents events;
  private final UnpackLimits limits;
  private final KnownArchives known = new KnownArchives();

  private Images(
      Path root,
      Map<String, String> environment,
      ImageUsers users,
      ImageEvents events,
      UnpackLimits limits) {
    this.root = root;
    this.environment = environment;
    this.users = users;
    this.events = events;
    this.limits = limits;
  }

  /**
   * The images below {@code root}, whose directories are made when the first image comes.
   *
   * @param root the state root, such as /var/lib/mydocker
   * @param environment of the process: where configuration and credentials are looked for, and what
   *     a layer may cost ({@link UnpackLimits#of})
   * @param users who needs images beside their names
   * @param events hears of what happens to them
   * @throws ImageException CONFIGURATION
   */
  public static Images open(
      Path root, Map<String, String> environment, ImageUsers users, ImageEvents events)
      throws ImageException {
    return new Images(
        root.toAbsolutePath().normalize(),
        environment,
        users,
        events,
        UnpackLimits.of(environment));
  }

  static Images open(Path root, Map<String, String> environment, ImageUsers users)
      throws ImageException {
    return open(root, environment, users, ImageEvents.NONE);
  }

  static Images open(Path root, Map<String, String> environment) throws ImageException {
    return open(root, environment, UnpackLimits.of(environment));
  }

  static Images open(Path root, Map<String, String> environment, UnpackLimits limits) {
    return new Images(
        root.toAbsolutePath().normalize(), environment, ImageUsers.NONE, ImageEvents.NONE, limits);
  }

  /**
   * An image that is whole in the store, every layer unpacked; fetched first when the policy says
   * so. A file or directory may have changed since, so with MISSING its manifest is looked at
   * unless it is an archive that has not; what it names and is here is not read again.
   *
   * @throws ImageException when it cannot be had
   */
  public Image get(ImageRef reference, Platform platform, PullPolicy policy, PullListener listener)
      throws IOException {
    try (HeldImage held = hold(reference, platform, policy, listener)) {
      return held.image();
    }
  }

  /**
   * An image with all platforms of its index that the source has, fetched anew. The host's, or the
   * first when there is none for this host, is unpacked; the others are kept as they come, and
   * unpacked when somebody wants to run them.
   *
   * @return the image that is unpacked
   * @throws ImageException when one of them cannot be had
   */
  public Image getAllPlatforms(ImageRef reference, PullListener listener) throws IOException {
    if (reference instanceof ImageRef.Id) {
      return get(reference, Platform.host(), PullPolicy.NEVER, listener);
    }
    try (ImageSource source = source(reference, listener)) {
      Contents contents = anyPlatform(source, limits.documents());
      List<Carried> others = Carried.beside(contents, source, limits.documents());
      try (ImageState state = ImageState.create(root)) {
        new ImageFetch(state, source, contents, others, limits, listener).run(reference.name());
      }
      pulled(reference, contents);
      return contents.image(reference.name());
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  /** The host's image, else the first one of an index. */
  static Contents anyPlatform(ImageSource source, DocumentLimits limits) throws IOException {
    Document top = source.top();
    if (Index.is(limits.check(top))) {
      Index index = Index.parse(top);
      limits.check(index, source.name());
      Optional<Descriptor> own = index.best(Platform.host());
      if (own.isEmpty() || !source.has(own.get())) {
        for (Descriptor each : index.images()) {
          if (source.has(each)) {
            return Contents.read(source, top, each, Optional.empty(), limits);
          }
        }
      }
    }
    return Contents.read(source, Optional.empty(), limits);
  }

  /** {@link #get}, and nobody removes the image before it is let go of. */
  public HeldImage hold(
      ImageRef reference, Platform platform, PullPolicy policy, PullListener listener)
      throws IOException {
    try {
      return bring(reference, platform, policy, listener);
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  private HeldImage bring(
      ImageRef reference, Platform platform, PullPolicy policy, PullListener listener)
      throws IOException {
    boolean registry = reference instanceof ImageRef.Registry;
    boolean id = reference instanceof ImageRef.Id;
    if (policy == PullPolicy.NEVER || policy == PullPolicy.MISSING && registry || id) {
      Optional<HeldImage> kept = fromStore(reference, platform, policy, listener);
      if (kept.isPresent()) {
        return kept.get();
      }
    }
    if (policy == PullPolicy.NEVER) {
      throw new ImageException(
          Kind.NOT_FOUND,
          reference.familiar() + " is not in the store, and it was asked not to be pulled");
    }
    Optional<KnownArchives.Stamp> stamp = KnownArchives.stamp(reference);
    if (policy == PullPolicy.MISSING && stamp.isPresent()) {
      Optional<Contents> contents = known.find(reference, platform, stamp.get());
      Optional<HeldImage> held =
          contents.isPresent() ? fromKnown(reference, contents.get()) : Optional.empty();
      if (held.isPresent()) {
        return held.get();
      }
    }
    try (ImageSource source = source(reference, listener)) {
      Contents contents = Contents.read(source, Optional.of(platform), limits.documents());
      stamp.ifPresent(s -> known.keep(reference, platform, s, contents));
      ImageState state = ImageState.create(root);
      return held(
              reference,
              state,
              contents,
              () -> {
                if (policy != PullPolicy.MISSING || !isWhole(state, reference, contents)) {
                  new ImageFetch(state, source, contents, limits, listener).run(reference.name());
                  pulled(reference, contents);
                }
                return true;
              })
          .orElseThrow();
    }
  }

  private void pulled(ImageRef reference, Contents contents) {
    Map<String, String> attributes = new HashMap<>(contents.config().labels());
    attributes.put("name", repository(reference));
    events.happened("pull", reference.tagged(), attributes);
  }

  /** As an event names it. */
  static String repository(ImageRef reference) {
    return reference instanceof ImageRef.Registry registry
        ? registry.familiarRepository()
        : reference.familiar();
  }

  /** What makes a pinned image whole; false when it turned out not to be the one. */
  private interface Completion {
    boolean run() throws IOException;
  }

  /** Pins an image, completes it, and holds it; the state is closed when that is not to be. */
  private Optional<HeldImage> held(
      ImageRef reference, ImageState state, Contents contents, Completion completion)
      throws IOException {
    Workplace work = null;
    boolean holds = false;
    try {
      work = Workplace.open(state.work());
      Pin.write(state.store(), work, contents);
      holds = completion.run();
      return holds
          ? Optional.of(new HeldImage(reference.name(), contents, limits, state, work))
          : Optional.empty();
    } finally {
      if (!holds) {
        try (state) {
          if (work != null) {
            work.close();
          }
        }
      }
    }
  }

  /** The image from the store, its layers made again when only those are missing. */
  private Optional<HeldImage> fromStore(
      ImageRef reference, Platform platform, PullPolicy policy, PullListener listener)
      throws IOException {
    while (true) {
      Optional<Descriptor> kept = kept(reference);
      if (kept.isEmpty()) {
        return Optional.empty();
      }
      try {
        Optional<HeldImage> held = fromStore(kept.get(), reference, platform, listener);
        if (held.isPresent()) {
          return held;
        }
      } catch (ImageException e) {
        if (!kept(reference).equals(kept)) {
          continue;
        }
        // Damaged, or for another platform: whoever may fetch it gets it whole.
        if (policy == PullPolicy.NEVER || reference instanceof ImageRef.Id) {
          throw e;
        }
        return Optional.empty();
      }
    }
  }

  /** An archive's image that this engine has seen before, when it still is whole here. */
  private Optional<HeldImage> fromKnown(ImageRef reference, Contents contents) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    ImageState state = found.get();
    return held(reference, state, contents, () -> isWhole(state, reference, contents));
  }

  /** Empty when it was removed before it was pinned. */
  private Optional<HeldImage> fromStore(
      Descriptor kept, ImageRef reference, Platform platform, PullListener listener)
      throws IOException {
    ImageState state = ImageState.create(root);
    ImageSource source = new StoreSource(state.store(), reference.name(), kept);
    Contents contents;
    try {
      contents = Contents.read(source, platform);
    } catch (IOException | RuntimeException e) {
      state.close();
      throw e;
    }
    return held(
        reference,
        state,
        contents,
        () -> {
          if (!state.store().keeps(kept)) {
            return false;
          }
          if (!isComplete(state, contents)) {
            new ImageFetch(state, source, contents, limits, listener).complete();
            state.store().unpacked(contents.document().digest());
          }
          return true;
        });
  }

  /** What is kept under a name, else what has the digest or the id that was written for one. */
  private Optional<Descriptor> kept(ImageRef reference) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (ImageState state = found.get()) {
      return kept(state, reference);
    }
  }

  private static Optional<Descriptor> kept(ImageState state, ImageRef reference)
      throws IOException {
    List<Descriptor> manifests = state.store().manifests();
    for (Descriptor manifest : manifests) {
      if (Store.nameOf(manifest).equals(reference.name())) {
        return Optional.of(manifest);
      }
    }
    if (!(reference instanceof ImageRef.Registry || reference instanceof ImageRef.Id)) {
      return Optional.empty();
    }
    Catalog catalog = Catalog.read(state, manifests);
    List<Catalog.Entry> found = new ArrayList<>(catalog.named(reference));
    if (found.isEmpty()) {
      found.addAll(catalog.withId(reference.familiar()));
    }
    if (found.isEmpty()) {
      return Optional.empty();
    }
    boolean named = !catalog.named(reference).isEmpty();
    Catalog.Entry entry = found.get(0);
    // An id is of one platform, whatever others the index has.
    boolean index = MediaType.isIndex(entry.manifest().mediaType());
    return named || !index || entry.contents().isEmpty()
        ? Optional.of(entry.manifest())
        : Optional.of(entry.contents().get().descriptor());
  }

  private static boolean isWhole(ImageState state, ImageRef reference, Contents contents)
      throws IOException {
    Digest digest = contents.top().digest();
    Optional<Descriptor> kept =
        state.store().find(reference.name()).filter(d -> d.digest().equals(digest));
    boolean here =
        kept.isPresent()
            && (contents.index().isEmpty()
                || Present.of(kept.get()).images().contains(contents.document().digest()));
    return here && isComplete(state, contents);
  }

  private static boolean isComplete(ImageState state, Contents contents) throws IOException {
    boolean whole =
        state.store().has(contents.descriptor()) && state.store().has(contents.manifest().config());
    for (Contents.Layer layer : contents.layers()) {
      whole = whole && state.has(layer);
    }
    return whole;
  }

  private ImageSource source(ImageRef reference, PullListener listener) throws IOException {
    if (reference instanceof ImageRef.Registry r) {
      return RegistrySource.open(r, environment, listener);
    }
    if (reference instanceof ImageRef.OciLayout r) {
      return new OciLayoutSource(DirectoryMembers.open(r.directory()), r.name(), r.tag());
    }
    if (reference instanceof ImageRef.OciArchive r) {
      return new OciLayoutSource(ArchiveMembers.open(r.file()), r.name(), r.tag());
    }
    if (reference instanceof ImageRef.DockerArchive r) {
      return new DockerArchiveSource(ArchiveMembers.open(r.file()), r.name(), r.reference());
    }
    if (reference instanceof ImageRef.Id) {
      throw new ImageException(Kind.NOT_FOUND, "no such image: " + reference.name());
    }
    return new OciLayoutSource(builtIn(), reference.name(), Optional.empty());
  }

  private static Members builtIn() throws IOException {
    try (InputStream in = Images.class.getResourceAsStream(BUILT_IN)) {
      if (in == null) {
        throw new ImageException(
            Kind.NOT_FOUND, "this build of mydocker has no built-in image: run make");
      }
      return ArchiveMembers.of(in.readNBytes(BUILT_IN_LIMIT), "inside mydocker.jar");
    }
  }

  /**
   * What {@link #get} would give, without writing anything: from the store, else read from where
   * the image is.
   */
  public Image describe(ImageRef reference, Platform platform, PullListener listener)
      throws IOException {
    if (reference instanceof ImageRef.Registry || reference instanceof ImageRef.Id) {
      Optional<Image> kept = describeKept(reference, platform);
      if (kept.isPresent()) {
        return kept.get();
      }
    }
    try (ImageSource source = source(reference, listener)) {
      return Contents.read(source, Optional.of(platform), limits.documents())
          .image(reference.name());
    }
  }

  private Optional<Image> describeKept(ImageRef reference, Platform platform) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (ImageState state = found.get()) {
      Optional<Descriptor> kept = kept(state, reference);
      if (kept.isEmpty()) {
        return Optional.empty();
      }
      ImageSource source = new StoreSource(state.store(), reference.name(), kept.get());
      return Optional.of(Contents.read(source, platform).image(reference.name()));
    } catch (ImageException e) {
      if (reference instanceof ImageRef.Id) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /** Every whole image that has a name, by name; several when a name has several platforms. */
  public List<Image> list() throws IOException {
    List<Image> images = new ArrayList<>();
    for (ListedImage stored : local().list()) {
      if (!stored.name().isEmpty()) {
        images.addAll(stored.platforms());
      }
    }
    images.sort(Comparator.comparing(Image::name));
    return images;
  }

  /** What is done at registries beside pulling. */
  public Registries registries() {
    return new Registries(root, environment, events);
  }

  /** Archives of these images, to load and to save. */
  public ImageArchives archives() {
    return new ImageArchives(root, events, limits);
  }

  /** Makes new images here, of a root file system or of a container's changes. */
  public ImageMaker maker() {
    return new ImageMaker(root, events, limits);
  }

  /** What is here: its names, its removal, its upkeep. */
  public LocalImages local() {
    return new LocalImages(root, users, events, limits);
  }

  /**
   * Makes layers again that a container needs and that are gone, as are those that the machine had
   * not written when it stopped. Costs next to nothing when all are there.
   *
   * @param id of the image
   * @param diffIds its layers
   * @param owners whose they are, when the container has layers with owners of their own
   * @throws ImageException NOT_FOUND when the image is gone as well, and what unpacking throws
   */
  public void restore(Digest id, List<String> diffIds, Optional<Owners> owners) throws IOException {
    Optional<ImageState> found = ImageState.find(root);
    if (found.isEmpty()) {
      return;
    }
    try (ImageState state = found.get()) {
      if (owners.isEmpty()) {
        restore(state, id, diffIds);
        return;
      }
      try (ImageState mapped = state.mapped(owners.get())) {
        restore(mapped, id, diffIds);
      }
    } catch (IOException e) {
      throw FullDisk.told(e, root);
    }
  }

  private void restore(ImageState state, Digest id, List<String> diffIds) throws IOException {
    List<String> lost = new ArrayList<>();
    for (String diffId : diffIds) {
      if (!state.hasLayer(Digest.parse(diffId))) {
        lost.add(diffId);
      }
    }
    if (lost.isEmpty()) {
      return;
    }
    for (Catalog.Entry entry : Catalog.read(state, state.store().manifests()).withId(id)) {
      Optional<Contents> contents = entry.only(id).contents();
      if (contents.isPresent()) {
        ImageSource source = new StoreSource(state.store(), entry.name(), entry.manifest());
        new ImageFetch(state, source, contents.get(), limits, PullListener.NONE).complete();
        return;
      }
    }
    throw new ImageException(
        Kind.NOT_FOUND,
        "layer " + lost.get(0) + " is lost, and so is image " + id + ": pull that image again");
  }

  /**
   * The directory in which layers are unpacked with other owners, see {@link HeldImage#unpackFor}.
   *
   * @param layers {@link #layers()}
   */
  public static Path layers(Path layers, Owners owners) {
    return layers.resolveSibling(ImageState.MAPPED).resolve(owners.directoryName());
  }

  /** The directory that holds the unpacked layers, each named by its diffID's digits. */
  public Path layers() {
    return root.resolve("layers");
  }

  /**
   * A regular file of an image as its layers together show it: links are resolved inside the image,
   * whiteouts obeyed.
   *
   * @param path absolute
   * @param limit bytes
   * @return empty when there is no such file
   * @throws IOException when it is over the limit, no regular file, or a layer is not unpacked
   */
  public Optional<byte[]> read(Image image, String path, int limit) throws IOException {
    String name = Overlay.text(path.getBytes(StandardCharsets.UTF_8));
    try (LayerStack stack = stack(image)) {
      LayerStack.Found found = stack.find(name, true);
      if (found.stat().isEmpty()) {
        return Optional.empty();
      }
      byte[] bytes = Overlay.bytes(found.path());
      return Optional.of(
          found.holder().orElseThrow().read(bytes, Directory.Resolve.BENEATH, limit));
    } catch (KernelException e) {
      throw new IOException(
          "cannot read " + path + " of " + image.name() + ": " + why(e, limit), e);
    }
  }

  private static String why(KernelException e, int limit) {
    if (e.errno() == Errno.EFBIG) {
      return "it is longer than " + limit + " bytes";
    }
    return e.errno() == Errno.EINVAL ? "it is no regular file" : e.getMessage();
  }

  private LayerStack stack(Image image) throws KernelException {
    List<Directory> open = new ArrayList<>();
    try {
      for (int i = image.diffIds().size() - 1; i >= 0; i--) {
        open.add(Directory.open(layers().resolve(image.diffIds().get(i).hex())));
      }
      return new LayerStack(open);
    } catch (KernelException e) {
      open.forEach(Directory::close);
      throw e;
    }
  }
}
