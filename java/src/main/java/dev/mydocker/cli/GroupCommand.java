package dev.mydocker.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Commands under a common word: {@code mydocker image ls}. By itself it shows its help. */
final class GroupCommand implements Command {
  private final String name;
  private final String summary;
  private final List<Commands.Alias> members;

  GroupCommand(String name, String summary, List<Commands.Alias> members) {
    this.name = name;
    this.summary = summary;
    this.members = members;
  }

  /** Whether the arguments begin with a command's name. */
  boolean isNamed(List<String> arguments) {
    return !arguments.isEmpty() && !arguments.get(0).startsWith("-");
  }

  /** The command that is called so here, as {@link Commands#find} knows it. */
  Optional<String> command(String called) {
    return members.stream()
        .filter(m -> m.name().equals(called))
        .map(Commands.Alias::command)
        .findFirst();
  }

  /** Its commands that exist, for the help. */
  List<Commands.Entry> entries() {
    List<Commands.Entry> out = new ArrayList<>();
    for (Commands.Alias member : members) {
      Optional<Command> command = Commands.find(member.command());
      if (command.isPresent()) {
        out.add(new Commands.Entry(member.name(), command.get().summary()));
      }
    }
    return out;
  }

  @Override
  public String synopsis() {
    return name + " COMMAND";
  }

  @Override
  public String summary() {
    return summary;
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker " + name + " " + members.get(0).name());
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws IOException {
    session.console().out(Help.of(this));
    return 0;
  }
}
