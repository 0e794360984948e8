package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageMaker;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** {@code mydocker commit}. */
final class CommitCommand implements Command {

  @Override
  public String synopsis() {
    return "commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]";
  }

  @Override
  public String summary() {
    return "Make an image of a container's image and what the container has changed of it";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("TEXT", "Who has made it", "-a", "--author")
        .list("LINE", "A Dockerfile's instruction for its configuration", "-c", "--change")
        .value("TEXT", "A comment for its history", "-m", "--message")
        .toggle("Let its processes stand still meanwhile: on", "-p", "--pause");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker commit web app:2",
        "mydocker commit -m 'with vim' -c 'CMD [\"sh\"]' -c 'ENV A=1' web app:2");
  }

  @Override
  public String notes() {
    return "The configuration is that of the container's image, with the changes. What is mounted"
        + " in the\n"
        + "container is not part of the new image.";
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> given = arguments.arguments();
    if (given.isEmpty() || given.size() > 2) {
      throw new UsageException("it needs a container, and perhaps a name for the image");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(given.get(0));
    ImageMaker.Description description =
        new ImageMaker.Description(
            ImportCommand.name(given),
            ImportCommand.changes(arguments.all("--change")),
            Instant.now().truncatedTo(ChronoUnit.SECONDS),
            arguments.value("--author"),
            Optional.of(String.join(" ", container.info().command())),
            arguments.value("--message"));
    Image image = container.commit(engine.images(), description, arguments.on("--pause", true));
    session.console().out(image.imageId() + "\n");
    return 0;
  }
}
