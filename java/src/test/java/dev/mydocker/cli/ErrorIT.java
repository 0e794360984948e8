package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.stream.JsonReader;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input to {@code run}: one clear line, Docker's exit code, and nothing left. */
@ExtendWith(NothingLeft.class)
class ErrorIT {
  private static final String B = TestEngine.BUSYBOX;
  private static final Path ARCHIVE = Path.of(B.substring("oci-archive:".length()));

  @TempDir static Path directory;

  /** A command line, what it must give, and what it gave. */
  record Case(int code, String message, List<String> line, CommandLines.Result result) {
    Case(int code, String message, String... line) {
      this(code, message, List.of(line), new CommandLines.Result(-1, "", ""));
    }

    @Override
    public String toString() {
      return "run " + String.join(" ", line);
    }
  }

  private static List<Case> cases() throws IOException {
    Path there = Files.createFile(directory.resolve("there"));
    Path text = Files.writeString(directory.resolve("text"), "no tar at all\n".repeat(1000));
    Path script = Files.writeString(directory.resolve("script"), "echo no interpreter\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    return List.of(
        // images
        new Case(125, "no such file", "oci-archive:/no/such.tar"),
        new Case(
            125, "is no OCI image layout", "oci:" + Files.createDirectory(directory.resolve("e"))),
        new Case(125, "bad image archive", "oci-archive:" + text),
        new Case(125, "bad image archive", "docker-archive:" + text),
        new Case(125, "manifest.json", "docker-archive:" + ARCHIVE),
        new Case(125, "is not in the layout; it has \"latest\"", B + ":other"),
        new Case(125, "must be in lower case", "Busybox"),
        new Case(125, "is not in the store", "--pull", "never", "nosuchimage"),
        new Case(125, "linux/s390x", "--platform", "linux/s390x", B, "true"),
        // commands
        new Case(127, "cannot execute \"nosuch\": ENOENT", B, "nosuch"),
        new Case(127, "cannot execute \"/no/such\": ENOENT", B, "/no/such"),
        new Case(127, "cannot execute \"/etc/passwd/x\": ENOENT", B, "/etc/passwd/x"),
        new Case(126, "cannot execute \"/etc/passwd\": EACCES", B, "/etc/passwd"),
        new Case(126, "cannot execute \"/etc\": EACCES", B, "/etc"),
        new Case(126, "ENOEXEC", "-v", script + ":/script", B, "/script"),
        new Case(127, "cannot execute \"\": ENOENT", B, ""),
        new Case(127, "\"nosuch\"", "--entrypoint", "nosuch", B),
        // flags
        new Case(125, "unknown flag: --nope", "--nope", B),
        new Case(125, "invalid size: \"lots\"", "-m", "lots", B),
        new Case(125, "invalid size: \"1x\"", "--shm-size", "1x", B),
        new Case(125, "unable to find user \"ghost\"", "-u", "ghost", B, "true"),
        new Case(125, "unable to find group \"ghosts\"", "--group-add", "ghosts", B, "true"),
        new Case(125, "must be in range", "-u", "4294967296", B, "true"),
        new Case(125, "is not an absolute path", "-w", "relative", B, "true"),
        new Case(126, "working directory /etc/passwd: ENOTDIR", "-w", "/etc/passwd", B, "true"),
        new Case(125, "ENOTDIR", "-w", "/etc/passwd/x", B, "true"),
        new Case(125, "must be an absolute path", "-v", "/tmp:relative", B, "true"),
        new Case(125, "is no name of a volume", "-v", "na/me:/data", B, "true"),
        new Case(125, "inside /proc", "-v", "name:/proc/sys", B, "true"),
        new Case(125, "No such container: nobody", "--volumes-from", "nobody", B, "true"),
        new Case(125, "it contains '..'", "-v", "/tmp:/a/../b", B, "true"),
        new Case(125, "it cannot be '/'", "--tmpfs", "/", B, "true"),
        new Case(125, "Duplicate mount point: /d", "-v", "/tmp:/d", "--tmpfs", "/d/", B, "true"),
        new Case(125, "other way round", "-v", there + ":/etc", B, "true"),
        new Case(125, "other way round", "-v", directory + ":/etc/passwd", B, "true"),
        new Case(
            125,
            "bind source path does not exist",
            "--mount",
            "type=bind,src=/no/such,dst=/d",
            B,
            "true"),
        new Case(125, "unexpected key \"nope\"", "--mount", "type=tmpfs,dst=/d,nope=1", B, "true"),
        new Case(125, "no such file", "--env-file", "/no/such", B, "true"),
        new Case(125, there + " exists", "--cidfile", there.toString(), B, "true"),
        new Case(125, "/no/such/", "--cidfile", "/no/such/file", B, "true"),
        new Case(125, "invalid container name \"a b\"", "--name", "a b", B, "true"),
        new Case(125, "--gpus is not supported yet", "--gpus", "all", B, "true"),
        new Case(125, "--network", "--network", "a/b", B, "true"),
        new Case(125, "\"nosuch\" not found", "--network", "nosuch", B, "true"),
        new Case(125, "invalid port", "-p", "80:x", B, "true"),
        new Case(125, "NOPE", "--cap-add", "NOPE", B, "true"),
        new Case(125, "NOPE", "--stop-signal", "SIGNOPE", B, "true"),
        new Case(125, "nope", "--ulimit", "nope=1", B, "true"),
        new Case(125, "hard limit", "--ulimit", "nofile=2:1", B, "true"),
        new Case(125, "kernel.panic", "--sysctl", "kernel.panic=1", B, "true"),
        new Case(125, "hostname", "-h", "under score!", B, "true"),
        new Case(125, "no command", "--entrypoint", "", B));
  }

