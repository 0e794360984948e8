package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Event;
import dev.mydocker.engine.EventQuery;
import dev.mydocker.engine.EventReader;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code mydocker events}. */
final class EventsCommand implements Command {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX");

  @Override
  public String synopsis() {
    return "events [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Show what happens to containers, images and volumes, as it happens";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .list(
            "NAME=VALUE",
            "Only some: type, event, container, image, label, volume",
            "-f",
            "--filter")
        .value("TEMPLATE", "Print by a Go template, or json", "--format")
        .value(
            "TIME",
            "Also what was since then: 2026-03-01T12:00:00Z, or 10m: so long ago",
            "--since")
        .value("TIME", "Only up to then, which is also its end", "--until");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker events",
        "mydocker events --since 1h --until 0s --filter event=die",
        "mydocker events --filter container=web --format '{{json .}}'");
  }

  @Override
  public String notes() {
    return "The last 4 to 8 MB of events are kept. Without --until it goes on until it is\n"
        + "interrupted.\n";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    EventFilter filter = EventFilter.parse(arguments.all("--filter"));
    Optional<String> template = arguments.value("--format");
    Optional<Format> format =
        template.isEmpty() ? Optional.empty() : Optional.of(Format.parse(template.get()));
    EventQuery query = query(arguments, Instant.now());
    Engine engine = Engine.open(session.environment());
    try (EventReader events = engine.events(query)) {
      engine.sweep();
      for (Optional<Event> e = events.next(); e.isPresent(); e = events.next()) {
        if (filter.matches(e.get())) {
          session.console().out(line(e.get(), format) + "\n");
        }
      }
    }
    return 0;
  }

  private static EventQuery query(Flags.Parsed arguments, Instant now) throws UsageException {
    Optional<Instant> since = LogsCommand.moment(arguments.value("--since"), now);
    Optional<Instant> until = LogsCommand.moment(arguments.value("--until"), now);
    if (since.orElse(Instant.MIN).isAfter(until.orElse(Instant.MAX))) {
      throw new UsageException("--since is after --until");
    }
    return new EventQuery(since, until);
  }

  private static String line(Event event, Optional<Format> format) throws UsageException {
    return format.isPresent()
        ? format.get().line(event.fields(), event.toJson())
        : text(event, ZoneId.systemDefault());
  }

  /** Docker's line: {@code TIME container start ID (image=busybox, name=web)}. */
  static String text(Event event, ZoneId zone) {
    List<String> attributes = new ArrayList<>();
    event.attributes().forEach((name, value) -> attributes.add(name + "=" + value));
    String inside = attributes.isEmpty() ? "" : " (" + String.join(", ", attributes) + ")";
    return TIME.format(event.time().atZone(zone))
        + " "
        + Text.printable(event.type() + " " + event.action() + " " + event.id() + inside);
  }
}
