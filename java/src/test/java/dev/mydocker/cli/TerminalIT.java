package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code run} in a real terminal, its keys pressed one by one. */
class TerminalIT {
  private static final int SIGKILL = 9;

  @TempDir static Path directory;
  @TempDir Path own;
  private static Program program;
  private Tmux terminal;

  @BeforeAll
  static void unpack() throws Exception {
    program = new Program(directory);
  }

  @AfterAll
  static void nothingIsLeft() throws Exception {
    program.requireNothingLeft();
  }

  @BeforeEach
  void open() throws Exception {
    terminal = new Tmux(own);
    terminal.line("PATH=" + directory + ":$PATH; clear");
  }

  @AfterEach
  void close() throws Exception {
    terminal.close();
  }

  private void shell() throws Exception {
    terminal.line("run -it -e PS1=in'side>_' -- sh; echo ended $?");
    terminal.awaitText("inside>_");
  }

  @Test
  void shellHasATerminalWithEchoAndLineEditing() throws Exception {
    shell();
    terminal.line("tty");
    terminal.awaitLine("/dev/pts/0");
    terminal.line("echo to the console >/dev/console");
    terminal.awaitLine("to the console");
    terminal.type("echo ac");
    terminal.keys("Left");
    terminal.line("b");
    terminal.awaitLine("abc");
    terminal.keys("Up");
    terminal.line("de");
    terminal.awaitLine("abcde");
    terminal.keys("C-d");
    terminal.awaitLine("ended 0");
  }

  /** The program, raw terminal or not, must not be what the keys act on. */
  @Test
  void keysActOnTheForegroundCommandInside() throws Exception {
    shell();
    terminal.line("sh -c 'echo up $((1 + 1)); exec sleep 100'");
    terminal.awaitLine("up 2");
    terminal.keys("C-c");
    terminal.line("echo code $?");
    terminal.awaitLine("code 130");

    terminal.line("sh -c 'echo up $((1 + 2)); exec sleep 100'");
    terminal.awaitLine("up 3");
    terminal.keys("C-\\");
    terminal.line("echo code $?");
    terminal.awaitLine("code 131");

    terminal.line("sh -c 'echo up $((1 + 3)); exec sleep 100'");
    terminal.awaitLine("up 4");
    terminal.keys("C-z");
    terminal.awaitText("Stopped");
    terminal.line("bg; jobs | wc -l; fg");
    terminal.awaitLine("1");
    terminal.keys("C-c");
    terminal.line("exit 7");
    terminal.awaitLine("ended 7");
  }

  @Test
  void sizeFollowsTheWindow() throws Exception {
    String script = "stty size; trap \"stty size; exit 4\" WINCH; while :; do sleep .05; done";
    terminal.line("run -it -- sh -c '" + script + "'; echo ended $?");
    terminal.awaitLine("30 100");
    terminal.resize(20, 90);
    terminal.awaitLine("20 90");
    terminal.awaitLine("ended 4");
  }

  /**
   * The shell between the two stty does nothing to the terminal itself, unlike the interactive one.
   */
  @ParameterizedTest
  @CsvSource({
    "--, true, 0",
    "--, /no/such/command, 127",
    "--memory=1k --, true, 125",
    "--, exit 9, 9",
  })
  void terminalIsAsItWasAfter(String options, String command, int code) throws Exception {
    terminal.line(
        between(
            "run -it "
                + options
                + " "
                + (command.startsWith("/") ? command : "sh -c '" + command + "'")));
    terminal.awaitLine("ended " + code);
    requireSameModes();
  }

  /** Signals are the container's; this one makes of each an exit code of its own. */
  @ParameterizedTest
  @CsvSource({"INT, 2", "TERM, 15", "HUP, 1", "QUIT, 3"})
  void terminalIsAsItWasAfterASignal(String name, int number) throws Exception {
    terminal.line(
        between(
            "run -it -- sh -c 'trap \"exit 5\" "
                + name
                + "; echo up; while :; do sleep .1; done'"));
    terminal.awaitLine("up");
    program.signal(number);
    terminal.awaitLine("ended 5");
    requireSameModes();
  }

  @Test
  void terminalIsAsItWasWhenTheContainerIsKilled() throws Exception {
    terminal.line(between("run -it -- sh -c 'echo up; sleep 1000'"));
    terminal.awaitLine("up");
    for (int pid : program.processesInside()) {
      Linux.kill(pid, SIGKILL);
    }
    terminal.awaitLine("ended 137");
    requireSameModes();
  }

  @Test
  void terminalIsAsItWasWhenTheMonitorIsKilled() throws Exception {
    terminal.line(between("run -it -- sh -c 'echo up; sleep 1000'"));
    terminal.awaitLine("up");
    for (int pid : program.monitors()) {
      Linux.kill(pid, SIGKILL);
    }
    terminal.awaitLine("ended 137");
    requireSameModes();
  }

  @Test
  void terminalIsAsItWasWhenTheProgramAloneEnds() throws Exception {
    terminal.line(between("run -it --sig-proxy=false -- sh -c 'echo up; sleep 1000'"));
    terminal.awaitLine("up");
    program.signal(Signals.SIGTERM);
    terminal.awaitLine("ended 143");
    requireSameModes();
    for (int pid : program.processesInside()) {
      Linux.kill(pid, SIGKILL);
    }
    // What it left, the next command takes away.
    assertThat(Program.result(program.start("--", "true")).code()).isZero();
  }

