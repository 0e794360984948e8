package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ListedImage;
import dev.mydocker.image.LocalImages;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker images}. */
final class ImagesCommand implements Command {
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
        .toggle("All images; there are no hidden ones here", "-a", "--all")
        .toggle("Print ids alone", "-q", "--quiet")
        .toggle("Print ids in full", "--no-trunc")
        .toggle("Print the manifests' digests too", "--digests")
        .list("NAME=VALUE", "dangling, reference, label, before, since or until", "-f", "--filter")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format")
        .later(" --tree ");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker images",
        "mydocker images -q busybox",
        "mydocker images --filter dangling=true",
        "mydocker images --filter reference=localhost:5000/*/* --filter label=stage=test",
        "mydocker images --format '{{.Repository}}:{{.Tag}} {{.Size}}'");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() > 1) {
      throw new UsageException("it takes at most one repository");
    }
    LocalImages local = Engine.open(session.environment()).images().local();
    Instant now = Instant.now();
    ImageFilter filter =
        ImageFilter.parse(
            arguments.all("--filter"),
            ImageFilter.OF_LISTS,
            now,
            image -> ImageColumns.created(local.details(image).image()));
    List<ListedImage> images = local.list();
    session.console().out(listing(arguments, filter, images, now));
    warn(session.console(), local.damage(), images);
    return 0;
  }

  private static void warn(Console console, Optional<String> damage, List<ListedImage> images)
      throws ImageException {
    if (damage.isPresent()) {
      console.warning(
          "images: " + damage.get() + ": mydocker system check --repair puts it in order");
    }
    for (ListedImage image : images) {
      if (image.damage().isPresent()) {
        console.warning(
            "images: "
                + image.shown()
                + " is damaged: "
                + image.damage().get()
                + ": pull it again, or remove it with mydocker rmi -f "
                + image.shown());
      }
    }
  }

  /** What is printed of these images. */
  static String listing(
      Flags.Parsed arguments, ImageFilter filter, List<ListedImage> images, Instant now)
      throws UsageException, ImageException {
    if (!arguments.arguments().isEmpty()) {
      filter.reference(arguments.arguments().get(0));
    }
    List<ListedImage> chosen = new ArrayList<>();
    for (ListedImage image : images) {
      if (filter.matches(image)) {
        chosen.add(image);
      }
    }
    chosen.sort((a, b) -> created(b).compareTo(created(a)));
    List<Json.Obj> rows = new ArrayList<>();
    for (ListedImage image : chosen) {
      rows.add(row(image, arguments.on("--no-trunc"), now));
    }
    return format(arguments).render(rows, HEADINGS);
  }

  private static Instant created(ListedImage image) {
    return image.image().map(ImageColumns::created).orElse(Instant.MIN);
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

  private static Json.Obj row(ListedImage image, boolean whole, Instant now) throws ImageException {
    ImageColumns name = ImageColumns.of(image.name());
    Instant created = created(image);
    Optional<Image> readable = image.image();
    return Json.object()
        .put("Repository", name.repository())
        .put("Tag", name.tag())
        .put("Digest", image.digest().toString())
        .put("ID", whole ? image.id().toString() : image.id().shortHex())
        .put("CreatedSince", ImageColumns.since(created, now))
        .put("CreatedAt", ImageColumns.date(created))
        .put("Size", readable.isPresent() ? Human.size(readable.get().size(), 3) : "damaged")
        .build();
  }
}
