package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.ImageArchives;
import dev.mydocker.image.Platform;
import dev.mydocker.image.Platforms;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code mydocker load}. */
final class LoadCommand implements Command {

  @Override
  public String synopsis() {
    return "load [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Take the images out of an archive that docker, podman, skopeo or mydocker wrote";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("FILE", "The archive or OCI layout, instead of standard input", "-i", "--input")
        .toggle("Print the loaded images alone", "-q", "--quiet")
        .value("OS/ARCH", "Which variant of them: linux/arm64", "--platform")
        .toggle("Take them for all platforms that are in it", "--all-platforms");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker load -i busybox.tar",
        "mydocker load -q -i layout-directory",
        "gunzip -c images.tar.gz | mydocker load");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments: give the archive by -i FILE");
    }
    Platforms which = platforms(arguments);
    Optional<String> file = arguments.value("--input");
    boolean quiet = arguments.on("--quiet") || WindowSize.of(2).isEmpty();
    PullListener listener = quiet ? PullListener.NONE : session.pullProgress();
    Consumer<ImageArchives.Loaded> each = loaded -> session.console().progressOut(lines(loaded));
    ImageArchives archives = Engine.open(session.environment()).images().archives();
    if (file.isPresent()) {
      archives.load(Path.of(file.get()), which, listener, each);
    } else if (Linux.isatty(0) == 1) {
      throw new UsageException("the standard input is a terminal: give the archive by -i FILE");
    } else {
      archives.load(session.console().input(), "standard input", which, listener, each);
    }
    return 0;
  }

  private static Platforms platforms(Flags.Parsed arguments) throws UsageException {
    Optional<Platform> platform = SaveCommand.platform(arguments);
    boolean all = arguments.on("--all-platforms");
    if (all && platform.isPresent()) {
      throw new UsageException("--all-platforms takes every platform: leave out --platform");
    }
    return all
        ? new Platforms.All()
        : platform.<Platforms>map(Platforms.One::new).orElseGet(Platforms.Usual::new);
  }

  /** A line for each name of an image, or one with its id. */
  static String lines(ImageArchives.Loaded loaded) {
    if (loaded.names().isEmpty()) {
      return "Loaded image ID: " + loaded.image().imageId() + "\n";
    }
    StringBuilder out = new StringBuilder();
    for (String name : loaded.names()) {
      out.append("Loaded image: ").append(Text.printable(name)).append('\n');
    }
    return out.toString();
  }
}
