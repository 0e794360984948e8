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
    return "pull [OPTIONS] IMAGE";
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
        .later(" -a --all-tags --disable-content-trust ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker pull busybox",
        "mydocker pull --platform linux/arm64 debian:12",
        "mydocker pull -q oci-archive:image.tar");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one image");
    }
    ImageRef reference = ImageRef.parse(arguments.arguments().get(0));
    Platform platform = platform(arguments.value("--platform"));
    Images images = Engine.open(session.environment()).images();
    if (arguments.on("--quiet")) {
      Image image = images.get(reference, platform, PullPolicy.ALWAYS, PullListener.NONE);
      session.console().out(Text.printable(image.name()) + "\n");
      return 0;
    }
    session.console().out(heading(reference, arguments.arguments().get(0)));
    List<Image> before = images.list();
    Image image =
        images.get(reference, platform, PullPolicy.ALWAYS, session.pullProgressOnOutput());
    session.console().out(closing(image, reference, before));
    return 0;
  }

  private static Platform platform(Optional<String> text) throws UsageException {
    try {
      return text.isEmpty() ? Platform.host() : Platform.parse(text.get());
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
    String tag = registry.tag().orElse("latest");
    boolean added = tag.equals("latest") && !given.endsWith(":latest");
    return (added ? "Using default tag: latest\n" : "") + tag + ": Pulling from " + path + "\n";
  }

  /**
   * What came of it.
   *
   * @param before the store's images before the pull
   */
  static String closing(Image image, ImageRef reference, List<Image> before) {
    boolean same = false;
    for (Image old : before) {
      same |=
          old.name().equals(image.name()) && old.manifestDigest().equals(image.manifestDigest());
    }
    String name = reference.familiar();
    if (reference instanceof ImageRef.Registry registry
        && registry.digest().isEmpty()
        && registry.tag().equals(Optional.of("latest"))) {
      name += ":latest";
    }
    return "Digest: "
        + image.manifestDigest()
        + "\nStatus: "
        + (same ? "Image is up to date for " : "Downloaded newer image for ")
        + Text.printable(name)
        + "\n"
        + Text.printable(image.name())
        + "\n";
  }
}