  private static Path truncated() throws IOException {
    byte[] all = Files.readAllBytes(ARCHIVE);
    return Files.write(directory.resolve("truncated.tar"), Arrays.copyOf(all, all.length * 2 / 3));
  }

  /** One bit of a blob is another: the layer is the greater part of the archive. */
  private static Path spoiled() throws IOException {
    byte[] all = Files.readAllBytes(ARCHIVE);
    all[all.length / 2] ^= 1;
    return Files.write(directory.resolve("spoiled.tar"), all);
  }

  private static List<Case> done = List.of();
  private static List<String> containersBefore = List.of();

  @BeforeAll
  static void runAll() throws IOException {
    containersBefore = containers();
    List<Case> cases = cases();
    List<List<String>> lines = new ArrayList<>();
    for (Case c : cases) {
      List<String> line = new ArrayList<>(roots());
      line.addAll(List.of("run", "--rm"));
      line.addAll(c.line());
      lines.add(line);
    }
    List<CommandLines.Result> results =
        CommandLines.run(Files.createDirectory(directory.resolve("lines")), lines);
    List<Case> all = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      Case c = cases.get(i);
      all.add(new Case(c.code(), c.message(), c.line(), results.get(i)));
    }
    done = all;
  }

  private static List<String> roots() {
    TestEngine engine = TestEngine.shared();
    return List.of("--root", engine.root().toString(), "--run-root", engine.runRoot().toString());
  }

  private static List<String> containers() throws IOException {
    try (Stream<Path> all = Files.list(TestEngine.shared().root().resolve("containers"))) {
      return all.map(path -> path.getFileName().toString()).filter(n -> n.length() == 64).toList();
    }
  }

  static Stream<Case> done() {
    return done.stream();
  }

  @ParameterizedTest
  @MethodSource("done")
  void badInputIsOneClearLine(Case c) {
    CommandLines.Result result = c.result();
    assertThat(result.code()).as(result.err()).isEqualTo(c.code());
    assertOneLine(result.err(), c.message());
    assertThat(result.out()).isEmpty();
  }

  /** Beside the error there may be the lines of a pull: twelve digits of a layer, and its state. */
  private static void assertOneLine(String err, String message) {
    List<String> errors =
        err.lines().filter(line -> !line.matches("[0-9a-f]{12}: [A-Z][a-z ]+")).toList();
    assertThat(errors).as(err).hasSize(1);
    assertThat(errors.get(0))
        .startsWith("mydocker: run: ")
        .contains(message)
        .doesNotContain("null")
        .doesNotContain("unexpected java")
        .doesNotContain("Exception");
  }

  @Test
  void nothingIsLeftOfThem() throws IOException {
    assertThat(containers()).isEqualTo(containersBefore);
    try (Stream<Path> work = Files.list(TestEngine.shared().root().resolve("work"))) {
      assertThat(work).isEmpty();
    }
    try (Stream<Path> names = Files.list(TestEngine.shared().root().resolve("containers/names"))) {
      assertThat(names).isEmpty();
    }
  }

  @Test
  void damagedArchiveIsRefusedAndLeavesNoImage() throws IOException {
    for (Path damaged : List.of(truncated(), spoiled())) {
      Path root = directory.resolve("root of " + damaged.getFileName());
      String image = "oci-archive:" + damaged;
      Cli.Result result = Cli.run("--root", root.toString(), "run", "--rm", image, "true");
      assertThat(result.code()).as(result.err()).isEqualTo(125);
      assertOneLine(result.err(), damaged.toString());
      for (String place : List.of("layers", "work", "containers")) {
        assertThat(root.resolve(place).toFile().list()).isIn(null, new String[0]);
      }
    }
  }

  // ---- a stack trace
  // ------------------------------------------------------------------------------

  @Test
  void traceIsShownWithDebugAlone() throws IOException {
    List<String> line = new ArrayList<>(List.of("--debug"));
    line.addAll(roots());
    line.addAll(List.of("run", "--rm", B, "nosuch"));
    CommandLines.Result result =
        CommandLines.run(Files.createDirectory(directory.resolve("debug")), List.of(line)).get(0);
    assertThat(result.code()).isEqualTo(127);
    assertThat(result.err())
        .startsWith("mydocker: run: cannot execute \"nosuch\"")
        .contains("\n\tat dev.mydocker.");
    assertThat(done).noneMatch(c -> c.result().err().contains("\tat "));
  }

  // ---- who runs it, and where its state is
  // --------------------------------------------------------

  @Test
  void withoutRootAndWithRootsOfRootItSaysWhichItCannotEnter() throws Exception {
    String root = TestEngine.shared().root().getParent().toString();
    assertOneLine(asNobody(root), root + "/root: EACCES (permission denied)");
  }

  /**
   * Runs a container as a user who is not root, its roots below a directory; gives what it says.
   */
  private static String asNobody(String directory) throws Exception {
    Path program = Files.createTempDirectory("mydocker-test-classes-");
    try {
      List<String> command =
          new ArrayList<>(List.of("setpriv", "--reuid", "65534", "--regid", "65534"));
      command.addAll(List.of("--clear-groups", "env", "MYDOCKER_ROOT=" + directory + "/root"));
      command.add("MYDOCKER_RUN_ROOT=" + directory + "/run");
      command.addAll(Cli.jvmOver(copyOfTheProgram(program)));
      command.addAll(List.of("run", "--rm", B, "true"));
      Cli.Result result = Cli.end(Cli.start(command), new byte[0]);
      assertThat(result.code()).as(result.err()).isEqualTo(125);
      return result.err();
    } finally {
      remove(program);
    }
  }

  /** A class path that everybody can read. */
  private static String copyOfTheProgram(Path to) throws Exception {
    StringBuilder classPath = new StringBuilder();
    List<Class<?>> one = List.of(Main.class, JsonReader.class, TarArchiveEntry.class);
    for (Class<?> c : one) {
      Path from = Path.of(c.getProtectionDomain().getCodeSource().getLocation().toURI());
      run("cp", "-r", from.toString(), to.toString());
      classPath.append(to.resolve(from.getFileName())).append(':');
    }
    run("chmod", "-R", "a+rX", to.toString());
    return classPath.toString();
  }

  private static void remove(Path directory) throws Exception {
    run("rm", "-r", directory.toString());
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  /** A command line in a mount namespace of its own, a tmpfs of these options at /mnt. */
  private static Cli.Result onTmpfs(String options, String... arguments) throws IOException {
    String script = "mount -t tmpfs -o " + options + " x /mnt; exec \"$@\"";
    List<String> command = new ArrayList<>(List.of("unshare", "-m"));
    command.addAll(Cli.underShell(script, Cli.command(arguments)));
    return Cli.end(Cli.start(command), new byte[0]);
  }

  @Test
  void stateRootThatCannotBeWritten() throws IOException {
    Cli.Result result = onTmpfs("ro", "--root", "/mnt/root", "run", "--rm", B, "true");
    assertThat(result.code()).as(result.err()).isEqualTo(125);
    assertOneLine(result.err(), "/mnt/root");
  }

  @Test
  void runRootThatCannotBeWritten() throws IOException {
    Cli.Result result = onTmpfs("ro", "--run-root", "/mnt/run", "run", "--rm", B, "true");
    assertThat(result.code()).as(result.err()).isEqualTo(125);
    assertOneLine(result.err(), "/mnt/run");
  }

  @Test
  void stateRootBelowAFile() throws IOException {
    Cli.Result result = Cli.run("--root", "/etc/passwd/x", "run", "--rm", B, "true");
    assertThat(result.code()).as(result.err()).isEqualTo(125);
    assertOneLine(result.err(), "/etc/passwd");
  }

  @ParameterizedTest
  @ValueSource(strings = {"64k", "1m", "2m"})
  void stateRootThatIsFull(String size) throws IOException {
    Cli.Result result = onTmpfs("size=" + size, "--root", "/mnt/root", "run", "--rm", B, "true");
    assertThat(result.code()).as(result.err()).isEqualTo(125);
    assertOneLine(result.err(), "");
    assertThat(result.err()).containsAnyOf("ENOSPC", "No space left");
  }

  @Test
  void runRootThatIsFull() throws IOException {
    Cli.Result result = onTmpfs("nr_inodes=4", "--run-root", "/mnt/run", "run", "--rm", B, "true");
    assertThat(result.code()).as(result.err()).isEqualTo(125);
    assertOneLine(result.err(), "/mnt/run");
  }

  // ---- two at once
  // --------------------------------------------------------------------------------

  @Test
  void oneOfTwoRunsWithTheSameNameWins() throws IOException {
    List<Process> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(Cli.start(Cli.command("run", "--rm", "--name", "twin", B, "sleep", "3")));
    }
    Cli.Result first = Cli.end(both.get(0), new byte[0]);
    Cli.Result second = Cli.end(both.get(1), new byte[0]);
    assertThat(List.of(first.code(), second.code())).containsExactlyInAnyOrder(0, 125);
    assertOneLine(
        first.err() + second.err(), "the container name \"twin\" is in use by container ");
  }
}
