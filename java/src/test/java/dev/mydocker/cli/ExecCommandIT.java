package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code exec} as a user types it. */
@ExtendWith(NothingLeft.class)
class ExecCommandIT {
  private static final int SIGKILL = 9;
  private static final int SIGSTOP = 19;

  private TestContainer box;

  @BeforeEach
  void open() throws Exception {
    box = TestEngine.shared().startSh("", "echo up; sleep 600").await("up");
  }

  @AfterEach
  void close() throws Exception {
    box.close();
  }

  private Cli.Result exec(String input, String... arguments) throws Exception {
    byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
    return Cli.end(Cli.start(ExecLine.of(box, arguments)), bytes);
  }

  @Test
  void inputOutputErrorsAndCodeAreTheCommands() throws Exception {
    Cli.Result result =
        exec("words\n", "-i", "box", "sh", "-c", "read x; echo got $x; echo bad >&2; exit 9");
    assertThat(result.code()).isEqualTo(9);
    assertThat(result.out()).isEqualTo("got words\n");
    assertThat(result.err()).isEqualTo("bad\n");
  }

  @Test
  void flagsBehindTheContainerAreTheCommands(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("env"), "FROM_FILE=1\n");
    Cli.Result result =
        exec(
            "unread",
            "-e",
            "GIVEN=2",
            "--env-file=" + file,
            "-w",
            "/usr",
            "-u",
            "daemon",
            "box",
            "sh",
            "-c",
            "echo $FROM_FILE $GIVEN $PWD $(id -un) $1; cat",
            "--",
            "-w");
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("1 2 /usr daemon -w\n");
  }

  @Test
  void detachedComesBackAtOnce() throws Exception {
    Cli.Result result = exec("", "-d", "box", "sh", "-c", "echo lost; sleep 600");
    assertThat(result.code()).isZero();
    assertThat(result.out() + result.err()).isEmpty();
    String both = "until set -- $(pidof sleep); [ $# = 2 ]; do sleep .02; done";
    Cli.Result seen = exec("", "box", "sh", "-c", both);
    assertThat(seen.code()).as(seen.out() + seen.err()).isZero();
  }

  @Test
  void signalsAreTheCommands() throws Exception {
    Process process =
        Cli.start(
            ExecLine.of(box, "box", "sh", "-c", "trap 'exit 4' TERM; echo up; sleep 60 & wait"));
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(out.readLine()).isEqualTo("up");
    Linux.kill((int) process.pid(), Signals.SIGTERM);
    assertThat(process.waitFor()).isEqualTo(4);
  }

  @Test
  void REL01_commandOfAKilledClientGoesWithItsContainer() throws Exception {
    Process process = Cli.start(ExecLine.of(box, "box", "sh", "-c", "echo up; exec sleep 600"));
    assertThat(process.getInputStream().read()).isEqualTo('u');
    process.destroyForcibly().waitFor();
    assertThat(exec("", "box", "sh", "-c", "set -- $(pidof sleep); echo $#").out())
        .isEqualTo("2\n");
    // That nothing is left is looked at when all tests are done.
    box.close();
  }

  @Test
  void REL22_clientThatReadsNoMoreDoesNotKeepTheContainer() throws Exception {
    Process process = Cli.start(ExecLine.of(box, "box", "yes"));
    assertThat(process.getInputStream().read()).isEqualTo('y');
    Linux.kill((int) process.pid(), SIGSTOP);
    box.signal(SIGKILL);
    assertThat(box.end().code()).isEqualTo(128 + SIGKILL);
    assertThat(TestEngine.shared().runRoot().resolve("containers")).isEmptyDirectory();
    Linux.kill((int) process.pid(), Signals.SIGCONT);
    assertThat(Cli.end(process, new byte[0]).code()).isEqualTo(128 + SIGKILL);
  }

  @Test
  void explainShowsEachStepWithItsReason() throws Exception {
    Cli.Result result = exec("", "--explain", "box", "true");
    assertThat(result.code()).isZero();
    assertThat(result.err())
        .contains("setns(fd6, CLONE_NEWNS|CLONE_NEWNET|")
        .contains("where the container's first process lives")
        .contains("cgroup.procs")
        .contains("ID=" + box.id());
  }

  @ParameterizedTest
  @CsvSource({
    "127, cannot execute \"no-such\", box no-such",
    "126, cannot execute \"/etc\", box /etc",
    "126, cannot enter the working directory /none, -w /none box true",
    "1, No such container: other, other true",
    "1, it needs a container and a command, box",
    "1, unable to find user, -u none box true",
    "1, 'must be an absolute path', -w here box true",
    "1, the input device is not a TTY, -it box true",
    "1, '--detach-keys: \"x-ctrl\" is no key', --detach-keys x-ctrl box true",
    "1, --no-such-flag, --no-such-flag box true"
  })
  void mistakesAreOneClearLine(int code, String message, String line) throws Exception {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    Cli.Result result = exec("", words.toArray(String[]::new));
    assertThat(result.err()).startsWith("mydocker: exec: ").contains(message).hasLineCount(1);
    assertThat(result.code()).isEqualTo(code);
  }

  /** runc 3674: the caller's files are lent by copying, so nobody inside can own them. */
  @ParameterizedTest
  @CsvSource({"-u 1000", "-u 1000 -i", "-u 1000 -t", "-u 0"})
  void RT53_theCallersFilesStayWhoseTheyAre(String flags, @TempDir Path directory)
      throws Exception {
    Path file = Files.createFile(directory.resolve("out"));
    String stat = "stat -c '%u %g %a %t:%T' /dev/null " + file;
    String before = shell(stat);
    String script = "exec \"$@\" </dev/null >>" + file + " 2>&1";
    String[] line = ("exec " + flags + " " + box.id() + " sh -c").split(" ");
    List<String> words = new ArrayList<>(List.of(line));
    words.add("echo seen; chmod 777 /dev/fd/1 /proc/self/fd/0; chown 1000 /proc/self/fd/1; true");
    Cli.Result result = Cli.under(script, words.toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(file).content().contains("seen");
    assertThat(shell(stat)).isEqualTo(before);
  }

  private static String shell(String script) throws Exception {
    Process process = new ProcessBuilder("sh", "-c", script).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
