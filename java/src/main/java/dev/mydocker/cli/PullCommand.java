package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Images;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker pull}. */
final class PullCommand implements Command {

  @Override
  public String synopsis() {
    return "pull [OPTIONS] IMAGE | pull --all-tags [OPTIONS] NAME";
  }

  @Override
  public String summary() {
    return "Fetch an image and unpack it";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Print the image's name alone", "-q", "--quiet")
        .value("OS/ARCH", "Which variant of it: linux/arm64", "--platform")
        .toggle("Fetch it for all platforms", "--all-platforms")
        .toggle("Fetch every tag that the registry has of the name", "-a", "--all-tags")
        .later(" --disable-content-trust ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker pull busybox",
        "mydocker pull --platform linux/arm64 debian:12",
        "mydocker pull --all-platforms debian:12",
        "mydocker pull --all-tags registry.example/team/app",
        "mydocker pull -q oci-archive:image.tar");
  }

  @Override
  public String notes() {
    return "\nWhat an image may cost, in the environment:\n"
        + "  MYDOCKER_LIMIT_LAYER_BYTES     unpacked; 256 GiB when it is not set\n"
        + "  MYDOCKER_LIMIT_LAYER_RATIO     of unpacked to compressed size beyond 2 GiB; 400\n"
        + "  MYDOCKER_LIMIT_LAYER_ENTRIES   of its tar; 4000000\n"
        + "  MYDOCKER_LIMIT_LAYER_PATH      bytes of a path in it; 4095, and no more\n"
        + "  MYDOCKER_LIMIT_LAYERS          of an image; 500, and no more\n"
        + "  MYDOCKER_LIMIT_MANIFESTS       of an index; 1000\n"
        + "  MYDOCKER_LIMIT_DOCUMENT_BYTES  of a manifest or configuration; 4 MiB, 16 at most\n"
        + "  MYDOCKER_LIMIT_DOCUMENT_DEPTH  of JSON; 100, 200 at most\n";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one image");
    }
    ImageRef reference = ImageRef.parse(arguments.arguments().get(0));
    Platform platform = platform(arguments.value("--platform")).orElse(Platform.host());
    boolean everything = arguments.on("--all-platforms");
    if (everything && arguments.value("--platform").isPresent()) {
      throw new UsageException("--all-platforms brings every platform: leave out --platform");
    }
    if (everything && arguments.on("--all-tags")) {
      throw new UsageException("--all-platforms and --all-tags do not go together");
    }
    if (arguments.on("--all-tags")) {
      return new PullAll(session, platform, arguments.on("--quiet"))
          .run(repository(reference, arguments.arguments().get(0)));
    }
    Images images = Engine.open(session.environment()).images();
    if (arguments.on("--quiet")) {
      Image image = pull(images, reference, platform, everything, PullListener.NONE);
      session.console().out(Text.printable(image.name()) + "\n");
      return 0;
    }
    session.console().out(heading(reference, arguments.arguments().get(0)));
    List<Image> before = images.list();
    Image image = pull(images, reference, platform, everything, session.pullProgressOnOutput());
    // Its own image may have been here, and others of its index not.
    boolean more = everything && images.list().size() > before.size();
    session.console().out(closing(image, reference, more ? List.of() : before));
    return 0;
  }

  private static Image pull(
      Images images,
      ImageRef reference,
      Platform platform,
      boolean everything,
      PullListener listener)
      throws IOException {
    return everything
        ? images.getAllPlatforms(reference, listener)
        : images.get(reference, platform, PullPolicy.ALWAYS, listener);
  }

  private static ImageRef.Registry repository(ImageRef reference, String given)
      throws UsageException {
    if (!(reference instanceof ImageRef.Registry registry)) {
      throw new UsageException("--all-tags needs the name of a registry's repository");
    }
    if (namesTag(registry, given)) {
      throw new UsageException("a tag can't be used with --all-tags");
    }
    return registry;
  }

  /** Whether the user wrote a tag or digest, and not the name alone. */
  static boolean namesTag(ImageRef.Registry reference, String given) {
    return !reference.tag().equals(Optional.of("latest"))
        || reference.digest().isPresent()
        || given.endsWith(":latest");
  }

  /** The platform that was asked for. */
  static Optional<Platform> platform(Optional<String> text) throws UsageException {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Platform.parse(text.get()));
    } catch (ImageException e) {
      throw new UsageException("--platform: " + e.getMessage(), e);
    }
  }

  /** What is pulled, and from where. */
  static String heading(ImageRef reference, String given) {
    if (!(reference instanceof ImageRef.Registry registry)) {
      return "Pulling from " + Text.printable(reference.name()) + "\n";
    }
    String path = registry.domain().equals("docker.io") ? registry.path() : registry.repository();
    if (registry.digest().isPresent()) {
      return registry.digest().get() + ": Pulling from " + path + "\n";
    }
    String added = namesTag(registry, given) ? "" : "Using default tag: latest\n";
    return added + registry.tag().orElse("latest") + ": Pulling from " + path + "\n";
  }

  /**
   * What came of it.
   *
   * @param before the store's images before the pull
   */
  static String closing(Image image, ImageRef reference, List<Image> before) {
    String name = reference.familiar();
    if (reference instanceof ImageRef.Registry registry
        && registry.digest().isEmpty()
        && registry.tag().equals(Optional.of("latest"))) {
      name += ":latest";
    }
    return "Digest: "
        + image.digest()
        + "\n"
        + status(isAmong(image, before), name)
        + Text.printable(image.name())
        + "\n";
  }

  /** Whether the store had the image under its name before. */
  static boolean isAmong(Image image, List<Image> before) {
    return before.stream()
        .anyMatch(
            old ->
                old.name().equals(image.name())
                    && old.digest().equals(image.digest())
                    && old.manifestDigest().equals(image.manifestDigest()));
  }

  /** Whether anything came. */
  static String status(boolean same, String name) {
    return (same ? "Status: Image is up to date for " : "Status: Downloaded newer image for ")
        + Text.printable(name)
        + "\n";
  }
}
