package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.image.CheckReport;
import java.io.IOException;
import java.util.List;

/** {@code mydocker system check}. */
final class SystemCheckCommand implements Command {

  @Override
  public String synopsis() {
    return "system check [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Read every blob again, follow every reference; layers' files are not compared";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Remove what is damaged or not referred to; fetch nothing", "--repair");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker system check", "mydocker system check --repair");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (!arguments.arguments().isEmpty()) {
      throw new UsageException("it takes no arguments");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    boolean repair = arguments.on("--repair");
    CheckReport report = engine.images().local().check(repair);
    session.console().out(text(report, repair));
    return report.remaining().isEmpty() ? 0 : 1;
  }

  /** What is printed of a report. */
  static String text(CheckReport report, boolean repair) {
    StringBuilder out = new StringBuilder();
    lines(out, "problem: ", report.problems());
    lines(out, "unused: ", report.notes());
    lines(out, "repair: ", report.repairs());
    if (repair) {
      lines(out, "remains: ", report.remaining());
    }
    out.append("Checked ")
        .append(count(report.images(), "image"))
        .append(", ")
        .append(count(report.blobs(), "blob"))
        .append(" (")
        .append(Human.size(report.bytes(), 3))
        .append("), ")
        .append(count(report.layers(), "unpacked layer"))
        .append(": ")
        .append(count(report.problems().size(), "problem"));
    if (repair && !report.problems().isEmpty()) {
      out.append(", ").append(report.remaining().size()).append(" left");
    }
    return out.append('\n').toString();
  }

  private static void lines(StringBuilder out, String label, List<String> lines) {
    for (String line : lines) {
      out.append(label).append(Text.printable(line)).append('\n');
    }
  }

  private static String count(int number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
