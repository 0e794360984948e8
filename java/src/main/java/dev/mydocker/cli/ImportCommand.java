package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.ConfigChange;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageMaker;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code mydocker import}. */
final class ImportCommand implements Command {

  @Override
  public String synopsis() {
    return "import [OPTIONS] FILE|- [REPOSITORY[:TAG]]";
  }

  @Override
  public String summary() {
    return "Make an image of one layer out of a root file system in a tar";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .list("LINE", "A Dockerfile's instruction for its configuration", "-c", "--change")
        .value("TEXT", "A comment for its history", "-m", "--message")
        .value("OS/ARCH", "What it runs on, instead of this host's: linux/arm64", "--platform");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker import rootfs.tar.gz app:1",
        "mydocker import -c 'CMD [\"/app\"]' -c 'ENV A=1' rootfs.tar app",
        "tar -C rootfs -c . | mydocker import - app");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> given = arguments.arguments();
    if (given.isEmpty() || given.size() > 2) {
      throw new UsageException("it needs a file or - for the standard input, and perhaps a name");
    }
    String source = given.get(0);
    if (source.startsWith("http://") || source.startsWith("https://")) {
      throw new UsageException("it fetches nothing: curl -L URL | mydocker import -");
    }
    Platform platform = SaveCommand.platform(arguments).orElseGet(Platform::host);
    String comment = arguments.value("--message").orElse("Imported from " + source);
    ImageMaker.Description description =
        new ImageMaker.Description(
            name(given),
            changes(arguments.all("--change")),
            Instant.now().truncatedTo(ChronoUnit.SECONDS),
            Optional.empty(),
            Optional.empty(),
            Optional.of(comment));
    ImageMaker maker = Engine.open(session.environment()).images().maker();
    Image image;
    if (source.equals("-")) {
      if (Linux.isatty(0) == 1) {
        throw new UsageException("the standard input is a terminal: give a file, or redirect it");
      }
      InputStream in = session.console().input();
      image = maker.importTar(in, "standard input", platform, description, PullListener.NONE);
    } else {
      try (InputStream in = open(source)) {
        image = maker.importTar(in, source, platform, description, PullListener.NONE);
      }
    }
    session.console().out(image.imageId() + "\n");
    return 0;
  }

  private static InputStream open(String source) throws IOException {
    Path file = Path.of(source);
    if (Files.isDirectory(file)) {
      throw new IOException(
          "cannot import " + source + ": it is a directory: tar -C DIR -c . | mydocker import -");
    }
    if (!Files.exists(file)) {
      throw new IOException("cannot import " + source + ": no such file");
    }
    return Files.newInputStream(file);
  }

  /** The name of a new image, which stands second; empty when it is not given. */
  static Optional<ImageRef.Registry> name(List<String> given)
      throws ImageException, UsageException {
    if (given.size() == 1) {
      return Optional.empty();
    }
    ImageRef.Registry name = ImageRef.parseRegistry(given.get(1));
    if (name.digest().isPresent()) {
      throw new UsageException("a new image has no digest yet: name it REPOSITORY[:TAG]");
    }
    return Optional.of(name);
  }

  static List<ConfigChange> changes(List<String> lines) throws UsageException {
    List<ConfigChange> out = new ArrayList<>();
    for (String line : lines) {
      try {
        out.add(ConfigChange.parse(line));
      } catch (ImageException e) {
        throw new UsageException("--change: " + e.getMessage(), e);
      }
    }
    return out;
  }
}
