package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.util.List;

/** {@code mydocker tag}. */
final class TagCommand implements Command {

  @Override
  public String synopsis() {
    return "tag IMAGE NAME[:TAG]";
  }

  @Override
  public String summary() {
    return "Give an image one more name; another image that has it loses it";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker tag busybox localhost:5000/team/busybox:v1", "mydocker tag 3f1c20aa app:good");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 2) {
      throw new UsageException("it needs exactly an image and a name");
    }
    Engine.open(session.environment())
        .images()
        .local()
        .tag(arguments.arguments().get(0), arguments.arguments().get(1));
    return 0;
  }
}
