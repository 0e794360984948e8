package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Arg;
import dev.mydocker.launch.ExecCompiler;
import dev.mydocker.launch.LaunchException;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.Op;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.Step;
import dev.mydocker.spec.EnvEntry;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.UserSpec;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that join a running container. */
@ExtendWith(NothingLeft.class)
class ExecIT {
  private static final int SIGKILL = 9;
  private static final int HELD = 77;
  private static final String STATUS = "grep -E '^(Cap|Uid|Gid|NoNewPrivs)' /proc/%s/status";

  private static final TestEngine engine = TestEngine.shared();

  private static TestContainer box(String flags) throws Exception {
    return engine.startSh(flags, "echo up; sleep 600").await("up");
  }

  private static ExecOptions as(String user, String... command) throws Exception {
    return new ExecOptions(
        List.of(command),
        List.of(),
        Optional.empty(),
        Optional.of(UserSpec.parse(user)),
        false,
        false);
  }

  private static ExecOptions in(String directory, String... command) {
    return new ExecOptions(
        List.of(command), List.of(), Optional.of(directory), Optional.empty(), false, false);
  }

  private static ExecOptions privileged(String... command) {
    return new ExecOptions(
        List.of(command), List.of(), Optional.empty(), Optional.empty(), false, true);
  }

  private static ExecOptions tty(String script) {
    return new ExecOptions(
        List.of("sh", "-c", script), List.of(), Optional.empty(), Optional.empty(), true, false);
  }

  private static TestContainer startTty(TestContainer box, String script) throws Exception {
    return engine.exec(box, tty(script), new Stdio.Terminal(33, 77));
  }

  // ---- where it is ------------------------------------------------------------------------------

  @Tag("smoke")
  @Test
  void seesTheContainersProcessesMountsAndName() throws Exception {
    try (TestContainer box = box("-h inner --tmpfs /scratch")) {
      TestEngine.Result result =
          engine.execSh(box, "uname -n; tr '\\0' ' ' </proc/1/cmdline; echo; cat /proc/mounts");
      assertThat(result.lines().get(0)).isEqualTo("inner");
      assertThat(result.lines().get(1)).isEqualTo("sleep 600 ");
      assertThat(result.out()).contains(" /scratch tmpfs ").startsWith("inner\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--pid host",
        "--pid host --ipc host --uts host --network host --cgroupns host"
      })
  void isInEachNamespaceOfTheContainer(String flags) throws Exception {
    try (TestContainer box = box(flags);
        TestContainer command =
            engine.exec(
                box,
                ExecOptions.of(List.of("sh", "-c", "echo up; sleep 600")),
                new Stdio.Streams(false))) {
      command.await("up");
      for (String kind : List.of("mnt", "pid", "net", "ipc", "uts", "cgroup", "user")) {
        assertThat(command.namespace(kind)).as(kind).isEqualTo(box.namespace(kind));
      }
    }
  }

  @Test
  void isInTheContainersCgroups() throws Exception {
    try (TestContainer box = box("")) {
      assertThat(engine.execSh(box, "cat /proc/self/cgroup").lines())
          .allMatch(line -> line.endsWith(":/"));
      Path procs = box.cgroup("pids").resolve("cgroup.procs");
      try (TestContainer command = engine.exec(box, sleep(), new Stdio.Streams(false))) {
        assertThat(Files.readAllLines(procs)).contains(Integer.toString(command.pid()));
        String all = Files.readString(Path.of("/proc/" + command.pid() + "/cgroup"));
        assertThat(all.lines())
            .allMatch(line -> line.endsWith("/mydocker/" + box.id()), "in the container's");
      }
    }
  }

  private static ExecOptions sleep() {
    return ExecOptions.of(List.of("sleep", "600"));
  }

  @Test
  void limitsOfTheContainerHoldForIt() throws Exception {
    try (TestContainer box = box("--pids-limit 8 --ulimit nofile=321:654")) {
      TestEngine.Result result =
          engine.execSh(
              box,
              "ulimit -n; ulimit -Hn; i=0; while [ $i -lt 20 ]; do sleep 9 & i=$((i+1)); done");
      assertThat(result.lines()).startsWith("321", "654");
      assertThat(result.err()).contains("can't fork");
    }
  }

  // ---- who it is --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"", "-u 1000", "--cap-drop ALL", "--cap-add NET_ADMIN", "--privileged"})
  void hasTheIdsAndCapabilitiesOfTheContainersProcess(String flags) throws Exception {
    try (TestContainer box = box(flags)) {
      TestEngine.Result result =
          engine.execSh(
              box, String.format(STATUS, "1") + "; echo; " + String.format(STATUS, "self"));
      String[] halves = result.out().split("\n\n");
      assertThat(halves[1].strip()).isEqualTo(halves[0]);
    }
  }

  @Test
  void privilegedGivesEveryCapabilityOfTheEngine() throws Exception {
    String engines =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("CapPrm"))
            .findFirst()
            .orElseThrow();
    String all = engines.substring(engines.indexOf('\t') + 1);
    try (TestContainer box = box("--cap-drop ALL")) {
      TestEngine.Result result =
          engine.exec(box, privileged("grep", "-E", "^Cap(Bnd|Prm|Eff)", "/proc/self/status"));
      assertThat(result.lines()).hasSize(3).allMatch(line -> line.endsWith(all));
      assertThat(engine.execSh(box, "grep ^CapEff /proc/self/status").line())
          .endsWith("0000000000000000");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, uid=0(root) gid=0(root)",
    "daemon, uid=1(daemon) gid=1(daemon)",
    "daemon:root, uid=1(daemon) gid=0(root)",
    "1234:55, uid=1234 gid=55"
  })
  void userIsTheContainersOfThatName(String user, String expected) throws Exception {
    try (TestContainer box = box("-u 7:7")) {
      assertThat(engine.exec(box, as(user, "id")).line()).startsWith(expected);
    }
  }

