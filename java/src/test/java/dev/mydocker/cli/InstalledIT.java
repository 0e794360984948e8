package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher that {@code make install} installs, and its archive of classes. */
class InstalledIT {
  @TempDir Path directory;

  @BeforeEach
  void install() throws IOException {
    Files.copy(Path.of("mydocker.jar"), directory.resolve("mydocker.jar"));
    Path natives = Path.of("build/resources/native", System.getProperty("os.arch"));
    Files.createDirectory(directory.resolve("native"));
    try (Stream<Path> all = Files.list(natives)) {
      for (Path one : all.toList()) {
        Files.copy(one, directory.resolve("native").resolve(one.getFileName()));
      }
    }
    String script = Files.readString(Path.of("java/src/main/launcher/mydocker.sh"));
    Files.writeString(launcher(), script.replace("@LIB@", directory.toString()));
    Files.setPosixFilePermissions(launcher(), PosixFilePermissions.fromString("rwx------"));
  }

  private Path launcher() {
    return directory.resolve("mydocker");
  }

  private Program.Result run(String archive) throws Exception {
    return result(
        Map.of("JAVA_HOME", System.getProperty("java.home"), "MYDOCKER_ARCHIVE", archive),
        List.of(launcher().toString(), "run", "--rm", "--network", "none"));
  }

