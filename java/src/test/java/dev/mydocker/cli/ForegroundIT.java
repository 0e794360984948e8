package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code run} without a terminal: signals and streams. */
class ForegroundIT {
  private static final int SIGKILL = 9;

  /** SIGTSTP does nothing to a process group that has no shell (an orphaned one). */
  private static final int SIGSTOP = 19;

  @TempDir static Path directory;
  private static Program program;

  @BeforeAll
  static void unpack() throws Exception {
    program = new Program(directory);
  }

  @AfterAll
  static void nothingIsLeft() throws Exception {
    program.requireNothingLeft();
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static String errors(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  // ---- signals ----------------------------------------------------------------------------------

  /** SIGQUIT among them, at which a JVM would print its threads. */
  @Test
  void signalsAreTheContainers() throws Exception {
    List<String> names =
        List.of(
            "HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "CONT", "VTALRM", "PROF", "WINCH",
            "IO", "PWR");
    List<Integer> numbers = List.of(1, 2, 3, 10, 12, 14, 15, 18, 26, 27, 28, 29, 30);
    StringBuilder traps = new StringBuilder();
    for (int i = 0; i < names.size(); i++) {
      traps.append("trap 'echo ").append(names.get(i)).append("' ").append(numbers.get(i));
      traps.append("; ");
    }
    String script = traps + "trap 'exit 4' 40; echo up; while :; do sleep .02; done";
    Process process = program.start("--", "sh", "-c", script);
    BufferedReader out = output(process);
    assertThat(out.readLine()).isEqualTo("up");
    for (int i = 0; i < names.size(); i++) {
      program.signal(numbers.get(i));
      assertThat(out.readLine()).isEqualTo(names.get(i));
    }
    program.signal(40);
    assertThat(errors(process)).isEmpty();
    assertThat(process.waitFor()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {Signals.SIGINT, Signals.SIGTERM})
  void signalThatKillsTheCommandIsInTheExitCode(int signal) throws Exception {
    Process process = program.start("--init", "--", "sh", "-c", "echo up; exec sleep 1000");
    assertThat(output(process).readLine()).isEqualTo("up");
    program.signal(signal);
    assertThat(errors(process)).isEmpty();
    assertThat(process.waitFor()).isEqualTo(128 + signal);
  }

  @Test
  void withoutProxyingASignalEndsTheProgramAlone() throws Exception {
    Process process = program.start("--sig-proxy=false", "--", "sh", "-c", "echo up; sleep 1000");
    assertThat(output(process).readLine()).isEqualTo("up");
    program.signal(Signals.SIGQUIT);
    assertThat(errors(process)).isEmpty();
    assertThat(process.waitFor()).isEqualTo(128 + Signals.SIGQUIT);
    List<Integer> inside = program.processesInside();
    assertThat(inside).isNotEmpty();
    inside.forEach(pid -> Linux.kill(pid, SIGKILL));
    // What is left of it, the next command takes away.
    assertThat(Program.result(program.start("--", "true")).code()).isZero();
  }

  @Test
  void stopAndContinueActOnTheProgramWhileTheContainerGoesOn() throws Exception {
    Process process = program.start("-i", "--", "sh", "-c", "echo up; read x; echo $x; exit 6");
    BufferedReader out = output(process);
    assertThat(out.readLine()).isEqualTo("up");
    program.signal(SIGSTOP);
    Program.await("the stop", () -> state(program.pid()) == 'T');
    assertThat(program.processesInside()).allMatch(pid -> state(pid) != 'T');
    process.getOutputStream().write("on\n".getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
    program.signal(Signals.SIGCONT);
    assertThat(out.readLine()).isEqualTo("on");
    assertThat(process.waitFor()).isEqualTo(6);
  }

  /** See proc_pid_stat(5). */
  private static char state(int pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2);
    } catch (IOException gone) {
      return 'X';
    }
  }

  @Test
  void signalThatNohupIgnoredStaysIgnored() throws Exception {
    Process process =
        program.shell(
            "export SIGNALS=nohup; run -- sh -c 'trap \"echo HUP\" HUP; trap \"exit 3\" USR1; echo"
                + " up; while :; do sleep .02; done'");
    BufferedReader out = output(process);
    assertThat(out.readLine()).isEqualTo("up");
    program.signal(Signals.SIGHUP);
    program.signal(Signals.SIGUSR1);
    assertThat(out.readLine()).isNull();
    assertThat(process.waitFor()).isEqualTo(3);
  }

  // ---- streams ----------------------------------------------------------------------------------

  @Test
  void pipedInputArrivesWholeAndEnds() throws Exception {
    byte[] content = new byte[30 << 20];
    new Random(1).nextBytes(content);
    Process process = program.start("-i", "--", "sh", "-c", "cat | sha256sum");
    try (OutputStream in = process.getOutputStream()) {
      in.write(content);
    }
    String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    assertThat(Program.result(process)).isEqualTo(new Program.Result(0, sum + "  -\n", ""));
  }

  @Test
  void outputArrivesWholeFromBothStreams() throws Exception {
    String script = "head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2";
    Process process = program.shell("run -- sh -c '" + script + "' | wc -c; exit ${PIPESTATUS[0]}");
    assertThat(errors(process)).hasSize(3_000_000);
    assertThat(output(process).readLine()).isEqualTo("20000000");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void commandThatReadsNoInputDoesNotHoldTheProgram() throws Exception {
    Process process =
        program.shell("yes | run -i -- sh -c 'read x; exit 8'; exit ${PIPESTATUS[1]}");
    assertThat(Program.result(process)).isEqualTo(new Program.Result(8, "", ""));
  }

  @Test
  void withoutInteractiveNoInputIsTaken() throws Exception {
    Process process = program.shell("echo mine | { run -- cat; cat; }");
    assertThat(Program.result(process)).isEqualTo(new Program.Result(0, "mine\n", ""));
  }

  @Test
  void endsWhenItsReaderGoes() throws Exception {
    Process process = program.shell("run -- yes | head -1; exit ${PIPESTATUS[0]}");
    assertThat(Program.result(process)).isEqualTo(new Program.Result(128 + 13, "y\n", ""));
  }

  @Test
  void outputThatCannotBeWrittenIsOneClearLine() throws Exception {
    Program.Result result = Program.result(program.shell("run -- echo lost >/dev/full"));
    assertThat(result.code()).isEqualTo(125);
    assertThat(result.err()).startsWith("mydocker: run: ").contains("ENOSPC").hasLineCount(1);
  }

  /** The JVM's own first file has the number of the missing input then. */
  @Test
  void closedInputIsAnEmptyOne() throws Exception {
    Process process = program.shell("run -i -- wc -c <&-");
    assertThat(Program.result(process)).isEqualTo(new Program.Result(0, "0\n", ""));
  }

  @Test
  void terminalInsideNeedsNoneOutside() throws Exception {
    Process process = program.start("-t", "--", "sh", "-c", "tty; stty size");
    assertThat(Program.result(process))
        .isEqualTo(new Program.Result(0, "/dev/pts/0\r\n24 80\r\n", ""));
  }

  @Test
  void terminalInsideWithInputNeedsOneOutside() throws Exception {
    Program.Result result = Program.result(program.shell("run -it -- sh </dev/null"));
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("not a TTY").hasLineCount(1);
  }
}
