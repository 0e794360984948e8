package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Digest;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PushListener;
import dev.mydocker.image.Pushed;
import dev.mydocker.image.Registries;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker push}. */
final class PushCommand implements Command {

  @Override
  public String synopsis() {
    return "push [OPTIONS] NAME[:TAG]";
  }

  @Override
  public String summary() {
    return "Send an image to the registry that its name says";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Send every tag of the name that is here", "-a", "--all-tags")
        .toggle("Print the image's name alone", "-q", "--quiet")
        .value("OS/ARCH", "Send this variant of it alone: linux/arm64", "--platform")
        .later(" --disable-content-trust ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker push localhost:5000/team/app:1.0",
        "mydocker push --all-tags registry.example/team/app",
        "mydocker push --platform linux/arm64 registry.example/team/app");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one image");
    }
    String given = arguments.arguments().get(0);
    ImageRef.Registry reference = reference(given);
    Optional<Platform> platform = PullCommand.platform(arguments.value("--platform"));
    boolean all = arguments.on("--all-tags");
    boolean quiet = arguments.on("--quiet");
    if (all && PullCommand.namesTag(reference, given)) {
      throw new UsageException("a tag can't be used with --all-tags");
    }
    Registries registries = Engine.open(session.environment()).images().registries();
    List<String> tags =
        all ? registries.keptTags(reference) : List.of(reference.tag().orElseThrow());
    if (tags.isEmpty()) {
      throw new IOException(
          "no image of the name " + reference.repository() + " is here: see mydocker images");
    }
    Console console = session.console();
    if (!quiet) {
      boolean added = !all && !PullCommand.namesTag(reference, given);
      console.out(added ? "Using default tag: latest\n" : "");
      console.out("The push refers to repository [" + reference.repository() + "]\n");
    }
    for (String tag : tags) {
      PushListener listener = quiet ? PushListener.NONE : session.pushProgressOnOutput();
      Pushed pushed = registries.push(reference.withTag(tag), platform, listener);
      if (!quiet) {
        console.out(tag + ": digest: " + pushed.digest() + " size: " + pushed.size() + "\n");
      }
      if (pushed.insteadOf().isPresent()) {
        console.warning(instead(reference.withTag(tag), pushed.insteadOf().get(), pushed.digest()));
      }
    }
    if (quiet) {
      console.out((all ? reference.repository() : reference.name()) + "\n");
    }
    return 0;
  }

  /** That a pull of the tag gives another digest than the one that is here. */
  static String instead(ImageRef.Registry reference, Digest index, Digest sent) {
    return "push: not all platforms of "
        + reference.familiar()
        + " are here, so the one that is was sent alone: "
        + index
        + " -> "
        + sent;
  }

  private static ImageRef.Registry reference(String given) throws UsageException, IOException {
    if (!(ImageRef.parse(given) instanceof ImageRef.Registry registry)) {
      throw new UsageException(
          Text.printable(given) + " names no registry: pull it, tag it, and push that name");
    }
    if (registry.digest().isPresent()) {
      throw new UsageException("cannot push a digest: name a tag");
    }
    return registry;
  }
}
