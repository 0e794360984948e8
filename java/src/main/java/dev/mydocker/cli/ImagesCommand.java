package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker images}. */
final class ImagesCommand implements Command {
  private static final String NONE = "<none>";
  private static final String UNKNOWN = "N/A";
  private static final Map<String, String> HEADINGS =
      Map.of("ID", "IMAGE ID", "CreatedSince", "CREATED", "CreatedAt", "CREATED AT");

  @Override
  public String synopsis() {
    return "images [OPTIONS] [REPOSITORY[:TAG]]";
  }

  @Override
  public String summary() {
    return "List the images that are here, the newest first";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Print ids alone", "-q", "--quiet")
        .toggle("Print ids in full", "--no-trunc")
        .toggle("Print the manifests' digests too", "--digests")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format")
        .later(" -a --all -f --filter --tree ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker images",
        "mydocker images -q busybox",
        "mydocker images --format '{{.Repository}}:{{.Tag}} {{.Size}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() > 1) {
      throw new UsageException("it takes at most one repository");
    }
    List<Image> images = Engine.open(session.environment()).images().list();
    session.console().out(listing(arguments, images, Instant.now()));
    return 0;
  }

  /** What is printed of these images. */
  static String listing(Flags.Parsed arguments, List<Image> images, Instant now)
      throws UsageException, ImageException {
    String wanted = arguments.arguments().isEmpty() ? "" : arguments.arguments().get(0);
    return format(arguments)
        .render(rows(images, wanted, arguments.on("--no-trunc"), now), HEADINGS);
  }

  private static Format format(Flags.Parsed arguments) throws UsageException {
    Optional<String> given = arguments.value("--format");
    if (given.isPresent() && !given.get().equals("table")) {
      return Format.parse(given.get());
    }
    if (arguments.on("--quiet")) {
      return Format.parse("{{.ID}}");
    }
    String digest = arguments.on("--digests") ? "{{.Digest}}\\t" : "";
    return Format.parse(
        "table {{.Repository}}\\t{{.Tag}}\\t" + digest + "{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}");
  }

  /**
   * A row for each image that was asked for.
   *
   * @param wanted {@code REPOSITORY[:TAG]}, or empty for all
   */
  private static List<Json.Obj> rows(List<Image> images, String wanted, boolean whole, Instant now)
      throws ImageException {
    List<Image> sorted = new ArrayList<>(images);
    sorted.sort((a, b) -> created(b).compareTo(created(a)));
    List<Json.Obj> rows = new ArrayList<>();
    for (Image image : sorted) {
      Name name = Name.of(image);
      if (name.matches(wanted)) {
        rows.add(row(image, name, whole, now));
      }
    }
    return rows;
  }

  private static Json.Obj row(Image image, Name name, boolean whole, Instant now) {
    Instant created = created(image);
    boolean known = created.isAfter(Instant.MIN);
    return Json.object()
        .put("Repository", name.repository())
        .put("Tag", name.tag())
        .put("Digest", image.manifestDigest().toString())
        .put("ID", whole ? image.imageId().toString() : image.imageId().shortHex())
        .put(
            "CreatedSince",
            known ? Human.duration(Duration.between(created, now)) + " ago" : UNKNOWN)
        .put("CreatedAt", known ? date(created) : UNKNOWN)
        .put("Size", Human.size(image.size(), 3))
        .build();
  }

  private static String date(Instant created) {
    return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss Z 'UTC'", Locale.ROOT)
        .format(created.atOffset(ZoneOffset.UTC));
  }

  /** When it was made; {@link Instant#MIN} when it does not say, or says a zero of Go's. */
  private static Instant created(Image image) {
    try {
      Optional<String> text = image.config().created();
      Instant created = text.isPresent() ? Instant.parse(text.get()) : Instant.MIN;
      return created.isBefore(Instant.EPOCH) ? Instant.MIN : created;
    } catch (DateTimeException e) {
      return Instant.MIN;
    }
  }

  /** An image's name in Docker's two columns. */
  private record Name(String repository, String tag) {

    static Name of(Image image) throws ImageException {
      if (image.name().isEmpty()) {
        return new Name(NONE, NONE);
      }
      ImageRef reference = ImageRef.parse(image.name());
      if (reference instanceof ImageRef.Registry registry) {
        String familiar =
            new ImageRef.Registry(
                    registry.domain(), registry.path(), Optional.of("latest"), Optional.empty())
                .familiar();
        return new Name(familiar, registry.tag().orElse(NONE));
      }
      return new Name(reference.name(), NONE);
    }

    boolean matches(String wanted) {
      return wanted.isEmpty() || wanted.equals(repository) || wanted.equals(repository + ":" + tag);
    }
  }
}
