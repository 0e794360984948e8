package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.KernelException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Images into archives, and out of them. Safe for use by several threads and processes at once. */
public final class ImageArchives {

  /** The most names that one archive may give to images; people have a handful. */
  private static final int MAX_NAMES = 1000;

  /** What containerd and Docker call an image in full, beside the OCI's annotation. */
  static final String CONTAINERD_NAME = "io.containerd.image.name";

  private final Path root;
  private final ImageEvents events;
  private final UnpackLimits limits;

  ImageArchives(Path root, ImageEvents events, UnpackLimits limits) {
    this.root = root;
    this.events = events;
    this.limits = limits;
  }

  /**
   * An image that came out of an archive.
   *
   * @param names what it is kept as, as people write it, tags included; none when the archive has
   *     no name for it
   * @param image under the first of its names, or under the empty one
   */
  public record Loaded(List<String> names, Image image) {}

  /** An image of an archive, not yet looked at. */
  private record Candidate(ImageSource source, List<ImageRef.Registry> names) {}

  // ---- loading ----------------------------------------------------------------------------------

  /**
   * Keeps the images of an archive, of any form that {@code docker save}, {@code podman save} or
   * {@code skopeo copy} writes, or of an OCI layout directory. An image is kept whole, under all
   * its names, or not at all.
   *
   * @param file an archive, which may be compressed, or a directory
   * @param which of an image for several platforms
   * @param each hears of each image when it is kept
   * @throws ImageException when one cannot be kept; those that {@code each} heard of are
   */
  public void load(Path file, Platforms which, PullListener listener, Consumer<Loaded> each)
      throws IOException {
    if (Files.isDirectory(file)) {
      try (Members members = DirectoryMembers.open(file)) {
        load(members, file.toString(), which, listener, each);
      }
    } else if (Files.isRegularFile(file) && !isCompressed(file)) {
      try (Members members = ArchiveMembers.open(file)) {
        load(members, file.toString(), which, listener, each);
      }
    } else {
      try (InputStream in = input(file)) {
        load(in, file.toString(), which, listener, each);
      }
    }
  }

  private static boolean isCompressed(Path file) throws IOException {
    try (InputStream in = input(file)) {
      byte[] start = in.readNBytes(Compression.MAGIC);
      return Compression.of(start, start.length) != Compression.NONE;
    }
  }

