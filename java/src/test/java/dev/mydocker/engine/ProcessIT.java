package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.json.Json;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The container's process: user, capabilities, environment, limits, streams, end. */
@ExtendWith(NothingLeft.class)
class ProcessIT {
  private static final String DEFAULT_CAPABILITIES = "00000000a80425fb";
  private static final String NONE = "0000000000000000";
  private static final int CAP_SYS_RESOURCE = 24;
  private static final int SIGTERM = 15;
  private static final int SIGUSR1 = 10;

  @TempDir static Path directory;

  private final TestEngine engine = TestEngine.shared();

  private String status(String flags, String field) throws Exception {
    return engine.sh(flags, "grep ^" + field + ": /proc/self/status").line().split("\t")[1];
  }

  /**
   * A core goes where the crashing process is, as it is seen from inside, or to a program of the
   * host's; never beside the engine or its caller.
   */
  @Test
  void RT59_noCoreIsWrittenIntoADirectoryOfTheHostThatIsNotTheContainers() throws Exception {
    Path own = Path.of("").toAbsolutePath();
    List<String> before = names(own);
    Path volume = Files.createTempDirectory(directory, "volume");
    Path monitors = Files.createTempDirectory(directory, "there");
    String flags = "--ulimit core=-1 -w " + monitors + " -v " + volume + ":/v";
    String script =
        "ulimit -c; ls -ld . | cut -c1; sh -c 'kill -SEGV $$'; echo $?; cd /v; sh -c 'kill -SEGV"
            + " $$'; true";
    TestEngine.Result result = engine.sh(flags, script);
    assertThat(result.lines()).containsExactly("unlimited", "d", "139");
    assertThat(names(own)).isEqualTo(before);
    assertThat(monitors).isEmptyDirectory();
    String pattern = Files.readString(Path.of("/proc/sys/kernel/core_pattern")).strip();
    boolean relative = !pattern.startsWith("/") && !pattern.startsWith("|");
    assertThat(names(volume)).hasSize(relative ? 1 : 0);
  }

  private static List<String> names(Path of) {
    return Arrays.stream(of.toFile().list()).filter(n -> n.contains("core")).sorted().toList();
  }

