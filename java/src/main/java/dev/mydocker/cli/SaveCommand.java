package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.ArchiveFormat;
import dev.mydocker.image.ImageArchives;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.Platform;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code mydocker save}. */
final class SaveCommand implements Command {

  @Override
  public String synopsis() {
    return "save [OPTIONS] IMAGE [IMAGE...]";
  }

  @Override
  public String summary() {
    return "Write images into one archive: the same images give the same bytes";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("FILE", "Where to, instead of the standard output", "-o", "--output")
        .value("FORM", "docker-archive (the default), oci-archive or oci-dir", "--format")
        .value("OS/ARCH", "This variant of them alone: linux/arm64", "--platform");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker save -o busybox.tar busybox",
        "mydocker save --format oci-dir -o layout busybox:1.36 alpine",
        "mydocker save busybox | ssh host mydocker load");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> images = arguments.arguments();
    if (images.isEmpty()) {
      throw new UsageException("it needs at least one image");
    }
    Optional<Platform> platform = platform(arguments);
    Optional<Path> file = arguments.value("--output").map(Path::of);
    String form = arguments.value("--format").orElse("docker-archive");
    boolean directory = form.equals("oci-dir");
    if (directory && file.isEmpty()) {
      throw new UsageException("--format oci-dir needs a directory: -o DIR");
    }
    ArchiveFormat format = format(form);
    ImageArchives archives = Engine.open(session.environment()).images().archives();
    if (directory) {
      archives.saveDirectory(images, platform, file.get());
    } else if (file.isPresent()) {
      OutputFile.write(file.get(), out -> archives.save(images, platform, format, out));
    } else if (Linux.isatty(1) == 1) {
      throw new UsageException(
          "an archive is nothing for a terminal: give -o FILE, or redirect it");
    } else {
      archives.save(images, platform, format, session.console().output());
    }
    return 0;
  }

  private static ArchiveFormat format(String text) throws UsageException {
    return switch (text) {
      case "docker-archive" -> ArchiveFormat.DOCKER_ARCHIVE;
      case "oci-archive", "oci-dir" -> ArchiveFormat.OCI_ARCHIVE;
      default ->
          throw new UsageException(
              "--format: " + Text.quote(text) + " is not docker-archive, oci-archive or oci-dir");
    };
  }

  /** What {@code --platform} says; empty when it was not given. */
  static Optional<Platform> platform(Flags.Parsed arguments) throws UsageException {
    Optional<String> text = arguments.value("--platform");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Platform.parse(text.get()));
    } catch (ImageException e) {
      throw new UsageException("--platform: " + e.getMessage(), e);
    }
  }
}
