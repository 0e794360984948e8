package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Images;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * {@code mydocker pull --all-tags}. A tag that is no image for this platform is passed over, and
 * told by the exit code.
 */
record PullAll(Session session, Platform platform, boolean quiet) {
  private static final Set<Kind> OF_THE_TAG =
      Set.of(Kind.NOT_FOUND, Kind.NOT_AN_IMAGE, Kind.NO_PLATFORM, Kind.UNSUPPORTED, Kind.TOO_LARGE);

  /** Pulls them all and gives the exit code. */
  int run(ImageRef.Registry repository) throws IOException {
    Images images = Engine.open(session.environment()).images();
    List<Image> before = images.list();
    List<String> tags = images.registries().tags(repository, PullListener.NONE);
    if (tags.isEmpty()) {
      throw new IOException("the registry has no tags of " + repository.repository());
    }
    Console console = session.console();
    boolean newer = false;
    int failed = 0;
    for (String tag : tags) {
      ImageRef.Registry reference = repository.withTag(tag);
      show(PullCommand.heading(reference, reference.name()));
      PullListener listener = quiet ? PullListener.NONE : session.pullProgressOnOutput();
      try {
        Image image = images.get(reference, platform, PullPolicy.ALWAYS, listener);
        show("Digest: " + image.digest() + "\n");
        newer |= !PullCommand.isAmong(image, before);
      } catch (ImageException e) {
        if (!OF_THE_TAG.contains(e.kind())) {
          throw e;
        }
        console.error("pull: " + e.getMessage());
        failed++;
      }
    }
    String name = repository.withTag("latest").familiar();
    if (failed < tags.size()) {
      show(PullCommand.status(!newer, name));
    }
    console.out(failed < tags.size() ? repository.repository() + "\n" : "");
    return failed == 0 ? 0 : 1;
  }

  private void show(String text) throws IOException {
    if (!quiet) {
      session.console().out(text);
    }
  }
}