  @Test
  void rootInAContainerOfAnotherUserHasTheContainersCapabilities() throws Exception {
    try (TestContainer box = box("-u 7:7");
        TestContainer usual = box("")) {
      String script = "grep ^CapEff /proc/self/status";
      assertThat(engine.exec(box, as("0", "sh", "-c", script)).line())
          .isEqualTo(engine.execSh(usual, script).line());
    }
  }

  @Test
  void namesAreLookedUpInTheFilesAsTheyAreNow() throws Exception {
    try (TestContainer box = box("")) {
      engine.execSh(
          box,
          "echo new:x:4321:77::/home/new:/bin/sh >>/etc/passwd; echo all:x:78:a,new >>/etc/group");
      TestEngine.Result result =
          engine.exec(box, as("new", "sh", "-c", "id -u; id -g; id -G; echo $HOME"));
      assertThat(result.lines()).containsExactly("4321", "77", "77 78", "/home/new");
    }
  }

  @Test
  void namesAreLookedUpInAFileThatIsMounted() throws Exception {
    Path passwd = Files.createTempFile("mydocker-", ".passwd");
    try {
      Files.writeString(passwd, "given:x:4242:4243::/:/bin/sh\n");
      try (TestContainer box = box("-v " + passwd + ":/etc/passwd:ro")) {
        assertThat(engine.exec(box, as("given", "id", "-u")).line()).isEqualTo("4242");
      }
    } finally {
      Files.delete(passwd);
    }
  }

