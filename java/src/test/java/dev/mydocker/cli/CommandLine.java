package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.Engine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Command lines over roots of their own, run in this process. */
record CommandLine(Path root, Path runRoot) {
  static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  /** How one ended, and what it wrote. */
  record Result(int code, String out, String err) {}

  static CommandLine below(Path directory) {
    return new CommandLine(directory.resolve("root"), directory.resolve("run"));
  }

  /** The whole line, with the roots in front. */
  List<String> line(String... arguments) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("--root", root.toString(), "--run-root", runRoot.toString()));
    line.addAll(List.of(arguments));
    return line;
  }

  Result run(String... arguments) {
    return run(new byte[0], arguments);
  }

  /** One that has something on its standard input. */
  Result run(byte[] input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(new ByteArrayInputStream(input), out, err);
    int code = new Main(console).run(line(arguments).toArray(String[]::new));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** One that succeeds; its output. */
  String good(String... arguments) {
    Result result = run(arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isZero();
    return result.out().strip();
  }

  /** One that fails with one line; that line. */
  String bad(String... arguments) {
    Result result = run(arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isNotZero();
    assertThat(result.err().lines()).as("%s", List.of(arguments)).hasSize(1);
    return result.err().strip();
  }

  Engine engine() throws IOException {
    return Engine.open(
        Map.of("MYDOCKER_ROOT", root.toString(), "MYDOCKER_RUN_ROOT", runRoot.toString()));
  }

  ContainerInfo info(String name) throws IOException {
    return engine().find(name).info();
  }

  /** A container's directory. */
  Path home(String id) {
    return root.resolve("containers").resolve(id);
  }

  /** A container's run directory. */
  Path running(String id) {
    return runRoot.resolve("containers").resolve(id);
  }

  /** Waits until a container has written that file into its root. */
  void awaitFile(String id, String file) {
    while (!Files.exists(home(id).resolve("upper").resolve(file))) {
      Thread.onSpinWait();
    }
  }

  /** Removes every container; then nothing of any is left. */
  void clear() throws IOException {
    for (String id : good("ps", "-aq", "--no-trunc").lines().toList()) {
      good("rm", "-f", id);
    }
    requireNothing();
  }

  /** No container, no name, no run directory. */
  void requireNothing() {
    assertThat(runRoot.resolve("containers")).isEmptyDirectory();
    if (Files.exists(root.resolve("containers/names"))) {
      assertThat(root.resolve("containers/names")).isEmptyDirectory();
      assertThat(root.resolve("containers")).isDirectoryNotContaining("regex:.*/[0-9a-f]{64}");
    }
  }

  /** The directories of a container's cgroup, one per hierarchy. */
  static List<Path> cgroups(String id) {
    List<Path> found = new ArrayList<>();
    String[] hierarchies = Path.of("/sys/fs/cgroup").toFile().list();
    for (String hierarchy : hierarchies == null ? new String[0] : hierarchies) {
      found.add(Path.of("/sys/fs/cgroup", hierarchy, "mydocker", id));
    }
    found.add(Path.of("/sys/fs/cgroup/mydocker", id));
    found.removeIf(path -> !Files.exists(path));
    return found;
  }
}
