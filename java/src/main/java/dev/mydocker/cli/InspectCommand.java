package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.LocalImages;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker inspect} and {@code mydocker image inspect}. */
final class InspectCommand implements Command {
  private final boolean images;

  /**
   * The command.
   *
   * @param images whether it is that of images alone, in which no type is asked for
   */
  InspectCommand(boolean images) {
    this.images = images;
  }

  @Override
  public String synopsis() {
    return images ? "image inspect [OPTIONS] IMAGE [IMAGE...]" : "inspect [OPTIONS] NAME [NAME...]";
  }

  @Override
  public String summary() {
    return "Show everything about images, as JSON";
  }

  @Override
  public Flags flags() {
    Flags flags =
        new Flags()
            .group("Options")
            .value("TEMPLATE", "Print by a Go template, or json", "-f", "--format");
    return images
        ? flags.later(" --platform ")
        : flags.value("TYPE", "What is meant: image", "--type").later(" -s --size ");
  }

  @Override
  public List<String> examples() {
    String start = images ? "mydocker image inspect" : "mydocker inspect";
    return List.of(start + " busybox", start + " -f '{{.Config.Env}}' busybox");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs at least one " + (images ? "image" : "name"));
    }
    Optional<String> type = images ? Optional.empty() : arguments.value("--type");
    if (type.isPresent() && !type.get().equals("image")) {
      throw new UsageException(
          "--type: " + Text.quote(type.get()) + " is not supported yet: write image");
    }
    LocalImages local = Engine.open(session.environment()).images().local();
    List<Json.Obj> found = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    for (String name : arguments.arguments()) {
      try {
        found.add(ImageDocument.of(local.details(name)));
      } catch (IOException e) {
        errors.add(e.getMessage());
      }
    }
    session.console().out(text(found, arguments.value("--format")));
    for (String error : errors) {
      session.console().error((images ? "image inspect: " : "inspect: ") + error);
    }
    return errors.isEmpty() ? 0 : 1;
  }

  private static String text(List<Json.Obj> found, Optional<String> format) throws UsageException {
    if (format.isPresent()) {
      return Format.parse(format.get()).render(found, Map.of());
    }
    return new String(new Json.Arr(List.copyOf(found)).toPrettyBytes(), StandardCharsets.UTF_8);
  }
}