  /** Runs it over the state of this test. */
  private Program.Result result(Map<String, String> environment, List<String> command)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MYDOCKER_ROOT", directory.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", directory.resolve("running").toString());
    builder.environment().putAll(environment);
    return Program.result(builder.start());
  }

  private List<Path> archives() throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("root/jvm"))) {
      return all.toList();
    }
  }

  @Test
  void firstRunMakesAnArchiveOfWhichNobodyHears() throws Exception {
    Program.Result first = run("on");
    assertThat(first.code()).isZero();
    assertThat(first.out()).startsWith("Hello");
    List<Path> made = archives();
    assertThat(made).hasSize(1);

    Program.Result second = run("on");
    assertThat(second.out()).startsWith("Hello");
    assertThat(second.err()).isEmpty();
    assertThat(archives()).isEqualTo(made);

    Files.delete(made.get(0));
    Files.writeString(made.get(0), "not an archive");
    Program.Result third = run("on");
    assertThat(third.out()).startsWith("Hello");
    assertThat(third.err()).isEmpty();
  }

  /** An archive does not keep what is made at run time: with it a start would be slow again. */
  @Test
  void startMakesNoCodeToCompareRecords() throws Exception {
    String archive = "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
    // The second one has the image; the third has it under a name.
    classesOf("run", "--rm", "--network", "none", archive, "true");
    String known = classesOf("run", "--rm", "--network", "none", archive, "true");
    classesOf("tag", jar("images", "-q").out().strip(), "box:1");
    String named = classesOf("run", "--rm", "--network", "none", "box:1", "true");
    String bridged = classesOf(List.of("unshare", "--net"), "run", "--rm", "box:1", "true");
    for (String classes : List.of(known, named, bridged)) {
      assertThat(classes.contains("dev.mydocker.launch.Launcher")).isTrue();
      assertThat(classes.contains("java.lang.runtime.ObjectMethods")).isFalse();
      // Nor does it read the profile of system calls, or compile it, again.
      assertThat(classes.contains("dev.mydocker.spec.SeccompReader")).isFalse();
      assertThat(classes.contains("dev.mydocker.kernel.SeccompFilter")).isFalse();
    }
    classesOf("run", "-d", "--network", "none", "--name", "stays", "box:1", "sleep", "1000");
    for (String command :
        List.of(
            "exec stays true",
            "ps",
            "inspect stays",
            "logs stays",
            "stop -t 0 stays",
            "start stays",
            "rm -f stays")) {
      assertThat(classesOf(command.split(" ")).contains("java.lang.runtime.ObjectMethods"))
          .as(command)
          .isFalse();
    }
    // Nor does it look for who could give it a random number or a hash.
    assertThat(named.contains("sun.security.jca.ProviderList")).isFalse();
  }

  /** The classes that a command loads. */
  private String classesOf(String... command) throws Exception {
    return classesOf(List.of(), command);
  }

  private String classesOf(List<String> before, String... command) throws Exception {
    assertThat(jar(before, command).code()).isZero();
    return Files.readString(directory.resolve("classes"));
  }

  private Program.Result jar(String... arguments) throws Exception {
    return jar(List.of(), arguments);
  }

  private Program.Result jar(List<String> before, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(before);
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("-Xlog:class+load:file=" + directory.resolve("classes"));
    command.add("-jar");
    command.add(directory.resolve("mydocker.jar").toString());
    command.addAll(List.of(arguments));
    return result(Map.of(), command);
  }

  @Test
  void archiveCanBeLeftOut() throws Exception {
    assertThat(run("off").out()).startsWith("Hello");
    assertThat(directory.resolve("root/jvm")).doesNotExist();
  }

  // ---- what a JVM leaves where others write -----------------------------------------------------

  /** The installed program, attached to a container that sees the host's /tmp. */
  private Process attached(Path caller, String script) throws Exception {
    String archive = "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
    List<String> command =
        List.of(
            "sh",
            "-c",
            "ulimit -c unlimited; exec \"$@\"",
            "sh",
            launcher().toString(),
            "run",
            "--name",
            "box",
            "--network",
            "none",
            "-v",
            "/tmp:/tmp",
            archive,
            "sh",
            "-c",
            script);
    ProcessBuilder builder = new ProcessBuilder(command).directory(caller.toFile());
    builder.environment().put("MYDOCKER_ROOT", directory.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", directory.resolve("running").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    assertThat(process.getInputStream().read()).isEqualTo('u');
    return process;
  }

  private Program.Result installed(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher().toString()));
    command.addAll(List.of(arguments));
    return result(Map.of("JAVA_HOME", System.getProperty("java.home")), command);
  }

  @Test
  void JVM04_noChannelToTheEngineLiesInASharedDirectory() throws Exception {
    String script =
        "trap 'find /tmp -name \"*$(cat /tmp/$0)*\"; exit 0' QUIT; echo up; sleep 99 & wait";
    Path caller = Files.createDirectory(directory.resolve("caller"));
    Path note = Files.createTempFile(Path.of("/tmp"), "note", "");
    try {
      Process process = attached(caller, script.replace("/tmp/$0", note.toString()));
      // What jcmd does to be let in: a file that asks for it, and a signal.
      Files.writeString(note, "pid" + process.pid());
      Path ask = Path.of("/tmp/.attach_pid" + process.pid());
      Files.createFile(ask);
      Files.createFile(caller.resolve(".attach_pid" + process.pid()));
      assertThat(Linux.kill((int) process.pid(), Signals.SIGQUIT)).isZero();
      String seen = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor()).isZero();
      assertThat(seen.lines().skip(1))
          .contains(ask.toString())
          .allMatch(f -> f.contains("/.attach_pid"));
      assertThat(Path.of("/tmp/hsperfdata_root/" + process.pid())).doesNotExist();
      Files.delete(ask);
    } finally {
      Files.delete(note);
      installed("rm", "-f", "box");
    }
  }

  @Test
  void JVM15_aCrashLeavesItsReportToNobodyElseAndTheContainerAlone() throws Exception {
    Path caller = Files.createDirectory(directory.resolve("caller"));
    Process process = attached(caller, "echo up; exec sleep 1000");
    assertThat(Linux.kill((int) process.pid(), 11)).isZero();
    process.waitFor();
    Path report = directory.resolve("root/jvm/hs_err_pid" + process.pid() + ".log");
    assertThat(report).isRegularFile();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(report.getParent())))
        .isEqualTo("rwx------");
    assertThat(caller).isEmptyDirectory();
    assertThat(Path.of("/tmp/hs_err_pid" + process.pid() + ".log")).doesNotExist();
    assertThat(installed("ps", "--format", "{{.Names}} {{.State}}").out())
        .isEqualTo("box running\n");
    assertThat(installed("exec", "box", "echo", "well").out()).isEqualTo("well\n");
    assertThat(installed("rm", "-f", "box").code()).isZero();
  }

  /** What monitors run after an end is the same, and has fewer words. */
  @Test
  void JVM04_JVM15_whatMonitorsRunIsNoDifferent() throws Exception {
    Path caller = Files.createDirectory(directory.resolve("caller"));
    String archive = "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
    installed("run", "-d", "--rm", "--name", "box", "--network", "none", archive, "sleep", "1000");
    String pid = Files.readString(running(directory.resolve("running/containers")).resolve("pid"));
    String monitor = pid.replaceAll(".*\"monitor\":([0-9]+),.*\\s", "$1");
    String words = Files.readString(Path.of("/proc", monitor, "cmdline")).replace('\0', ' ');
    assertThat(words)
        .contains(" -XX:-UsePerfData -XX:+DisableAttachMechanism -XX:-CreateCoredumpOnCrash")
        .contains(" -XX:ErrorFile=" + directory.resolve("running") + "/");
    assertThat(installed("rm", "-f", "box").code()).isZero();
    assertThat(caller).isEmptyDirectory();
  }

  private static Path running(Path all) throws IOException {
    try (Stream<Path> one = Files.list(all)) {
      return one.findFirst().orElseThrow();
    }
  }
}