  @Test
  void hangUpIsTheContainers() throws Exception {
    terminal.line("run -it -- sh -c 'trap \"exit 5\" HUP; echo up; while :; do sleep .05; done'");
    terminal.awaitLine("up");
    int pid = program.pid();
    terminal.close();
    Program.await("the container's end", () -> program.processesInside().isEmpty());
    Program.await("the program's end", () -> !Files.exists(Path.of("/proc/" + pid)));
  }

  private String between(String command) {
    // In a script of its own, so that no shell with job control touches the terminal.
    return "sh -c '"
        + ("stty -a >"
                + own
                + "/before; "
                + command
                + "; echo ended $?; stty -a >"
                + own
                + "/after")
            .replace("'", "'\\''")
        + "'";
  }

  private void requireSameModes() throws Exception {
    Program.await(
        "the modes",
        () -> Files.exists(own.resolve("after")) && Files.size(own.resolve("after")) > 0);
    assertThat(own.resolve("after")).hasSameTextualContentAs(own.resolve("before"));
    assertThat(own.resolve("before")).content().contains(" icanon ").contains("isig ");
  }

  // ---- a container without a terminal, in one
  // -----------------------------------------------------

  @Test
  void withoutATerminalInsideTheInterruptKeyIsASignal() throws Exception {
    terminal.line("run --init -- sh -c 'echo up; exec sleep 1000'; echo ended $?");
    terminal.awaitLine("up");
    terminal.keys("C-c");
    terminal.awaitLine("^Cended 130");
  }

  @Test
  void withoutATerminalInsideTheStopKeyStopsTheProgramOnly() throws Exception {
    terminal.line("run -i -- sh -c 'echo up; read x; echo got $x'");
    terminal.awaitLine("up");
    terminal.keys("C-z");
    terminal.awaitText("Stopped");
    terminal.line("fg; echo ended $?");
    terminal.line("a line");
    terminal.awaitLine("got a line");
    terminal.awaitLine("ended 0");
  }

  @Test
  void typedInputEndsWithTheEndKey() throws Exception {
    terminal.line("run -i -- wc -c; echo ended $?");
    terminal.line("12345");
    terminal.keys("C-d");
    terminal.awaitLine("6");
    terminal.awaitLine("ended 0");
  }

  @Test
  void stoppedAndContinuedTheTerminalIsRawAgain() throws Exception {
    shell();
    Linux.kill(program.pid(), 19);
    terminal.awaitText("Stopped");
    terminal.line("fg");
    terminal.line("echo a$((1 + 1))");
    terminal.awaitLine("a2");
    terminal.line("exit 3");
    Program.await("the end", () -> program.processesInside().isEmpty());
  }

  // ---- keys that nobody has pressed -------------------------------------------------------------

  /** Tries all that it may have of a terminal; see java/src/test/native/probe.c. */
  private static final String TYPES =
      "/p/probe type:0 type:1 type:2 type:/dev/tty type:/dev/console";

  private static String probe() {
    return "-v " + Path.of("build/probe").toAbsolutePath() + ":/p:ro";
  }

  /** A line that the shell of this terminal would have read, had it been typed into. */
  private void requireNothingTyped(String marker) throws Exception {
    terminal.awaitLine(marker);
    terminal.line("echo next $((1 + 1))");
    terminal.awaitLine("next 2");
    assertThat(terminal.shown().lines()).doesNotContain("typed");
  }

  @ParameterizedTest
  @CsvSource({"-it, one", "-t, two", "-i, three", "--init, four"})
  void RT23_aContainerTypesNothingIntoTheCallersTerminal(String flags, String marker)
      throws Exception {
    terminal.line("run " + flags + " " + probe() + " -- " + TYPES + "; echo " + marker + " $?");
    requireNothingTyped(marker + " 0");
    // Its own terminal it may type into, where the kernel has it; of the caller's it has none.
    assertThat(terminal.shown()).contains("type:0 " + (flags.contains("t") ? "" : "25"));
  }

  /** CVE-2017-5226, for those who join: {@code exec} and {@code attach}. */
  @Test
  void RT23_whoJoinsOrIsAttachedToTypesNothingEither() throws Exception {
    String java = String.join(" ", Cli.jvm());
    Path engine = own.resolve("engine");
    Files.writeString(
        engine,
        "export MYDOCKER_ROOT="
            + directory
            + "/root MYDOCKER_RUN_ROOT="
            + directory
            + "/running; exec "
            + java
            + " \"$@\"");
    terminal.line("run -dit --name joined " + probe() + " -- sh; clear; echo started $?");
    terminal.awaitLine("started 0");
    terminal.line("sh " + engine + " exec -it joined " + TYPES + "; echo joined $?");
    requireNothingTyped("joined 0");
    terminal.line("clear; sh " + engine + " attach joined; echo left $?");
    terminal.line(TYPES + "; exit");
    terminal.awaitText("left ");
    assertThat(terminal.shown()).contains("type:0 ");
    terminal.line("clear; echo over");
    requireNothingTyped("over");
  }
}