  private static InputStream input(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new ImageException(
          Kind.NOT_FOUND, "cannot open the image archive " + file + ": no such file");
    }
    return Files.newInputStream(file);
  }

  /**
   * {@link #load(Path, Platforms, PullListener, Consumer)} of an archive that can be read only
   * once, and is kept on the disk meanwhile.
   *
   * @param what names it in errors
   */
  public void load(
      InputStream archive,
      String what,
      Platforms which,
      PullListener listener,
      Consumer<Loaded> each)
      throws IOException {
    InputStream in = new BufferedInputStream(archive, 128 * 1024);
    try (ImageState state = ImageState.create(root);
        Workplace work = Workplace.open(state.work());
        Spool spool = spool(in, what, work);
        Members members = ArchiveMembers.of(spool.content(), what)) {
      load(members, what, which, listener, each);
    } catch (KernelException e) {
      throw FullDisk.told(e, root);
    }
  }

  private Spool spool(InputStream in, String what, Workplace work) throws IOException {
    try {
      return Spool.archive(in, work, limits);
    } catch (ImageException e) {
      throw new ImageException(e.kind(), "bad image archive " + what + ": " + e.getMessage(), e);
    }
  }

  private void load(
      Members members, String what, Platforms which, PullListener listener, Consumer<Loaded> each)
      throws IOException {
    for (Candidate candidate : candidates(members, what)) {
      ImageSource source = candidate.source();
      boolean all = which instanceof Platforms.All;
      Contents contents = contents(source, which);
      List<Carried> others = all ? Carried.beside(contents, source, limits.documents()) : List.of();
      List<String> names = candidate.names().stream().map(ImageRef::name).toList();
      try (ImageState state = ImageState.create(root)) {
        new ImageFetch(state, source, contents, others, limits, listener).run(names);
      } catch (IOException e) {
        throw FullDisk.told(e, root);
      }
      Image image = contents.image(names.isEmpty() ? "" : names.get(0));
      List<String> tags = candidate.names().stream().map(ImageArchives::tagged).toList();
      String id = image.imageId().toString();
      Map<String, String> attributes = new HashMap<>(image.config().labels());
      attributes.put("name", tags.isEmpty() ? id : tags.get(0));
      events.happened("load", id, attributes);
      each.accept(new Loaded(tags, image));
    }
  }

  private Contents contents(ImageSource source, Platforms which) throws IOException {
    if (which instanceof Platforms.One one) {
      return Contents.read(source, Optional.of(one.platform()), limits.documents());
    }
    return which instanceof Platforms.All
        ? Images.anyPlatform(source, limits.documents())
        : Contents.read(source, Optional.empty(), limits.documents());
  }

  private static List<Candidate> candidates(Members members, String what) throws IOException {
    List<Candidate> found;
    if (members.has("oci-layout")) {
      found = ofLayout(members, what);
    } else if (members.has("manifest.json")) {
      found = ofDocker(members, what);
    } else {
      throw new ImageException(
          Kind.NOT_AN_IMAGE,
          what
              + " holds no image: it has neither oci-layout nor manifest.json"
              + (members.has("repositories")
                  ? " but a form that docker gave up with 1.10: save the image again"
                  : "; a root file system is taken by mydocker import"));
    }
    long names = found.stream().mapToLong(c -> c.names().size()).sum();
    if (names > MAX_NAMES) {
      throw new ImageException(
          Kind.TOO_LARGE, what + " has more than " + MAX_NAMES + " names of images");
    }
    return found;
  }

  private static List<Candidate> ofLayout(Members members, String what) throws IOException {
    Map<Digest, Descriptor> images = new LinkedHashMap<>();
    Map<Digest, List<ImageRef.Registry>> names = new LinkedHashMap<>();
    for (Descriptor d : OciLayoutSource.index(members, what)) {
      images.putIfAbsent(d.digest(), d);
      List<ImageRef.Registry> known = names.computeIfAbsent(d.digest(), k -> new ArrayList<>());
      nameOf(d).filter(name -> !known.contains(name)).ifPresent(known::add);
    }
    List<Candidate> out = new ArrayList<>();
    images.forEach(
        (digest, d) -> {
          List<ImageRef.Registry> own = names.get(digest);
          String called = called(own.stream().map(ImageRef::familiar).toList(), what);
          out.add(new Candidate(new OciLayoutSource(members, called, d), own));
        });
    return out;
  }

  /**
   * The name that a layout has for an image. A single word is a tag, as the OCI image-spec has it,
   * and says of which repository only where containerd's annotation does.
   */
  private static Optional<ImageRef.Registry> nameOf(Descriptor d) {
    String name = d.annotations().getOrDefault(Store.REF_NAME, "");
    String full = d.annotations().getOrDefault(CONTAINERD_NAME, name);
    if (full.indexOf('/') < 0 && full.indexOf(':') < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(ImageRef.parseRegistry(full)).filter(r -> r.digest().isEmpty());
    } catch (ImageException e) {
      // The OCI image-spec allows names there that no registry has.
      return Optional.empty();
    }
  }

  private static List<Candidate> ofDocker(Members members, String what) throws IOException {
    List<Candidate> out = new ArrayList<>();
    for (DockerArchiveSource.Entry entry : DockerArchiveSource.entries(members, what)) {
      List<ImageRef.Registry> names = new ArrayList<>();
      for (String tag : entry.tags()) {
        ImageRef.Registry name = ImageRef.parseRegistry(tag);
        if (name.digest().isPresent()) {
          throw new ImageException(
              Kind.BAD_REFERENCE,
              what + " names an image " + ImageException.quote(tag) + ", which is no tag");
        }
        names.add(name);
      }
      String called = called(entry.tags(), what);
      out.add(new Candidate(new DockerArchiveSource(members, called, entry), names));
    }
    return out;
  }

  /** A name as people write it, its tag always with it. */
  private static String tagged(ImageRef.Registry name) {
    String familiar = name.familiar();
    String tag = ":" + name.tag().orElse("latest");
    return familiar.endsWith(tag) ? familiar : familiar + tag;
  }

  /** What errors call an image of an archive. */
  private static String called(List<String> names, String what) {
    return names.isEmpty() ? what : ImageException.quote(names.get(0)) + " of " + what;
  }

  // ---- saving -----------------------------------------------------------------------------------

  /**
   * Writes images of the store as an archive. The same images give the same bytes.
   *
   * @param images each {@code REPOSITORY[:TAG]}, where a repository alone stands for all of its
   *     tags, or an id or the beginning of one
   * @param platform which image of an index, and what each must be for; without one an index goes
   *     with all that is here of it
   * @throws ImageException NOT_FOUND, NO_PLATFORM; what the store has is checked as it is read
   */
  public void save(
      List<String> images, Optional<Platform> platform, ArchiveFormat format, OutputStream out)
      throws IOException {
    try (ImageState state = existing(images)) {
      List<Digest> ids = new ArrayList<>();
      layout(state, images, platform, format, ids).writeTar(out);
      saved(ids);
    }
  }

  /**
   * Writes images of the store as an OCI layout.
   *
   * @param directory absent, or empty; it appears when it is whole
   */
  public void saveDirectory(List<String> images, Optional<Platform> platform, Path directory)
      throws IOException {
    try (ImageState state = existing(images)) {
      List<Digest> ids = new ArrayList<>();
      layout(state, images, platform, ArchiveFormat.OCI_ARCHIVE, ids).writeDirectory(directory);
      saved(ids);
    }
  }

  private void saved(List<Digest> ids) {
    for (Digest id : ids) {
      events.happened("save", id.toString(), Map.of("name", id.toString()));
    }
  }

  private ImageState existing(List<String> images) throws IOException {
    return ImageState.find(root).orElseThrow(() -> notFound(images.get(0)));
  }

  /** Gives {@code ids} the ids of the images. */
  private static ImageLayout layout(
      ImageState state,
      List<String> images,
      Optional<Platform> platform,
      ArchiveFormat format,
      List<Digest> ids)
      throws IOException {
    Map<Digest, Descriptor> manifests = new LinkedHashMap<>();
    Map<Digest, List<ImageRef.Registry>> names = new LinkedHashMap<>();
    List<Descriptor> all = state.store().manifests();
    for (String image : images) {
      for (Descriptor d : find(state, all, image)) {
        manifests.put(d.digest(), d);
        List<ImageRef.Registry> known = names.computeIfAbsent(d.digest(), k -> new ArrayList<>());
        tag(d).filter(name -> !known.contains(name)).ifPresent(known::add);
      }
    }
    ImageLayout layout = new ImageLayout(state.store(), format);
    for (Descriptor d : manifests.values()) {
      String what = Store.nameOf(d).isEmpty() ? d.digest().toString() : Store.nameOf(d);
      StoreSource source = new StoreSource(state.store(), what, d);
      Contents contents = Contents.read(source, platform);
      if (platform.isEmpty() && contents.index().isPresent() && goesWhole(source)) {
        layout.addIndex(source, contents, names.get(d.digest()));
      } else {
        layout.add(contents, names.get(d.digest()));
      }
      ids.add(contents.manifest().config().digest());
    }
    return layout;
  }

  /**
   * Whether an index is written, with what is here of it. When that is one image alone, its
   * manifest is: there are programs that look for everything that an index lists.
   */
  private static boolean goesWhole(StoreSource source) throws IOException {
    Index index = Index.parse(source.top());
    for (Descriptor each : index.distinct()) {
      if (!source.has(each)) {
        return source.here(index).size() > 1;
      }
    }
    return true;
  }

  /** The name of a manifest that other stores understand. */
  private static Optional<ImageRef.Registry> tag(Descriptor manifest) {
    try {
      return ImageRef.parse(Store.nameOf(manifest)) instanceof ImageRef.Registry r
          ? Optional.of(r).filter(name -> name.digest().isEmpty())
          : Optional.empty();
    } catch (ImageException e) {
      return Optional.empty();
    }
  }

  /** What somebody means by a name; found by its id, an image is without its names. */
  private static List<Descriptor> find(ImageState state, List<Descriptor> all, String image)
      throws IOException {
    List<Descriptor> found = new ArrayList<>();
    String name = nameOrEmpty(image);
    for (Descriptor d : all) {
      boolean wanted = !name.isEmpty() && Store.nameOf(d).equals(name);
      if (wanted || isRepository(image) && tag(d).filter(t -> isOf(t, name)).isPresent()) {
        found.add(d);
      }
    }
    if (!found.isEmpty()) {
      return found;
    }
    String hex = image.startsWith("sha256:") ? image.substring("sha256:".length()) : image;
    Map<Digest, Descriptor> ids = new LinkedHashMap<>();
    for (Descriptor d : hex.length() < 4 ? List.<Descriptor>of() : all) {
      if (MediaType.isIndex(d.mediaType()) && d.digest().hex().startsWith(hex)) {
        ids.putIfAbsent(d.digest(), Store.line(d, ""));
        continue;
      }
      StoreSource source = new StoreSource(state.store(), image, d);
      for (Descriptor each : source.images()) {
        Digest id = Manifest.parse(source.manifest(each)).config().digest();
        if (id.hex().startsWith(hex) || each.digest().hex().startsWith(hex)) {
          ids.putIfAbsent(id, each.with(Map.of()));
        }
      }
    }
    if (ids.size() > 1) {
      throw new ImageException(
          Kind.NOT_FOUND, "several images have an id that begins with " + image);
    }
    if (ids.isEmpty()) {
      throw notFound(image);
    }
    return List.copyOf(ids.values());
  }

  private static String nameOrEmpty(String image) {
    try {
      return ImageRef.parse(image).name();
    } catch (ImageException e) {
      // It may be an id.
      return "";
    }
  }

  /** Whether no tag or digest was written. */
  private static boolean isRepository(String image) {
    return image.indexOf('@') < 0 && image.lastIndexOf(':') <= image.lastIndexOf('/');
  }

  private static boolean isOf(ImageRef.Registry tag, String name) {
    return name.equals(tag.repository() + ":latest");
  }

  private static ImageException notFound(String image) {
    return new ImageException(
        Kind.NOT_FOUND,
        "there is no image " + ImageException.quote(image) + ": see mydocker images");
  }
}
