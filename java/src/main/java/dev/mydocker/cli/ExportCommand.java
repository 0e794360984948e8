package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.image.LayerWriter;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code mydocker export}. */
final class ExportCommand implements Command {

  @Override
  public String synopsis() {
    return "export [OPTIONS] CONTAINER";
  }

  @Override
  public String summary() {
    return "Write a container's files into a tar; what is mounted in it is not among them";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("FILE", "Where to, instead of the standard output", "-o", "--output");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker export -o web.tar web", "mydocker export web | mydocker import - web:flat");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one container");
    }
    Optional<Path> file = arguments.value("--output").map(Path::of);
    if (file.isEmpty() && Linux.isatty(1) == 1) {
      throw new UsageException(
          "an archive is nothing for a terminal: give -o FILE, or redirect it");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(arguments.arguments().get(0));
    if (file.isPresent()) {
      OutputFile.write(file.get(), out -> write(container, out, session));
    } else {
      write(container, session.console().output(), session);
    }
    return 0;
  }

  private static void write(Container container, OutputStream out, Session session)
      throws IOException {
    LayerWriter.LeftOut left = container.export(out);
    if (left.changed() > 0) {
      session
          .console()
          .warning(
              left.changed()
                  + " files were removed or cut while they were read: pause the container first");
    }
  }
}
