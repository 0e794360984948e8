package dev.mydocker.explain;

import java.util.List;

/** Lays out one step for people: what is done, and behind it or below it why. */
final class StepLine {
  /** Fits most terminals without being broken by them. */
  private static final int WIDTH = 116;

  private StepLine() {}

  /**
   * Appends a step; long ones are continued below their first line, whole.
   *
   * @param prefix the columns before it, ended by a blank
   */
  static void append(StringBuilder out, String prefix, String shown, String why) {
    int width = Math.max(40, WIDTH - prefix.length());
    String reason = "# " + Printable.line(why);
    String call = Printable.line(shown);
    if (call.length() + 2 + reason.length() <= width) {
      out.append(prefix).append(call).append("  ").append(reason).append('\n');
      return;
    }
    String indent = " ".repeat(prefix.length());
    lines(out, prefix, indent, Printable.wrap(call, width));
    lines(out, indent, indent + "  ", Printable.wrap(reason, width - 2));
  }

  /**
   * The call with its arguments, the system call's own name in front when {@code shown} has another
   * one: a plan's operation may be named for what it is for.
   */
  static String named(String call, String shown) {
    return shown.startsWith(call + "(") || shown.startsWith(call + " ")
        ? shown
        : call + ' ' + shown;
  }

  private static void lines(StringBuilder out, String first, String rest, List<String> lines) {
    String indent = first;
    for (String line : lines) {
      out.append(indent).append(line).append('\n');
      indent = rest;
    }
  }
}
