package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerState;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code run --attach}: some of the streams only; and {@code --quiet}. */
class StreamsIT {
  private static final String BOTH = "echo out; echo err >&2; exit 3";

  @TempDir Path directory;
  private CommandLine cli;

  @BeforeEach
  void open() {
    cli = CommandLine.below(directory);
    cli.good("pull", "-q", CommandLine.BUSYBOX);
  }

  @AfterEach
  void clear() throws IOException {
    cli.clear();
  }

  private Cli.Result run(String input, String flags, String script) throws IOException {
    List<String> line = new ArrayList<>(List.of("run"));
    line.addAll(Arrays.asList(flags.split(" ")));
    line.addAll(List.of(TestEngine.BUSYBOX, "sh", "-c", script));
    List<String> command =
        Cli.command(cli.line(line.toArray(String[]::new)).toArray(String[]::new));
    return Cli.end(Cli.start(command), input.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "-a stdout, 'out\n', ''",
    "-a STDERR, '', 'err\n'",
    "-a stdout -a stderr, 'out\n', 'err\n'",
    "-t -a stdout, 'out\r\nerr\r\n', ''",
    "-t -a stderr, '', ''",
  })
  void onlyTheStreamsThatAreNamedAreSeen(String flags, String out, String err) throws Exception {
    Cli.Result result = run("", "--rm " + flags, BOTH);
    assertThat(result.code()).isEqualTo(3);
    assertThat(result.out()).isEqualTo(out.translateEscapes());
    assertThat(result.err()).isEqualTo(err.translateEscapes());
  }

  /** The input goes there, whole; then the container is left alone, as if detached. */
  @Test
  void withItsInputAloneTheIdIsPrintedAndNobodyWaits() throws Exception {
    String input = "x".repeat(300_000) + "\n";
    Cli.Result result = run(input, "-i -a stdin", "echo seen; sleep 0.5; wc -c; exec sleep 1000");
    assertThat(result.code()).as(result.err()).isZero();
    String id = result.out().strip();
    assertThat(id).matches("[0-9a-f]{64}");
    assertThat(result.err()).isEmpty();
    assertThat(cli.info(id).state()).isEqualTo(ContainerState.RUNNING);
    Program.await("the count of what it has read", () -> logged(id).contains("300001"));
    assertThat(logged(id)).contains("seen");
  }

  private String logged(String id) throws IOException {
    return Cli.end(Cli.start(Cli.command(cli.line("logs", id).toArray(String[]::new))), new byte[0])
        .out();
  }

  @Test
  void withoutInputAndOutputItIsLeftAtOnce() throws Exception {
    Cli.Result result = run("words", "-a stdin", "cat; exec sleep 1000");
    assertThat(result.code()).isZero();
    assertThat(cli.info(result.out().strip()).state()).isEqualTo(ContainerState.RUNNING);
  }

  @Test
  void quietShowsNothingOfAPull() {
    CommandLine fresh = CommandLine.below(directory.resolve("fresh"));
    assertThat(fresh.run("run", "-q", "--rm", CommandLine.BUSYBOX, "true").err()).isEmpty();
    CommandLine other = CommandLine.below(directory.resolve("other"));
    assertThat(other.run("run", "--rm", CommandLine.BUSYBOX, "true").err()).isNotEmpty();
    CommandLine made = CommandLine.below(directory.resolve("made"));
    CommandLine.Result result = made.run("create", "--quiet", CommandLine.BUSYBOX, "true");
    assertThat(result.err()).isEmpty();
    made.good("rm", result.out().strip());
  }
}
