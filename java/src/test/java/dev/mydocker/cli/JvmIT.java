package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is so because the engine is a Java program, and nobody should notice. */
class JvmIT {
  @TempDir Path directory;
  private CommandLine cli;

  @BeforeEach
  void open() {
    cli = CommandLine.below(directory);
  }

  @AfterEach
  void clear() throws IOException {
    cli.clear();
  }

  private List<String> line(String... arguments) {
    return Cli.command(cli.line(arguments).toArray(String[]::new));
  }

  /** Somebody else may make every name in /tmp, and it may be full or not be there. */
  @Test
  void JVM05_nothingIsLoadedFromATemporaryDirectory() throws Exception {
    List<String> command = new ArrayList<>(line("run", "--rm", TestEngine.BUSYBOX, "echo", "well"));
    command.add(1, "-Djava.io.tmpdir=/proc/nothing");
    Cli.Result result = Cli.end(Cli.start(command), new byte[0]);
    assertThat(result.out()).as(result.err()).isEqualTo("well\n");
  }

  @Test
  void JVM05_aLibraryThatOthersCouldHaveWrittenIsNotLoaded() throws Exception {
    Path root = Files.createDirectories(directory.resolve("root/native")).getParent();
    List<String> command = line("run", "--rm", TestEngine.BUSYBOX, "true");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MYDOCKER_ROOT", root.toString());
    Files.setPosixFilePermissions(
        root.resolve("native"), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(Cli.end(builder.start(), new byte[0]).err())
        .contains("cannot extract the native library")
        .contains("writable by nobody else");
    Files.setPosixFilePermissions(
        root.resolve("native"), PosixFilePermissions.fromString("rwx------"));
    Cli.Result result = Cli.end(builder.start(), new byte[0]);
    assertThat(result.code()).as(result.err()).isZero();
    Path library =
        Arrays.stream(root.resolve("native").toFile().listFiles())
            .filter(one -> one.getName().matches("libmydocker-[0-9a-f]+-[0-9]+[.]so"))
            .findFirst()
            .orElseThrow()
            .toPath();
    Files.write(library, new byte[] {1, 2, 3});
    result = Cli.end(builder.start(), new byte[0]);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(library).isNotEmptyFile();
    assertThat(Files.size(library)).isGreaterThan(3);
  }

  private Process printing(String... arguments) throws Exception {
    Process process = new ProcessBuilder(line(arguments)).start();
    // The first byte says that it is past its start.
    assertThat(process.getInputStream().read()).isNotNegative();
    return process;
  }

  private static String threadDump(Process process, boolean ends) throws Exception {
    assertThat(Linux.kill((int) process.pid(), Signals.SIGQUIT)).isZero();
    if (ends) {
      assertThat(process.waitFor()).isEqualTo(128 + Signals.SIGQUIT);
    }
    return new String(process.getInputStream().readAllBytes())
        + new String(process.getErrorStream().readAllBytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"logs -f box", "events --since 1h", "stats box"})
  void JVM07_whatFollowsEndsAtAQuitWithoutADump(String command) throws Exception {
    String script = "echo printed; exec sleep 1000";
    cli.good("run", "-d", "--name", "box", CommandLine.BUSYBOX, "sh", "-c", script);
    Process process = printing(command.split(" "));
    assertThat(threadDump(process, true)).doesNotContain("thread dump").doesNotContain("\"main\"");
  }

  @Test
  void JVM07_aQuitIsTheContainersWhoeverIsAttached() throws Exception {
    String script = "trap 'echo quit; exit 7' QUIT; echo printed; while :; do sleep 0.05; done";
    cli.good("pull", "-q", CommandLine.BUSYBOX);
    String[] run = {"run", "--name", "box", TestEngine.BUSYBOX, "sh", "-c", script};
    Process process = printing(run);
    assertThat(threadDump(process, false)).isEqualTo("rinted\nquit\n");
    assertThat(process.waitFor()).isEqualTo(7);
    cli.good("start", "box");
    Process attached = new ProcessBuilder(line("attach", "box")).start();
    Program.await(
        "events",
        () ->
            cli.run("events", "--since", "1h", "--until", "0s", "-f", "event=attach")
                    .out()
                    .lines()
                    .count()
                == 2);
    Thread.sleep(200);
    assertThat(threadDump(attached, false)).isEqualTo("quit\n");
    assertThat(attached.waitFor()).isEqualTo(7);
  }

  /** Names are bytes, and an argument is what the caller typed, whatever the locale decodes. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "C.UTF-8", "en_US.ISO-8859-1"})
  void JVM08_namesAndArgumentsAreTheSameInEachLocale(String locale) throws Exception {
    String script =
        """
        set -e; cd DIR; mkdir src; LC_ALL=C; export LC_ALL
        utf=$(printf 'caf\\303\\251'); latin=$(printf 'caf\\351'); bad=$(printf '\\377\\376')
        for n in "$utf" "$latin" "$bad"; do echo "in $n" >"src/$n"; done
        LC_ALL=LOCALE; export LC_ALL
        "$@" run -d --name box -e "V=$utf" IMAGE sleep 1000 >/dev/null 2>&1
        "$@" cp src box:/ ; "$@" cp "src/$utf" "box:/new-$utf"
        "$@" exec box sh -c 'cd /src; for n in *; do cat "$n"; done; cat /new*; echo "$V"'
        "$@" exec box echo "$utf"
        "$@" cp box:/src out; diff -r src out
        "$@" export box | tar --quoting-style=literal -t | LC_ALL=C grep '^src/.'
        "$@" diff box | LC_ALL=C grep '/src/'
        "$@" commit -c "LABEL name=$utf" box made:1 >/dev/null
        "$@" inspect -f '{{json .Config.Labels}}' made:1
        """
            .replace("DIR", directory.toString())
            .replace("LOCALE", locale)
            .replace("IMAGE", TestEngine.BUSYBOX);
    Cli.Result result = Cli.under(script, cli.line().toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isZero();
    String names = new String(result.output(), StandardCharsets.ISO_8859_1);
    assertThat(names)
        .isEqualTo(
            "in caf\303\251\nin caf\351\nin \377\376\nin caf\303\251\ncaf\303\251\n"
                + "caf\303\251\n"
                + "src/caf\303\251\nsrc/caf\351\nsrc/\377\376\n"
                + "A /src/caf\303\251\nA /src/caf\\xe9\nA /src/\\xff\\xfe\n"
                + "{\"name\":\"caf\303\251\"}\n");
  }
}
