package dev.mydocker.explain;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.Errno;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Recording.Entry;
import dev.mydocker.launch.Recording.Who;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Renders what a launch did. */
public final class Timeline {
  private static final String PHASE = "name(\"mydocker:";

  private Timeline() {}

  /**
   * As text: one line a step, who, call, why, result, microseconds.
   *
   * @param id the container's, which is written once and then {@code $ID}
   */
  public static String text(Recording recording, String id) {
    StringBuilder out = new StringBuilder();
    Phases phases = new Phases();
    out.append(summary(recording)).append('\n').append("ID=").append(id).append('\n');
    out.append("at, took: microseconds; who: jvm is mydocker, monitor the container's parent,");
    out.append(" init its first process; #: why\n\n");
    out.append("     at    took  who      result  call\n");
    for (Entry e : recording.entries()) {
      if (phases.enter(e)) {
        out.append("-- ").append(phases.heading()).append('\n');
      }
      String prefix =
          String.format(
              Locale.ROOT,
              "%7d %7s  %-7s  %-6s  ",
              micros(recording, e),
              took(e),
              who(e),
              result(e));
      String shown = StepLine.named(e.call(), e.shown()).replace(id, "$ID");
      StepLine.append(out, prefix, shown, e.why());
    }
    return out.toString();
  }

  /** As JSON: an array of steps. */
  public static Json json(Recording recording) {
    List<Json> steps = new ArrayList<>();
    for (Entry e : recording.entries()) {
      Json.Builder step =
          Json.object()
              .put("who", who(e))
              .put("call", e.call())
              .put("shown", e.shown())
              .put("why", e.why())
              .put("result", e.result());
      if (e.result() < 0) {
        step.put("errno", errno(e));
      }
      steps.add(step.put("startMicros", micros(recording, e)).put("micros", e.micros()).build());
    }
    return new Json.Arr(steps);
  }

  /** As one self-contained HTML page. */
  public static String html(Recording recording) {
    StringBuilder rows = new StringBuilder();
    Phases phases = new Phases();
    double whole = Math.max(1, total(recording));
    for (Entry e : recording.entries()) {
      if (phases.enter(e)) {
        rows.append("<tr class=\"phase\"><th colspan=\"7\">");
        rows.append(escaped(phases.heading())).append("</th></tr>\n");
      }
      row(rows, recording, e, whole);
    }
    return PAGE_START
        + "<h1>"
        + escaped(summary(recording))
        + "</h1>\n"
        + TABLE_START
        + rows
        + "</tbody></table>\n</body></html>\n";
  }

  private static void row(StringBuilder out, Recording recording, Entry e, double whole) {
    out.append("<tr class=\"").append(who(e)).append(e.result() < 0 ? " failed" : "");
    out.append("\"><td class=\"n\">").append(micros(recording, e));
    out.append("</td><td class=\"n\">").append(took(e));
    out.append("</td><td class=\"t\"><i style=\"");
    out.append(
        String.format(
            Locale.ROOT,
            "margin-left:%.2f%%;width:%.2f%%",
            100 * micros(recording, e) / whole,
            100 * e.micros() / whole));
    out.append("\"></i></td><td>").append(who(e));
    out.append("</td><td>").append(result(e));
    out.append("</td><td><code>").append(escaped(StepLine.named(e.call(), e.shown())));
    out.append("</code></td><td>").append(escaped(e.why())).append("</td></tr>\n");
  }

  private static final String PAGE_START =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>A launch, step by step</title>
      <style>
      body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff }
      h1 { font-size: 1.2em }
      table { border-collapse: collapse; width: 100% }
      th, td { text-align: left; vertical-align: top; padding: .15em .6em; border-top: 1px solid #eee }
      tr.phase th { padding-top: 1em; border-top: 0; color: #555 }
      .n { text-align: right; font-variant-numeric: tabular-nums }
      .t { width: 14em; min-width: 8em }
      .t i { display: block; height: .8em; min-width: 2px; margin-top: .3em; background: #888 }
      .jvm .t i { background: #36c }
      .monitor .t i { background: #a63 }
      .init .t i { background: #393 }
      .failed { background: #fdd }
      code { white-space: pre-wrap; overflow-wrap: anywhere }
      </style></head>
      <body>
      """;

  private static final String TABLE_START =
      """
      <p>jvm is mydocker, monitor the container's parent, init its first process.</p>
      <table><thead><tr><th class="n">at µs</th><th class="n">took µs</th><th>time</th>\
      <th>who</th><th>result</th><th>call</th><th>why</th></tr></thead><tbody>
      """;

  /** Which phase each process is in: I and M name theirs as they go (PR_SET_NAME). */
  private static final class Phases {
    private String init = "start";
    private String heading = "";

    /** Takes a step; true when it opens another phase, or another process goes on. */
    boolean enter(Entry e) {
      if (e.who() == Who.INIT && e.shown().startsWith(PHASE)) {
        String rest = e.shown().substring(PHASE.length());
        init = Printable.line(rest.substring(0, Math.max(0, rest.indexOf('"'))));
      }
      String next = e.who() == Who.INIT ? who(e) + ": " + init : who(e);
      boolean changed = !next.equals(heading);
      heading = next;
      return changed;
    }

    String heading() {
      return heading;
    }
  }

  private static String summary(Recording recording) {
    List<Entry> entries = recording.entries();
    StringBuilder out = new StringBuilder();
    out.append(entries.size()).append(entries.size() == 1 ? " step in " : " steps in ");
    out.append(String.format(Locale.ROOT, "%.2f ms", total(recording) / 1000.0));
    String separator = ": ";
    for (Who who : Who.values()) {
      long steps = entries.stream().filter(e -> e.who() == who).count();
      out.append(separator).append(name(who)).append(' ').append(steps);
      separator = ", ";
    }
    long failed = entries.stream().filter(e -> e.result() < 0).count();
    return failed == 0 ? out.toString() : out.append("; failed: ").append(failed).toString();
  }

  /** Microseconds from the first step's start to the last end that was recorded. */
  private static long total(Recording recording) {
    long last = 0;
    for (Entry e : recording.entries()) {
      last = Math.max(last, micros(recording, e) + e.micros());
    }
    return last;
  }

  private static long micros(Recording recording, Entry e) {
    return (e.start() - recording.entries().get(0).start()) / 1000;
  }

  /** An execve that worked never returns, so it has no duration. */
  private static String took(Entry e) {
    return e.end() == 0 ? "-" : Long.toString(e.micros());
  }

  private static String who(Entry e) {
    return name(e.who());
  }

  private static String name(Who who) {
    return who.name().toLowerCase(Locale.ROOT);
  }

  private static String result(Entry e) {
    if (e.result() < 0) {
      return errno(e);
    }
    return e.result() == 0 ? "ok" : Long.toString(e.result());
  }

  private static String errno(Entry e) {
    Errno errno = Errno.of((int) -e.result());
    return errno == Errno.UNKNOWN ? Long.toString(-e.result()) : errno.name();
  }

  private static String escaped(String text) {
    return Printable.line(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