  @Test
  void passwdThatIsALinkToTheHostsStaysInside() throws Exception {
    String hosts = Files.readAllLines(Path.of("/etc/passwd")).get(0);
    try (TestContainer box = box("")) {
      engine.execSh(
          box,
          "mkdir -p /proof; echo inner:x:99:98::/:/bin/sh >/proof/passwd;"
              + " ln -sf ../../../../../../proof/passwd /etc/passwd");
      assertThat(engine.exec(box, as("inner", "id", "-u")).line()).isEqualTo("99");
      engine.execSh(box, "ln -sf /proc/1/root/proof/passwd /etc/passwd");
      assertThatThrownBy(() -> engine.exec(box, as("inner", "id")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/etc/passwd of container")
          .hasMessageNotContaining(hosts);
    }
  }

  @Test
  void unknownUserIsDockersMessage() throws Exception {
    try (TestContainer box = box("")) {
      assertThatThrownBy(() -> engine.exec(box, as("nobody-here", "id")))
          .isInstanceOf(OptionException.class)
          .hasMessageContaining("unable to find user")
          .hasMessageContaining("no matching entries in passwd file");
    }
  }

  @Test
  void environmentIsTheContainersAndWhatIsAdded() throws Exception {
    try (TestContainer box = box("-e A=1 -e B=2")) {
      ExecOptions options =
          new ExecOptions(
              List.of("env"),
              List.of(new EnvEntry("B", Optional.of("3")), new EnvEntry("A", Optional.empty())),
              Optional.empty(),
              Optional.empty(),
              false,
              false);
      assertThat(engine.exec(box, options).lines())
          .contains("B=3", "HOSTNAME=" + box.id().substring(0, 12), "HOME=/root")
          .noneMatch(line -> line.startsWith("A="));
    }
  }

  // ---- the working directory --------------------------------------------------------------------

  @Test
  void workingDirectoryIsTheContainersOrTheGivenOne() throws Exception {
    try (TestContainer box = box("-w /usr")) {
      assertThat(engine.execSh(box, "pwd").line()).isEqualTo("/usr");
      assertThat(engine.exec(box, in("/etc/", "pwd")).line()).isEqualTo("/etc");
    }
  }

  @Test
  void missingWorkingDirectoryIsToldAndNotMade() throws Exception {
    try (TestContainer box = box("")) {
      assertThatThrownBy(() -> engine.exec(box, in("/no/such", "true")))
          .isInstanceOfSatisfying(
              LaunchException.class, e -> assertThat(e.exitCode()).isEqualTo(126))
          .hasMessageStartingWith("cannot enter the working directory /no/such: ENOENT");
      assertThat(engine.execSh(box, "test -e /no").code()).isEqualTo(1);
    }
  }

  /** runc 1.1.11 left a descriptor of the host open while it entered the directory. */
  @ParameterizedTest
  @ValueSource(strings = {"/proc/self/fd/%d", "/proc/self/fd/%d/../..", "/link/%d"})
  void CVE_2024_21626_workingDirectoryIsNeverADescriptorOfTheHost(String form) throws Exception {
    try (TestContainer box = box("")) {
      engine.execSh(box, "touch /inside; ln -s /proc/self/fd /link");
      for (int fd = 0; fd < 24; fd++) {
        try {
          TestEngine.Result result =
              engine.exec(box, in(String.format(form, fd), "/bin/ls", "-a", "."));
          // The container's own root is the only directory that may be open.
          assertThat(result.out()).as("descriptor " + fd).contains("inside");
        } catch (LaunchException | OptionException refused) {
          assertThat(refused.getMessage()).containsAnyOf("working directory", "'..'");
        }
      }
    }
  }

  @Test
  void CVE_2024_21626_commandIsNeverFoundThroughADescriptor() throws Exception {
    try (TestContainer box = box("")) {
      for (int fd = 3; fd < 24; fd++) {
        String path = "/proc/self/fd/" + fd + "/../../../../../../bin/true";
        assertThatThrownBy(() -> engine.exec(box, ExecOptions.of(List.of(path))))
            .isInstanceOfSatisfying(
                LaunchException.class, e -> assertThat(e.exitCode()).isEqualTo(127));
      }
    }
  }

  @Test
  void hostsRootIsNoWorkingDirectoryAmongTheHostsPids() throws Exception {
    try (TestContainer box = box("--pid host --privileged")) {
      String host = "/proc/" + ProcessHandle.current().pid() + "/root";
      assertThatThrownBy(() -> engine.exec(box, in(host, "ls")))
          .hasMessageStartingWith("cannot enter the working directory " + host);
    }
  }

  // ---- what of the host it has ------------------------------------------------------------------

  @Test
  void nothingButTheThreeStreamsIsOpen() throws Exception {
    try (TestContainer box = box("")) {
      assertThat(engine.exec(box, ExecOptions.of(List.of("ls", "/proc/self/fd"))).lines())
          // The last is the directory that is listed.
          .containsExactly("0", "1", "2", "3");
      try (TestContainer terminal = startTty(box, "exec ls /proc/self/fd")) {
        assertThat(terminal.end().out()).matches("0 +1 +2 +3\\s*");
      }
    }
  }

  /** Held where it has joined everything and still has every capability of the engine. */
  @ParameterizedTest
  @ValueSource(strings = {"", "--cap-add SYS_PTRACE"})
  void CVE_2019_5736_joinerHasNoFileOfTheHost(String flags) throws Exception {
    Stdio stdio = new Stdio.Streams(false);
    try (TestContainer box = box(flags);
        Exec exec = engine.engine().find(box.id()).exec(sleep());
        Fd first = Fd.of(Linux.pidfdOpen(box.pid()), "pidfd_open", "the first process");
        Fd self = Fd.of(Linux.pidfdOpen(Linux.getpid()), "pidfd_open", "this process")) {
      Launcher.Request request =
          new Launcher.Request(
              box.id(),
              held(exec.plan(stdio)),
              stdio,
              Map.of(ExecCompiler.FIRST_PROCESS, first, ExecCompiler.HOME, self));
      List<String> inside = new ArrayList<>();
      List<String> open = new ArrayList<>();
      Launcher.Meeting look =
          (point, pid) -> {
            if (point == HELD) {
              open.addAll(openFiles(pid));
              inside.addAll(seenInside(box, pid));
              throw new IOException("seen");
            }
          };
      assertThatThrownBy(() -> Launcher.launch(request, look, new ArrayList<>()))
          .hasMessage("seen");
      assertThat(open)
          .isNotEmpty()
          .allMatch(file -> file.matches("/dev/null|(socket|pipe|anon_inode):.*"));
      if (flags.isEmpty()) {
        assertThat(inside).containsExactly("end");
      } else {
        assertThat(inside).first().isEqualTo("/memfd:mydocker-monitor (deleted)");
        assertThat(inside)
            .filteredOn(line -> line.contains(" /"))
            .isNotEmpty()
            .allMatch(line -> line.endsWith(" (deleted)") && line.contains(" /memfd:mydocker-"));
      }
    }
  }

  /** The plan with one more meeting, before all else: everything is joined from the beginning. */
  private static LaunchPlan held(LaunchPlan plan) {
    List<Step> steps = new ArrayList<>();
    steps.add(new Step(Op.SYNC, List.of(Arg.fd(Slot.SYNC), Arg.number(HELD)), "to be seen"));
    steps.addAll(plan.init());
    return new LaunchPlan(plan.monitor(), steps);
  }

  private static List<String> openFiles(int pid) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path link : all.toList()) {
        found.add(Files.readSymbolicLink(link).toString());
      }
    }
    return found;
  }

  /** What the container's root sees of a process: its program, what is mapped and open in it. */
  private static List<String> seenInside(TestContainer box, int pid) throws IOException {
    String numbers =
        Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
            .filter(line -> line.startsWith("NSpid:"))
            .findFirst()
            .orElseThrow();
    String own = numbers.substring(numbers.lastIndexOf('\t') + 1);
    try {
      String script =
          "cd /proc/"
              + own
              + "; readlink exe; cat maps; for f in fd/*; do readlink $f; done; echo end";
      return engine.execSh(box, script).lines();
    } catch (OptionException e) {
      throw new IOException(e);
    }
  }

  // ---- streams and terminals --------------------------------------------------------------------

  @Test
  void inputArrivesAndEnds() throws Exception {
    try (TestContainer box = box("");
        TestContainer command =
            engine.exec(box, ExecOptions.of(List.of("wc", "-c")), new Stdio.Streams(true))) {
      command.stdin(new byte[200_000]);
      command.closeStdin();
      assertThat(command.end().line()).isEqualTo("200000");
    }
  }

  @Test
  void withoutInteractiveInputIsEmpty() throws Exception {
    try (TestContainer box = box("")) {
      assertThat(engine.exec(box, ExecOptions.of(List.of("wc", "-c"))).line()).isEqualTo("0");
    }
  }

  @Test
  void terminalIsTheContainersOwnWithSessionAndSize() throws Exception {
    try (TestContainer box = box("");
        TestContainer terminal =
            startTty(
                box, "tty; stty size; ps -o pid,sid,tty | grep \"^ *$$ \"; echo $TERM; read x")) {
      terminal.await("xterm");
      List<String> lines = terminal.out().lines().map(String::strip).toList();
      assertThat(lines).startsWith("/dev/pts/0", "33 77");
      assertThat(lines.get(2)).matches("(\\d+) +\\1 +136,0");
      assertThat(Files.readSymbolicLink(Path.of("/proc/" + terminal.pid() + "/fd/0")).toString())
          .isEqualTo("/dev/pts/0");
    }
  }

  @Test
  void terminalFollowsTheUsersSize() throws Exception {
    try (TestContainer box = box("");
        TestContainer terminal =
            startTty(box, "trap 'stty size; exit 0' WINCH; echo up; while :; do sleep .05; done")) {
      terminal.await("up");
      terminal.resize(50, 120);
      assertThat(terminal.end().out()).contains("50 120");
    }
  }

  @Test
  void terminalIsTheUsersAndInputIsTyped() throws Exception {
    try (TestContainer box = box("-u 1000");
        TestContainer terminal = startTty(box, "ls -ln $(tty); read x; echo got $x; exit 7")) {
      terminal.await("/dev/pts/0");
      assertThat(terminal.out()).contains(" 1000 ");
      terminal.stdin("words\n".getBytes(StandardCharsets.US_ASCII));
      TestEngine.Result result = terminal.end();
      assertThat(result.out()).contains("got words");
      assertThat(result.code()).isEqualTo(7);
    }
  }

  /** Docker waits two seconds for them. */
  @Test
  void processesThatItLeavesBehindAreNotWaitedFor() throws Exception {
    try (TestContainer box = box("")) {
      TestEngine.Result result =
          engine.execSh(box, "sleep 599 & head -c 60000 /dev/zero | tr '\\0' x; echo end");
      assertThat(result.out()).hasSize(60_004).endsWith("end\n");
      assertThat(engine.execSh(box, "pidof sleep").out().strip().split(" ")).hasSize(2);
      try (TestContainer terminal = startTty(box, "nohup sleep 598 >/dev/null & echo end")) {
        assertThat(terminal.end().out()).contains("end");
      }
    }
  }

  // ---- how it ends ------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"exit 0, 0", "exit 5, 5", "exit 255, 255", "kill -TERM $$, 143", "kill -9 $$, 137"})
  void exitCodeIsTheCommands(String script, int code) throws Exception {
    try (TestContainer box = box("")) {
      assertThat(engine.execSh(box, script).code()).isEqualTo(code);
    }
  }

  @ParameterizedTest
  @CsvSource({"no-such, 127", "/no/such, 127", "/etc, 126", "/etc/passwd, 126"})
  void commandThatCannotBeExecutedIsTold(String command, int code) throws Exception {
    try (TestContainer box = box("")) {
      assertThatThrownBy(() -> engine.exec(box, ExecOptions.of(List.of(command))))
          .isInstanceOfSatisfying(
              LaunchException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
          .hasMessageStartingWith("cannot execute \"" + command + "\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--pid host"})
  void containersEndIsItsEnd(String flags) throws Exception {
    try (TestContainer box = box(flags);
        TestContainer command = engine.exec(box, sleep(), new Stdio.Streams(false))) {
      box.signal(SIGKILL);
      assertThat(box.end().code()).isEqualTo(137);
      assertThat(command.end().code()).isEqualTo(137);
    }
  }

  /** Whichever comes first: it never hangs, and tells one thing. */
  @Test
  void containerThatEndsMeanwhileIsOneClearLine() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (TestContainer box = box("")) {
        Thread killer = new Thread(() -> Linux.kill(box.pid(), SIGKILL));
        Thread.sleep(0, (i % 10) * 90_000);
        killer.start();
        try {
          assertThat(engine.execSh(box, "sleep 600").code()).isEqualTo(137);
        } catch (IOException e) {
          assertThat(e.getMessage())
              .isEqualTo("container " + box.id().substring(0, 12) + " is not running");
        }
        killer.join();
        box.end();
      }
    }
  }

  @Test
  void containerThatHasEndedIsNotRunning() throws Exception {
    TestContainer box = box("--init");
    try (box;
        Exec exec = engine.engine().find(box.id()).exec(sleep())) {
      box.signal(SIGKILL);
      box.end();
      assertThatThrownBy(() -> exec.start(new Stdio.Streams(false)))
          .hasMessage("container " + box.id().substring(0, 12) + " is not running");
    }
  }

  @Test
  void detachedCommandGoesOnWithoutAClient() throws Exception {
    try (TestContainer box = box("");
        Exec exec =
            engine
                .engine()
                .find(box.id())
                .exec(
                    ExecOptions.of(
                        List.of("sh", "-c", "head -c 300000 /dev/zero; echo on; echo done >/f")))) {
      exec.start(new Stdio.Streams(false)).close();
      String script = "while ! [ -s /f ]; do sleep .02; done; cat /f";
      assertThat(engine.execSh(box, script).line()).isEqualTo("done");
    }
  }

  @Test
  void manyAtOnceDoNotDisturbEachOther() throws Exception {
    try (TestContainer box = box("")) {
      ExecutorService threads = Executors.newFixedThreadPool(50);
      try {
        List<Callable<TestEngine.Result>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          String script = "echo " + i + "; exit " + i;
          calls.add(() -> engine.execSh(box, script));
        }
        List<Future<TestEngine.Result>> results = threads.invokeAll(calls);
        for (int i = 0; i < 50; i++) {
          assertThat(results.get(i).get().line()).isEqualTo(Integer.toString(i));
          assertThat(results.get(i).get().code()).isEqualTo(i);
        }
      } finally {
        threads.shutdown();
      }
      assertThat(engine.execSh(box, "set -- /proc/[0-9]*; echo $#").line()).isEqualTo("2");
    }
  }

  // ---- files of users ---------------------------------------------------------------------------

  /** By name and by number: no wait, no endless memory, nothing of the host's. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "truncate -s 5g F",
        "mkfifo F",
        "ln -s /dev/zero F",
        "mkdir F",
        "ln -s F F",
        "ln -s /l1 F; for i in $(seq 1 41); do ln -sf /l$((i + 1)) /l$i; done; cp /saved /l42",
        "head -c 200000 /dev/zero | tr '\\0' x >/x; for i in $(seq 100); do cat /x; done >F",
        "ln -s ../../../../../../../../HOST F",
        "ln -s /proc/1/root/../HOST F",
      })
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void RT40_usersFilesThatAreNoneEndTheCommandOrAreTheContainersOwn(String make) throws Exception {
    Path host = Files.createTempFile(Path.of("/tmp"), "passwd", "");
    Files.writeString(host, "evil:x:0:0::/:/bin/sh\n");
    try (TestContainer box = engine.startSh("", "echo up; sleep 600").await("up")) {
      for (String file : List.of("/etc/passwd", "/etc/group")) {
        String script = make.replace("F", file).replace("HOST", host.toString().substring(1));
        engine.execSh(box, "cp " + file + " /saved; rm " + file + "; " + script);
        for (String user : List.of("evil", "12:34")) {
          ExecOptions options =
              new ExecOptions(
                  List.of("id", "-u"),
                  List.of(),
                  Optional.empty(),
                  Optional.of(UserSpec.parse(user)),
                  false,
                  false);
          try {
            assertThat(engine.exec(box, options).out()).isEqualTo("12\n");
          } catch (IOException | OptionException refused) {
            assertThat(refused.getMessage()).containsPattern("/etc/(passwd|group)|evil");
          }
        }
        engine.execSh(box, "rm -rf " + file + "; mv /saved " + file);
      }
      assertThat(engine.execSh(box, "id -u daemon").line()).isEqualTo("1");
    } finally {
      Files.delete(host);
    }
  }
}