  // ---- capabilities -----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "'', a80425fb, a80425fb",
    "--user=1000, 0, a80425fb",
    "--cap-add=NET_ADMIN, a80435fb, a80435fb",
    "--cap-add=cap_sys_admin --cap-add=SYS_PTRACE, a82c25fb, a82c25fb",
    "--cap-drop=CHOWN, a80425fa, a80425fa",
    "--cap-drop=ALL, 0, 0",
    "--cap-drop=ALL --cap-add=NET_BIND_SERVICE, 400, 400",
    "--user=1000 --cap-add=NET_ADMIN, 0, a80435fb",
    "--cap-drop=ALL --user=1000, 0, 0",
    "--cap-add=net_admin --cap-add=Cap_Net_Admin, a80435fb, a80435fb",
    "--cap-add=CHOWN --cap-drop=CAP_CHOWN, a80425fb, a80425fb",
    "--cap-drop=all --cap-add=cap_chown, 1, 1",
  })
  void RT17_SC18_capabilitySets(String flags, String effective, String bounding) throws Exception {
    String set = "0".repeat(16 - effective.length()) + effective;
    String bound = "0".repeat(16 - bounding.length()) + bounding;
    assertThat(engine.sh(flags, "grep Cap /proc/self/status").lines())
        .containsExactly(
            "CapInh:\t" + NONE,
            "CapPrm:\t" + set,
            "CapEff:\t" + set,
            "CapBnd:\t" + bound,
            "CapAmb:\t" + NONE);
  }

  @Test
  void SC18_ofAllThatAreAddedThoseThatAreDroppedAreMissing() throws Exception {
    String own = String.format("%016x", ownCapabilities() & ~1L);
    assertThat(status("--cap-add=ALL --cap-drop=CHOWN", "CapBnd")).isEqualTo(own);
    assertThat(status("--privileged --cap-drop=chown", "CapBnd")).isEqualTo(own);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--cap-add=NOTHING", "--cap-drop=CAP_", "--cap-add=12", "--cap-add="})
  void SC18_whatIsNoCapabilityIsRefused(String flag) {
    assertThatThrownBy(() -> engine.sh(flag, "true")).hasMessageContaining("apabilit");
  }

  @Test
  void allCapabilitiesAreThoseTheEngineHas() throws Exception {
    String own = String.format("%016x", ownCapabilities());
    assertThat(status("--cap-add=ALL", "CapEff")).isEqualTo(own);
    assertThat(status("--privileged", "CapEff")).isEqualTo(own);
    assertThat(status("--privileged", "CapInh")).isEqualTo(NONE);
  }

  @Test
  void aProgramCannotGainWhatTheBoundingSetLacks() throws Exception {
    assertThat(engine.sh("--cap-drop=MKNOD", "mknod /tmp/n c 1 3").code()).isEqualTo(1);
    assertThat(engine.sh("", "mknod /tmp/n c 1 3").code()).isZero();
    assertThat(engine.sh("", "mount -t tmpfs x /mnt").code()).isNotZero();
  }

  @Test
  void newPrivilegesAreNotForbidden() throws Exception {
    assertThat(status("", "NoNewPrivs")).isEqualTo("0");
  }

  @Test
  void RT54_noSignalIsIgnoredOrBlockedAndTheMaskIs022() throws Exception {
    assertThat(engine.sh("", "grep -E 'Sig(Ign|Blk)' /proc/self/status; umask").lines())
        .containsExactly("SigBlk:\t" + NONE, "SigIgn:\t" + NONE, "0022");
  }

  // ---- users ------------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|0 0 0 /root",
        "-u daemon|1 1 1 /usr/sbin",
        "-u 1|1 1 1 /usr/sbin",
        "-u 1000|1000 0 0 /",
        "-u 1000:|1000 0 0 /",
        "-u 1000:2000|1000 2000 2000 /",
        "-u daemon:tty|1 5 5 /usr/sbin",
        "-u :tty|0 5 5 /root",
        "-u 1000:2000 --group-add 3000 --group-add tty|1000 2000 5,2000,3000 /",
        "--group-add 7|0 0 0,7 /root",
        "-u 2147483647|2147483647 0 0 /",
      })
  void RT38_userAndGroupsOfTheImage(String flags, String expected) throws Exception {
    String script = "echo $(id -u) $(id -g) $(grep Groups /proc/self/status | tail -c +9) $HOME";
    String[] words = engine.sh(flags, script).line().split(" ");
    String groups = String.join(",", Arrays.copyOfRange(words, 2, words.length - 1));
    assertThat(words[0] + " " + words[1] + " " + groups + " " + words[words.length - 1])
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967296",
        "4294967295",
        "-1",
        "+0",
        "0x0",
        "1000:4294967296",
        "nobodyhere",
        "root:nogrouphere"
      })
  void RT39_userThatIsNone(String user) {
    assertThatThrownBy(() -> engine.run("--rm", "--user", user, TestEngine.BUSYBOX, "true"))
        .isInstanceOf(Exception.class)
        .hasMessageNotContaining("null");
  }

  @Test
  void RT39_numberOfTheImageIsNeverAName() throws Exception {
    String passwd = "1000:x:0:0:evil:/root:/bin/sh\n4294967296:x:0:0:evil:/root:/bin/sh\n";
    ImageLayout.Layer layer = new ImageLayout.Layer().file("etc/passwd", passwd);
    String image =
        ImageLayout.in(directory.resolve("numbers"))
            .busybox()
            .layer(layer)
            .config(Json.object().put("User", "1000"))
            .end();
    assertThat(engine.run("--rm", image, "id", "-u").line()).isEqualTo("1000");
    assertThatThrownBy(() -> engine.run("--rm", "-u", "4294967296", image, "id"))
        .hasMessageContaining("4294967296");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no:such:thing", "ghost", "99999999999", "-1", "a\nb"})
  void userOfTheImageThatIsNoneIsNamed(String user) throws Exception {
    String image =
        ImageLayout.in(Files.createTempDirectory(directory, "user"))
            .busybox()
            .config(Json.object().put("User", user))
            .end();
    assertThatThrownBy(() -> engine.run("--rm", image, "id"))
        .hasMessageMatching("(?s).*([Uu]ser).*");
  }

  // ---- environment and directory ----------------------------------------------------------------

  @Test
  void RT41_environmentIsTheImagesAndTheUsersAlone() throws Exception {
    Path file = Files.writeString(directory.resolve("env"), "# no\nFILE=of file\nBOTH=file\n");
    TestEngine.Result result =
        engine.run(
            "--rm",
            "-e",
            "A=b c",
            "-e",
            "BOTH=line",
            "--env-file",
            file.toString(),
            "-e",
            "E=",
            "-h",
            "box",
            TestEngine.BUSYBOX,
            "env");
    assertThat(result.lines())
        .containsExactlyInAnyOrder(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOSTNAME=box",
            "HOME=/root",
            "FILE=of file",
            "BOTH=line",
            "A=b c",
            "E=");
  }

  @Test
  void missingWorkingDirectoryIsMade() throws Exception {
    assertThat(engine.sh("-w /a/b", "pwd; stat -c %a:%u /a /a/b .").lines())
        .containsExactly("/a/b", "755:0", "755:0", "755:0");
  }

  @Test
  void workingDirectoryCanBeALinkInTheImage() throws Exception {
    String image =
        ImageLayout.in(directory.resolve("link"))
            .busybox()
            .layer(new ImageLayout.Layer().symlink("w", "/var/there"))
            .config(Json.object().put("WorkingDir", "/w"))
            .end();
    assertThat(engine.run("--rm", image, "pwd").line()).isEqualTo("/var/there");
  }

  @Test
  void entrypointIsReplacedAndTheCommandIsItsArguments() throws Exception {
    String image =
        ImageLayout.in(directory.resolve("entry"))
            .busybox()
            .config(
                Json.object()
                    .putStrings("Entrypoint", List.of("echo", "image"))
                    .putStrings("Cmd", List.of("cmd")))
            .end();
    assertThat(engine.run("--rm", image).line()).isEqualTo("image cmd");
    assertThat(engine.run("--rm", image, "mine").line()).isEqualTo("image mine");
    assertThat(engine.run("--rm", "--entrypoint", "basename", image, "/a/b").line()).isEqualTo("b");
    assertThat(engine.run("--rm", "--entrypoint", "", image, "echo", "bare").line())
        .isEqualTo("bare");
  }

  @Test
  void argumentsAreKeptAsTheyAre() throws Exception {
    assertThat(
            engine
                .run("--rm", TestEngine.BUSYBOX, "printf", "[%s]", "", " a  b ", "é", "$HOME")
                .out())
        .isEqualTo("[][ a  b ][é][$HOME]");
  }

  @Test
  void RT58_manyArgumentsAndALongEnvironment() throws Exception {
    String value = "x".repeat(100_000);
    String[] line = IntStream.range(0, 5000).mapToObj(i -> "argument" + i).toArray(String[]::new);
    String[] all = new String[line.length + 6];
    System.arraycopy(
        new String[] {"--rm", "-e", "LONG=" + value, TestEngine.BUSYBOX, "sh", "-c"}, 0, all, 0, 6);
    System.arraycopy(line, 0, all, 6, line.length);
    all[6] = "echo $# ${#LONG}";
    assertThat(engine.run(all).line()).isEqualTo("4998 100000");
  }

  // ---- limits of the process --------------------------------------------------------------------

  @Test
  void RT54_softLimitOfOpenFilesIsNotTheJvms() throws Exception {
    String parent =
        new String(
            new ProcessBuilder("sh", "-c", "grep 'Max open files' /proc/$0/limits", parentPid())
                .start()
                .getInputStream()
                .readAllBytes());
    String soft = parent.substring("Max open files".length()).strip().split(" +")[0];
    assertThat(engine.sh("", "ulimit -Sn").line()).isEqualTo(soft);
  }

  private static String parentPid() {
    return Long.toString(ProcessHandle.current().parent().orElseThrow().pid());
  }

  @Test
  void lowerLimitsHold() throws Exception {
    assertThat(
            engine
                .sh(
                    "--ulimit nofile=100:200 --ulimit core=0 --ulimit fsize=1048576",
                    "ulimit -Sn; ulimit -Hn; ulimit -c; dd if=/dev/zero of=/tmp/f bs=1M count=2"
                        + " 2>/dev/null; stat -c %s /tmp/f")
                .lines())
        .containsExactly("100", "200", "0", "1048576");
  }

  @Test
  void RT55_limitAboveTheEnginesOwnIsRefusedClearly() throws Exception {
    assumeThat(ownCapabilities() >> CAP_SYS_RESOURCE & 1).isZero();
    assertThatThrownBy(() -> engine.sh("--ulimit nofile=10000000", "true"))
        .hasMessage(
            "--ulimit nofile=10000000:10000000: the engine's own hard limit is "
                + hardOpenFiles()
                + ", and only with CAP_SYS_RESOURCE, which it does not have, could it give more");
  }

  /** What this process may have. */
  private static long ownCapabilities() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("CapBnd:")) {
        return Long.parseUnsignedLong(line.split("\t")[1], 16);
      }
    }
    throw new IOException("/proc/self/status");
  }

  private static String hardOpenFiles() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
      if (line.startsWith("Max open files")) {
        return line.strip().split(" +")[4];
      }
    }
    throw new IOException("/proc/self/limits");
  }

  // ---- streams ----------------------------------------------------------------------------------

  @Test
  void pipedInputArrivesWholeAndEnds() throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    try (TestContainer container = engine.start("--rm", "-i", TestEngine.BUSYBOX, "cat")) {
      container.stdin(bytes);
      container.closeStdin();
      assertThat(container.end().code()).isZero();
      assertThat(container.bytes()).isEqualTo(bytes);
    }
  }

  @Test
  void inputIsEmptyWithoutInteractive() throws Exception {
    assertThat(engine.sh("", "wc -c; readlink /proc/self/fd/0").lines())
        .containsExactly("0", "/dev/null");
  }

  @Test
  void inputThatNobodyReadsHoldsNothingUp() throws Exception {
    try (TestContainer container = engine.startSh("-i", "exec <&-; echo closed; sleep 0.2")) {
      container.await("closed");
      container.stdin(new byte[1 << 20]);
      assertThat(container.end().code()).isZero();
    }
  }

  @Test
  void outputAndErrorsAreKeptApart() throws Exception {
    TestEngine.Result result = engine.sh("", "echo out; echo err >&2");
    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.err()).isEqualTo("err\n");
  }

  @Test
  void muchOutputIsWhole() throws Exception {
    try (TestContainer container = engine.startSh("", "head -c 20000000 /dev/zero")) {
      assertThat(container.end().code()).isZero();
      assertThat(container.bytes()).hasSize(20_000_000);
    }
  }

  @Test
  void aUserCanOpenItsOutputByName() throws Exception {
    TestEngine.Result result =
        engine.sh("-u 1000", "echo a >/dev/stdout; echo b >/dev/stderr; echo c >/proc/1/fd/1");
    assertThat(result.out()).isEqualTo("a\nc\n");
    assertThat(result.err()).isEqualTo("b\n");
  }

  @Test
  void RT06_nothingIsOpenButTheStandardStreams() throws Exception {
    assertThat(engine.sh("-i", "ls /proc/1/fd; true").lines()).containsExactly("0", "1", "2");
    assertThat(engine.sh("--init", "ls /proc/1/fd; true").lines()).containsExactly("0", "1", "2");
    assertThat(engine.sh("--pid host", "ls /proc/$$/fd; true").lines())
        .containsExactly("0", "1", "2");
  }

  @Test
  void terminalIsOfItsOwnDevptsAndTheControllingOne() throws Exception {
    assertThat(
            engine
                .sh(
                    "-t -u 1000",
                    "tty; stat -c '%u %t' /dev/pts/0; echo x >/dev/tty; test -c /dev/console;"
                        + " echo $? $TERM")
                .out())
        .isEqualTo("/dev/pts/0\r\n1000 88\r\nx\r\n0 xterm\r\n");
  }

  // ---- the end ----------------------------------------------------------------------------------

  @Tag("smoke")
  @ParameterizedTest
  @CsvSource({
    "exit 0, 0, 0",
    "exit 5, 5, 0",
    "exit 125, 125, 0",
    "exit 255, 255, 0",
    "kill -9 $$; echo here, 0, 0",
    "sh -c 'kill -11 $$'; exit $?, 139, 0",
  })
  void exitCodeIsTheCommands(String script, int code, int signal) throws Exception {
    Exit exit = engine.sh("", script).exit();
    assertThat(exit).isEqualTo(new Exit(code, signal, false));
  }

  @Test
  void killedFromOutsideIs137() throws Exception {
    try (TestContainer container = engine.startSh("", "echo up; sleep 60").await("up")) {
      container.signal(9);
      assertThat(container.end().exit()).isEqualTo(new Exit(137, 9, false));
    }
  }

  @Test
  void terminatedIs143WhenItDoesNotCatchTheSignal() throws Exception {
    try (TestContainer container = engine.startSh("--init", "echo up; exec sleep 60").await("up")) {
      container.signal(SIGTERM);
      assertThat(container.end().code()).isEqualTo(143);
    }
  }

  @Test
  void firstProcessGetsOnlySignalsThatItCatches() throws Exception {
    String script = "trap 'echo caught; exit 3' USR1; echo up; while :; do sleep 0.1; done";
    try (TestContainer container = engine.startSh("", script).await("up")) {
      container.signal(SIGTERM);
      container.signal(SIGUSR1);
      assertThat(container.end().line()).endsWith("caught");
    }
  }

  @Test
  void initReapsOrphansAndForwardsSignals() throws Exception {
    String script =
        "readlink /proc/1/exe; cat /proc/1/comm; (sleep 0.1 &) ;"
            + " while cat /proc/[0-9]*/comm 2>/dev/null | grep -q sleep; do :; done;"
            + " echo reaped; trap 'echo caught; exit 4' USR1; echo up;"
            + " while :; do sleep 0.1; done";
    try (TestContainer container = engine.startSh("--init", script).await("up")) {
      container.signal(SIGUSR1);
      TestEngine.Result result = container.end();
      assertThat(result.code()).isEqualTo(4);
      assertThat(result.lines()).contains("reaped", "caught");
    }
  }

  @ParameterizedTest
  @CsvSource({"/no/such/command, 127", "nosuchcommand, 127", "/etc/passwd, 126", "/etc, 126"})
  void commandThatCannotBeExecutedBelowInitToo(String command, int code) throws Exception {
    assertThat(engine.run("--rm", "--init", TestEngine.BUSYBOX, command).code()).isEqualTo(code);
  }

  @Test
  void stopSignalIsKeptForTheDayItIsStopped() throws Exception {
    try (TestContainer container =
        engine.startSh("--stop-signal SIGUSR2", "echo up; sleep 60").await("up")) {
      String config =
          Files.readString(
              engine.root().resolve("containers").resolve(container.id()).resolve("config.json"));
      assertThat(config).contains("SIGUSR2");
    }
  }

  // ---- the engine's records ---------------------------------------------------------------------

  @Test
  void withoutRmRecordAndLayerStayAndWithItNothingDoes() throws Exception {
    TestEngine.Result kept = engine.run(TestEngine.BUSYBOX, "sh", "-c", "echo hi >/kept; exit 3");
    Path container = engine.root().resolve("containers").resolve(kept.id());
    assertThat(container.resolve("upper/kept")).hasContent("hi");
    assertThat(container.resolve("record.json")).content().contains("\"code\":3");
    TestEngine.Result gone = engine.sh("", "echo hi >/kept");
    assertThat(engine.root().resolve("containers").resolve(gone.id())).doesNotExist();
  }

  @Test
  void aNameIsTakenOnce() throws Exception {
    try (TestContainer first = engine.startSh("--name mine", "echo up; sleep 60").await("up")) {
      assertThatThrownBy(() -> engine.sh("--name mine", "true"))
          .hasMessage(
              "the container name \"mine\" is in use by container "
                  + first.id().substring(0, 12)
                  + ": take another name, or remove that container");
    }
    assertThat(engine.sh("--name mine", "true").code()).isZero();
  }
}
