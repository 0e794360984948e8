package dev.mydocker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.LogPiece;
import dev.mydocker.engine.LogQuery;
import dev.mydocker.launch.Output;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogsCommandTest {
  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

  private static LogQuery query(String... arguments) throws UsageException {
    LogsCommand command = new LogsCommand();
    return LogsCommand.query(command.flags().parse(List.of(arguments), true), NOW);
  }

  @Test
  void flagsAreDockers() throws Exception {
    Optional<Instant> tenMinutes = Optional.of(NOW.minusSeconds(600));
    assertThat(query("web")).isEqualTo(LogQuery.ALL);
    assertThat(query("-f", "-n", "5", "--since", "10m", "web"))
        .isEqualTo(new LogQuery(true, Optional.of(5L), tenMinutes, Optional.empty()));
    assertThat(query("--until=10m", "--tail", "0", "-t", "--details", "web"))
        .isEqualTo(new LogQuery(false, Optional.of(0L), Optional.empty(), tenMinutes));
    assertThat(query("--tail", "all", "web")).isEqualTo(LogQuery.ALL);
    assertThat(query("--tail=-1", "web")).isEqualTo(LogQuery.ALL);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--tail=some", "--tail=1.5", "--since=soon", "--until=yesterday"})
  void whatIsNoNumberAndNoTimeIsRefused(String argument) {
    assertThatThrownBy(() -> query(argument, "web")).isInstanceOf(UsageException.class);
  }

  /** Records every write, the standard error's in brackets. */
  private static final class Written implements Output {
    final StringBuilder text = new StringBuilder();

    @Override
    public void stdout(byte[] buffer, int offset, int length) {
      text.append(new String(buffer, offset, length, UTF_8));
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) {
      text.append('[').append(new String(buffer, offset, length, UTF_8)).append(']');
    }
  }

  private static LogPiece piece(boolean stderr, String text, boolean begins, boolean ends) {
    return new LogPiece(NOW.plusNanos(70), stderr, text.getBytes(UTF_8), begins, ends);
  }

  private static String printed(boolean times, LogPiece... pieces) throws Exception {
    Written written = new Written();
    LogsCommand.Printer printer = new LogsCommand.Printer(written, times);
    for (LogPiece piece : pieces) {
      printer.piece(piece);
    }
    printer.flush();
    return written.text.toString();
  }

  @Test
  void streamsStayApartAndInOrder() throws Exception {
    assertThat(
            printed(
                false,
                piece(false, "one", true, true),
                piece(true, "two", true, true),
                piece(true, "thr", true, false),
                piece(true, "ee", false, true),
                piece(false, "no end", true, false)))
        .isEqualTo("one\n[two\nthree\n]no end");
  }

  @Test
  void timesStandBeforeLines() throws Exception {
    assertThat(printed(true, piece(false, "o", true, false), piece(false, "ne", false, true)))
        .isEqualTo("2026-03-15T12:00:00.000000070Z one\n");
  }

  @Test
  void moreThanABufferIsPrintedWhole() throws Exception {
    LogPiece long0 = piece(false, "x".repeat(60_000), true, true);
    assertThat(printed(false, long0, long0, long0)).hasSize(180_003);
  }
}
