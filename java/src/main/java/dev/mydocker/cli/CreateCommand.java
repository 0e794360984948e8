package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker create}. */
final class CreateCommand implements Command {

  @Override
  public String synopsis() {
    return "create [OPTIONS] IMAGE [COMMAND] [ARG...]";
  }

  @Override
  public String summary() {
    return "Make a container without starting it";
  }

  @Override
  public Flags flags() {
    return RunFlags.declareCreate();
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker create --name web busybox httpd -f", "mydocker create --rm -it busybox sh");
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs an image");
    }
    RunRequest request = RunFlags.read(arguments, session.environment());
    try {
      if (request.cidfile().isEmpty()) {
        return create(request, session, Optional.empty());
      }
      try (CidFile cidfile = new CidFile(request.cidfile().get())) {
        return create(request, session, Optional.of(cidfile));
      }
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  private static int create(RunRequest request, Session session, Optional<CidFile> cidfile)
      throws UsageException, IOException, OptionException {
    Engine engine = Engine.open(session.environment());
    Container container = engine.create(request.create(), request.pullProgress(session));
    boolean done = false;
    try {
      if (cidfile.isPresent()) {
        cidfile.get().write(container.id());
      }
      RunCommand.remark(container, session.console());
      session.console().out(container.id() + "\n");
      done = true;
    } finally {
      if (done) {
        container.leave();
      } else {
        container.remove(true, true);
      }
    }
    return 0;
  }
}
