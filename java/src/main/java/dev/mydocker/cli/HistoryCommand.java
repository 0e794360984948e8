package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.ImageDetails;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker history}. */
final class HistoryCommand implements Command {
  private static final int CREATED_BY = 45;
  private static final String MISSING = "<missing>";
  private static final Map<String, String> HEADINGS =
      Map.of(
          "ID",
          "IMAGE",
          "CreatedSince",
          "CREATED",
          "CreatedAt",
          "CREATED AT",
          "CreatedBy",
          "CREATED BY");

  @Override
  public String synopsis() {
    return "history [OPTIONS] IMAGE";
  }

  @Override
  public String summary() {
    return "Show how an image was made, the last step first; sizes are those of stored layers";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Sizes and dates for people; --human=false for programs", "-H", "--human")
        .toggle("Print ids and commands in full", "--no-trunc")
        .toggle("Print ids alone", "-q", "--quiet")
        .value("TEMPLATE", "Print by a Go template, table TEMPLATE, or json", "--format")
        .value("OS/ARCH", "Which of its variants: linux/arm64", "--platform");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker history busybox", "mydocker history --no-trunc --human=false busybox");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one image");
    }
    ImageDetails details =
        Engine.open(session.environment())
            .images()
            .local()
            .details(arguments.arguments().get(0), SaveCommand.platform(arguments));
    session.console().out(listing(arguments, details, Instant.now()));
    return 0;
  }

  /** What is printed of this image. */
  static String listing(Flags.Parsed arguments, ImageDetails details, Instant now)
      throws UsageException, JsonException {
    boolean human = arguments.on("--human", true);
    boolean whole = arguments.on("--no-trunc");
    List<Json.Obj> rows = new ArrayList<>();
    for (Step step : steps(details)) {
      rows.add(step.row(human, whole, now));
    }
    Collections.reverse(rows);
    if (!rows.isEmpty()) {
      String id =
          whole ? details.image().imageId().toString() : details.image().imageId().shortHex();
      Json.Builder first = Json.object();
      rows.get(0).members().forEach(first::put);
      rows.set(0, first.put("ID", id).build());
    }
    return format(arguments, human).render(rows, HEADINGS);
  }

  private static Format format(Flags.Parsed arguments, boolean human) throws UsageException {
    Optional<String> given = arguments.value("--format");
    if (given.isPresent() && !given.get().equals("table")) {
      return Format.parse(given.get());
    }
    if (arguments.on("--quiet")) {
      return Format.parse("{{.ID}}");
    }
    String created = human ? "CreatedSince" : "CreatedAt";
    return Format.parse(
        "table {{.ID}}\\t{{." + created + "}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}");
  }

  /** One line of the configuration's history. */
  private record Step(Optional<String> created, String by, String comment, long bytes) {

    Json.Obj row(boolean human, boolean whole, Instant now) {
      Instant made = ImageColumns.instant(created);
      return Json.object()
          .put("ID", MISSING)
          .put("CreatedSince", ImageColumns.since(made, now))
          .put("CreatedAt", created.orElse(ImageColumns.UNKNOWN))
          .put("CreatedBy", whole ? by : Text.ellipsis(by, CREATED_BY))
          .put("Size", human ? Human.size(bytes, 3) : Long.toString(bytes))
          .put("Comment", comment)
          .build();
    }
  }

  /** The history, the first step first; a layer that it does not tell of is a step of its own. */
  private static List<Step> steps(ImageDetails details) throws JsonException {
    List<Long> sizes = details.layerSizes();
    List<Step> steps = new ArrayList<>();
    int layer = 0;
    for (Json item : details.image().config().history()) {
      Json.Obj step = item instanceof Json.Obj object ? object : Json.object().build();
      boolean empty = step.bool("empty_layer") || layer == sizes.size();
      steps.add(
          new Step(
              step.string("created"),
              step.string("created_by").orElse("").replace('\t', ' '),
              step.string("comment").orElse(""),
              empty ? 0 : sizes.get(layer++)));
    }
    for (; layer < sizes.size(); layer++) {
      steps.add(new Step(Optional.empty(), "", "", sizes.get(layer)));
    }
    return steps;
  }
}
