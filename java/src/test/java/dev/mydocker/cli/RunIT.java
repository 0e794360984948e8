package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mydocker run} as a program: its streams, signals, files and exit code. */
@ExtendWith(NothingLeft.class)
class RunIT {
  private static final String B = TestEngine.BUSYBOX;

  @TempDir Path directory;

  @Tag("smoke")
  @Test
  void exitCodeAndStreamsAreTheCommands() throws IOException {
    Cli.Result result = Cli.run("run", "--rm", B, "sh", "-c", "echo out; echo err >&2; exit 5");
    assertThat(result.code()).isEqualTo(5);
    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.err()).isEqualTo("err\n");
  }

  @Test
  void pipedInputIsPassedOnToItsEnd() throws IOException {
    byte[] bytes = new byte[1 << 20];
    new Random(2).nextBytes(bytes);
    Cli.Result result = Cli.run(bytes, "run", "--rm", "-i", B, "cat");
    assertThat(result.code()).isZero();
    assertThat(result.output()).isEqualTo(bytes);
  }

  @Test
  void withoutAnyStandardStreamItRuns() throws IOException {
    Cli.Result result =
        Cli.under("exec \"$@\" <&- >&- 2>&-", "run", "--rm", "-i", B, "sh", "-c", "cat; exit 3");
    assertThat(result.code()).isEqualTo(3);
  }

  @Test
  void endOfItsReaderEndsIt() throws IOException {
    Path id = directory.resolve("id");
    Cli.Result result =
        Cli.under(
            "\"$@\" | head -1",
            "run",
            "--rm",
            "--cidfile",
            id.toString(),
            B,
            "sh",
            "-c",
            "while echo y; do :; done");
    assertThat(result.out()).isEqualTo("y\n");
    assertThat(Files.readString(id)).hasSize(64);
  }

  @Test
  void cidfileHasTheId() throws IOException {
    Path file = directory.resolve("id");
    Cli.Result result = Cli.run("run", "--rm", "--cidfile", file.toString(), B, "hostname");
    assertThat(Files.readString(file)).hasSize(64).startsWith(result.out().strip());
  }

  @Test
  void hogOfMemoryIsToldOf() throws IOException {
    Cli.Result result =
        Cli.run(
            "run",
            "--rm",
            "-m",
            "32m",
            "--memory-swap",
            "32m",
            B,
            "tail",
            "-c",
            "200000000",
            "/dev/zero");
    assertThat(result.code()).isEqualTo(137);
    assertThat(result.err())
        .isEqualTo(
            "mydocker: run: the container was killed: it used more memory than its limit of 32m"
                + " (--memory)\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "QUIT"})
  void signalIsTheContainers(String signal) throws Exception {
    String script = "trap 'exit 7' " + signal + "; echo up; while :; do sleep 0.1; done";
    Process process = Cli.start(Cli.command("run", "--rm", B, "sh", "-c", script));
    assertThat(process.getInputStream().readNBytes(3)).asString().isEqualTo("up\n");
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    assertThat(Cli.end(process, new byte[0]).code()).isEqualTo(7);
  }

  @Test
  void terminatedInItsInitIs143() throws Exception {
    Process process =
        Cli.start(Cli.command("run", "--rm", "--init", B, "sh", "-c", "echo up; exec sleep 60"));
    assertThat(process.getInputStream().readNBytes(3)).asString().isEqualTo("up\n");
    process.destroy();
    assertThat(Cli.end(process, new byte[0]).code()).isEqualTo(143);
  }

  @Test
  void RT07_descriptorsOfTheCallerAreNotPassedOn() throws IOException {
    Cli.Result result =
        Cli.under(
            "exec 9</ 8</etc; exec \"$@\"", "run", "--rm", B, "sh", "-c", "ls /proc/1/fd; true");
    assertThat(result.out()).isEqualTo("0\n1\n2\n");
  }

  @Test
  void RT54_stateOfTheCallerIsNotTheContainers() throws IOException {
    Cli.Result result =
        Cli.under(
            "umask 077; ulimit -Sn 555; trap '' HUP USR1; \"$@\"; exit $?",
            "run",
            "--rm",
            B,
            "sh",
            "-c",
            "umask; ulimit -Sn; grep SigIgn /proc/self/status; touch /f; stat -c %a /f");
    assertThat(result.out()).isEqualTo("0022\n555\nSigIgn:\t0000000000000000\n644\n");
  }

  @Test
  void RT41_environmentOfTheCallerIsNotTheContainers() throws IOException {
    Cli.Result result =
        Cli.under(
            "exec env SECRET=caller TAKEN=yes \"$@\"", "run", "--rm", "-e", "TAKEN", B, "env");
    assertThat(result.out()).contains("TAKEN=yes\n").doesNotContain("SECRET");
  }

  @Tag("smoke")
  @Test
  void builtInImageRunsWithoutAnythingNamed() throws IOException {
    Cli.Result result = Cli.run("run", "--rm");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).isNotEmpty();
  }

  @Test
  void relativePathsOnTheHostAreTheCallers() throws IOException {
    Files.writeString(directory.resolve("here"), "found");
    Cli.Result result =
        Cli.under(
            "cd " + directory + "; exec \"$@\"", "run", "--rm", "-v", "./here:/f", B, "cat", "/f");
    assertThat(result.out()).isEqualTo("found");
  }
}
