package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.LogPiece;
import dev.mydocker.engine.LogQuery;
import dev.mydocker.engine.LogReader;
import dev.mydocker.launch.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** {@code mydocker logs}. */
final class LogsCommand implements Command {

  @Override
  public String synopsis() {
    return "logs [OPTIONS] CONTAINER";
  }

  @Override
  public String summary() {
    return "Show what a container has printed, each of its two streams on the same one here";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .toggle("Go on with what it prints, until it ends", "-f", "--follow")
        .value("N", "Only that many lines, counted from the end; all", "-n", "--tail")
        .value("TIME", "Only from then on: 2026-03-01T12:00:00Z, or 10m: so long ago", "--since")
        .value("TIME", "Only up to then", "--until")
        .toggle("Put the time before each line", "-t", "--timestamps")
        .toggle("Also what a log driver adds: here nothing", "--details");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker logs web", "mydocker logs -f --tail 20 web", "mydocker logs --since 10m -t web");
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() != 1) {
      throw new UsageException("it needs exactly one container");
    }
    LogQuery query = query(arguments, Instant.now());
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    LogReader log = engine.find(arguments.arguments().get(0)).log();
    Printer printer = new Printer(new ProcessOutput(), arguments.on("--timestamps"));
    log.read(query, printer);
    printer.flush();
    return 0;
  }

  static LogQuery query(Flags.Parsed arguments, Instant now) throws UsageException {
    return new LogQuery(
        arguments.on("--follow"),
        tail(arguments.value("--tail").orElse("all")),
        moment(arguments.value("--since"), now),
        moment(arguments.value("--until"), now));
  }

  /** A negative number is all, as with Docker. */
  private static Optional<Long> tail(String text) throws UsageException {
    if (text.equals("all")) {
      return Optional.empty();
    }
    try {
      long lines = Long.parseLong(text);
      return lines < 0 ? Optional.empty() : Optional.of(lines);
    } catch (NumberFormatException e) {
      throw new UsageException(Text.quote(text) + " is no number of lines: write 100, or all", e);
    }
  }

  /** What a flag for a time says. */
  static Optional<Instant> moment(Optional<String> text, Instant now) throws UsageException {
    return text.isEmpty() ? Optional.empty() : Optional.of(Moment.parse(text.get(), now));
  }

  /**
   * Prints pieces, many at once: up to a change of the stream, so that the order of the two is
   * kept, and up to when nothing more is there.
   */
  static final class Printer implements LogReader.Sink {
    private static final int ENOUGH = 65536;

    private final Output out;
    private final boolean times;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private boolean stderr;

    Printer(Output out, boolean times) {
      this.out = out;
      this.times = times;
    }

    @Override
    public void piece(LogPiece piece) throws IOException {
      if (piece.stderr() != stderr || waiting.size() >= ENOUGH) {
        flush();
        stderr = piece.stderr();
      }
      if (times && piece.begins()) {
        waiting.writeBytes(nanoseconds(piece.time()).getBytes(StandardCharsets.US_ASCII));
      }
      waiting.writeBytes(piece.text());
      if (piece.ends()) {
        waiting.write('\n');
      }
    }

    /** All nine digits, so that lines stand below each other. */
    private static String nanoseconds(Instant time) {
      String second = time.truncatedTo(ChronoUnit.SECONDS).toString();
      String nano = Integer.toString(1_000_000_000 + time.getNano()).substring(1);
      return second.substring(0, second.length() - 1) + "." + nano + "Z ";
    }

    @Override
    public void waits() throws IOException {
      flush();
    }

    void flush() throws IOException {
      byte[] bytes = waiting.toByteArray();
      waiting.reset();
      if (stderr) {
        out.stderr(bytes, 0, bytes.length);
      } else {
        out.stdout(bytes, 0, bytes.length);
      }
    }
  }
}
