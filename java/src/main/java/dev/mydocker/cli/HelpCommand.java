package dev.mydocker.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker help}. */
final class HelpCommand implements Command {

  @Override
  public String synopsis() {
    return "help [COMMAND [COMMAND]]";
  }

  @Override
  public String summary() {
    return "Show how a command is used";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker help run");
  }

  @Override
  public boolean needsNamespace() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      session.console().out(Help.overview());
      return 0;
    }
    String name = String.join(" ", arguments.arguments());
    Optional<Command> command = Commands.find(name);
    if (command.isEmpty()) {
      throw new UsageException("there is no command " + Text.quote(name) + ": see mydocker --help");
    }
    session.console().out(Help.of(command.get()));
    return 0;
  }
}
