package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.DetachedException;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Running;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Output;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code attach}, {@code start -a}, and the keys that leave a container's terminal. */
@ExtendWith(NothingLeft.class)
class AttachIT {
  private static final String ECHO = "echo up; while read x; do echo got $x; done; exit 4";

  private final TestEngine tests = TestEngine.shared();
  @TempDir Path directory;

  @AfterEach
  void removeAll() throws IOException {
    for (ContainerInfo container : engine().containers()) {
      engine().find(container.id()).remove(true);
    }
  }

  private Engine engine() {
    return tests.engine();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void everyClientSeesTheOutputAndMayType() throws Exception {
    try (TestContainer box = tests.startSh("-i", ECHO).await("up");
        TestContainer one = tests.attach(box, true);
        TestContainer two = tests.attach(box, true)) {
      one.stdin(bytes("1\n"));
      one.await("got 1");
      two.stdin(bytes("2\n"));
      two.await("got 2");
      one.await("got 2");
      box.await("got 2");
      two.closeStdin();
      assertThat(one.end().code()).isEqualTo(4);
      assertThat(two.end().code()).isEqualTo(4);
      assertThat(box.end().out()).isEqualTo("up\ngot 1\ngot 2\n");
    }
  }

  @Test
  void containerGoesOnWhenAClientLeaves() throws Exception {
    try (TestContainer box = tests.startSh("-i", ECHO).await("up");
        TestContainer one = tests.attach(box, true)) {
      one.stdin(bytes("last words\n"));
      one.detach();
      assertThatThrownBy(one::end).hasRootCauseInstanceOf(DetachedException.class);
      box.await("got last words");
      box.stdin(bytes("more\n"));
      box.await("got more").closeStdin();
      assertThat(box.end().code()).isEqualTo(4);
    }
  }

  @Test
  void REL22_clientThatIsTooSlowIsToldSo() throws Exception {
    String flood = "echo up; read x; yes | head -c 1000000; echo done; read x";
    try (TestContainer box = tests.startSh("-i", flood).await("up");
        Running slow = engine().find(box.id()).attach(false)) {
      box.stdin(bytes("go\n"));
      box.await("done");
      assertThatThrownBy(() -> slow.relay(new Nobody()))
          .hasMessageContaining("goes on without this client, which took its output too slowly");
      box.closeStdin();
      box.end();
    }
  }

  private static final class Nobody implements Output {
    @Override
    public void stdout(byte[] buffer, int offset, int length) {}

    @Override
    public void stderr(byte[] buffer, int offset, int length) {}
  }

  @Test
  void REL23_aThousandClientsLeaveNothing() throws Exception {
    try (TestContainer box = tests.startSh("-i", ECHO).await("up")) {
      Path pid = tests.runRoot().resolve("containers").resolve(box.id()).resolve("pid");
      long monitor = Json.parseObject(Files.readAllBytes(pid)).integer("monitor").orElseThrow();
      Container container = engine().find(box.id());
      int own = descriptors(ProcessHandle.current().pid());
      box.stdin(bytes("before\n"));
      box.await("got before");
      int its = descriptors(monitor);
      for (int i = 0; i < 1000; i++) {
        container.attach(true).close();
      }
      assertThat(descriptors(ProcessHandle.current().pid())).isEqualTo(own);
      Program.await("the monitor's descriptors", () -> descriptors(monitor) <= its);
      box.stdin(bytes("after\n"));
      box.await("got after");
    }
  }

  private static int descriptors(long pid) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return (int) all.count();
    }
  }

  // ---- as a user types it ----------------------------------------------------------------------

  @Test
  void startShowsAllFromTheBeginningAndEndsAsTheContainer() throws Exception {
    String script = "echo first; cat; echo last >&2; exit 3";
    Cli.run("create", "-i", "--name", "sa", TestEngine.BUSYBOX, "sh", "-c", script);
    Cli.Result result = Cli.run(bytes("typed\n"), "start", "-ai", "sa");
    assertThat(result.code()).as(result.err()).isEqualTo(3);
    assertThat(result.out()).isEqualTo("first\ntyped\n");
    assertThat(result.err()).isEqualTo("last\n");
    assertThat(engine().find("sa").info().state()).isEqualTo(ContainerState.EXITED);
  }

  @Test
  void attachPassesInputAndCode() throws Exception {
    Cli.run("run", "-di", "--name", "at", TestEngine.BUSYBOX, "sh", "-c", ECHO);
    Cli.Result result = Cli.run(bytes("this\n"), "attach", "at");
    assertThat(result.out()).isEqualTo("got this\n");
    assertThat(result.code()).as(result.err()).isEqualTo(4);
    assertThat(engine().find("at").info().exit().orElseThrow().code()).isEqualTo(4);
  }

  @Test
  void signalsAreTheContainersUnlessTheyAreNot() throws Exception {
    String script = "trap 'echo hup' HUP; trap 'exit 9' TERM; while :; do echo on; sleep .02; done";
    Cli.run("run", "-d", "--name", "sg", TestEngine.BUSYBOX, "sh", "-c", script);
    Process alone = Cli.start(Cli.command("attach", "--sig-proxy=false", "sg"));
    assertThat(alone.getInputStream().read()).isEqualTo('o');
    Linux.kill((int) alone.pid(), Signals.SIGTERM);
    assertThat(Cli.end(alone, new byte[0]).code()).isEqualTo(128 + Signals.SIGTERM);

    Process proxy = Cli.start(Cli.command("attach", "sg"));
    assertThat(proxy.getInputStream().read()).isEqualTo('o');
    Linux.kill((int) proxy.pid(), Signals.SIGTERM);
    assertThat(Cli.end(proxy, new byte[0]).code()).isEqualTo(9);
  }

  private Tmux terminal() throws Exception {
    StringBuilder script = new StringBuilder("#!/bin/sh\n");
    tests.environment().forEach((name, value) -> script.append(name + "='" + value + "' "));
    String java = String.join("' '", Cli.command());
    Files.writeString(directory.resolve("mydocker"), script + "exec '" + java + "' \"$@\"\n");
    Files.setPosixFilePermissions(
        directory.resolve("mydocker"), PosixFilePermissions.fromString("rwx------"));
    Tmux terminal = new Tmux(directory);
    terminal.line("PATH=" + directory + ":$PATH; clear");
    return terminal;
  }

  @Test
  void REL26_detachKeysLeaveATerminalThatGoesOn() throws Exception {
    try (Tmux terminal = terminal()) {
      terminal.line(
          "mydocker run -it --name tt -e PS1=in'side>_' "
              + TestEngine.BUSYBOX
              + " sh; echo left $?");
      terminal.awaitText("inside>_");
      terminal.type("x=ke");
      terminal.keys("C-p", "C-q");
      terminal.awaitText("read escape sequence");
      terminal.awaitLine("left 0");
      assertThat(engine().find("tt").info().state()).isEqualTo(ContainerState.RUNNING);

      terminal.line("clear; mydocker attach --detach-keys a,ctrl-x tt; echo again $?");
      terminal.awaitText("inside>_");
      terminal.line("pt; echo $x $(stty size)");
      terminal.awaitLine("kept 30 100");
      terminal.line("echo a b");
      terminal.awaitLine("a b");
      terminal.keys("a", "C-x");
      terminal.awaitLine("again 0");

      terminal.line("clear; mydocker start -ai tt; echo ended $?");
      terminal.awaitText("inside>_");
      terminal.line("exit 7");
      terminal.awaitLine("ended 7");
    }
  }

  @Test
  void REL26_detachedCommandOfAnExecGoesOn() throws Exception {
    Cli.run("run", "-d", "--name", "te", TestEngine.BUSYBOX, "sleep", "1000");
    try (Tmux terminal = terminal()) {
      terminal.line("mydocker exec -it te sh -c 'echo in; read x; echo $x >/said'; echo left $?");
      terminal.awaitLine("in");
      terminal.type("words");
      terminal.keys("C-p", "C-q");
      terminal.awaitLine("left 0");
      terminal.line("mydocker exec te sh -c 'set -- $(pidof sh); echo $# shells'");
      terminal.awaitLine("2 shells");
    }
  }
}
