package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.LayerChanges;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.List;

/** {@code mydocker diff}. */
final class DiffCommand implements Command {

  @Override
  public String synopsis() {
    return "diff CONTAINER";
  }

  @Override
  public String summary() {
    return "Show what a container has changed of its image: A added, C changed, D deleted";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker diff web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one container");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    StringBuilder out = new StringBuilder();
    for (LayerChanges.Change change : engine.find(arguments.arguments().get(0)).changes()) {
      String path = KernelException.printable(change.path());
      out.append(letter(change.kind())).append(' ').append(path).append('\n');
    }
    session.console().out(out.toString());
    return 0;
  }

  private static char letter(LayerChanges.Kind kind) {
    return switch (kind) {
      case ADDED -> 'A';
      case CHANGED -> 'C';
      case DELETED -> 'D';
    };
  }
}
