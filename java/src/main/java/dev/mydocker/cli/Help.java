package dev.mydocker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The help texts. */
final class Help {
  private static final int COLUMN = 32;
  private static final int COMMANDS = 13;

  private Help() {}

  /** What {@code mydocker} alone prints. */
  static String overview() {
    StringBuilder out = new StringBuilder();
    out.append("Usage: mydocker [OPTIONS] COMMAND\n\nA container engine for Linux\n\nCommands:\n");
    for (Commands.Entry entry : Commands.ALL) {
      twoColumns(out, "  " + entry.name(), entry.summary(), COMMANDS);
    }
    out.append("\nGlobal options:\n");
    flags(out, Main.globalFlags().groups().get("Global options"));
    out.append("\nTry it:\n  mydocker run\n  mydocker run --rm -it busybox sh\n\n");
    out.append("'mydocker COMMAND --help' tells more about a command.\n");
    return out.toString();
  }

  /** What {@code mydocker COMMAND --help} prints. */
  static String of(Command command) {
    StringBuilder out = new StringBuilder();
    out.append("Usage: mydocker ").append(command.synopsis()).append("\n\n");
    out.append(command.summary()).append('\n');
    if (command instanceof GroupCommand group) {
      out.append("\nCommands:\n");
      for (Commands.Entry entry : group.entries()) {
        twoColumns(out, "  " + entry.name(), entry.summary(), COMMANDS);
      }
    }
    for (Map.Entry<String, List<Flags.Flag>> group : command.flags().groups().entrySet()) {
      out.append('\n').append(group.getKey()).append(":\n");
      flags(out, group.getValue());
    }
    out.append(command.notes());
    out.append("\nExamples:\n");
    for (String example : command.examples()) {
      out.append("  ").append(example).append('\n');
    }
    return out.toString();
  }

  private static void flags(StringBuilder out, List<Flags.Flag> flags) {
    for (Flags.Flag flag : flags) {
      List<String> names = new ArrayList<>(flag.names());
      boolean hasShort = !names.get(0).startsWith("--");
      String left = (hasShort ? "  " : "      ") + String.join(", ", names) + flag.parameter();
      twoColumns(out, left, flag.text(), COLUMN);
    }
  }

  private static void twoColumns(StringBuilder out, String left, String right, int column) {
    out.append(left);
    int at = left.length();
    if (at + 2 > column) {
      out.append('\n');
      at = 0;
    }
    for (; at < column; at++) {
      out.append(' ');
    }
    out.append(right).append('\n');
  }
}
