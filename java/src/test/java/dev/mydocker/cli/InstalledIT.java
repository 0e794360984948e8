package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
    for (String classes : List.of(known, named)) {
      assertThat(classes.contains("dev.mydocker.launch.Launcher")).isTrue();
      assertThat(classes.contains("java.lang.runtime.ObjectMethods")).isFalse();
      // Nor does it read the profile of system calls, or compile it, again.
      assertThat(classes.contains("dev.mydocker.spec.SeccompReader")).isFalse();
      assertThat(classes.contains("dev.mydocker.kernel.SeccompFilter")).isFalse();
    }
    // Nor does it look for who could give it a random number or a hash.
    assertThat(named.contains("sun.security.jca.ProviderList")).isFalse();
  }

  /** The classes that a command loads. */
  private String classesOf(String... command) throws Exception {
    assertThat(jar(command).code()).isZero();
    return Files.readString(directory.resolve("classes"));
  }

  private Program.Result jar(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
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
}
