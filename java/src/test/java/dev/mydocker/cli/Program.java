package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * {@code mydocker run --rm} of the busybox image as a user starts it: in a process of its own, over
 * a state of its own.
 *
 * <p>A script stands for it, so that shells and terminals can start it too: {@code run OPTIONS --
 * COMMAND}.
 */
final class Program {
  private static final long DEADLINE_NANOS = 30_000_000_000L;

  private final Path directory;

  /** What a run printed and how it ended. */
  record Result(int code, String out, String err) {}

  /**
   * Writes the script, and runs it once: from then on the image is unpacked.
   *
   * @param directory for the script and the state
   */
  Program(Path directory) throws Exception {
    this.directory = directory;
    String java = "'" + String.join("' '", Cli.jvm()) + "'";
    // The JVM that runs these tests may have been started with some signals ignored.
    Files.writeString(
        directory.resolve("run"),
        """
        #!/bin/sh
        export MYDOCKER_ROOT='DIR/root' MYDOCKER_RUN_ROOT='DIR/running'
        options=
        while [ "$1" != -- ]; do options="$options $1"; shift; done
        shift
        echo $$ >'DIR/pid'
        exec ${SIGNALS-env --default-signal} JAVA run --rm --cidfile 'DIR/id-'$$ $options 'IMAGE' "$@"
        """
            .replace("DIR", directory.toString())
            .replace("JAVA", java)
            .replace(
                "IMAGE", "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath()));
    Files.setPosixFilePermissions(
        directory.resolve("run"), PosixFilePermissions.fromString("rwx------"));
    assertThat(result(start("--", "true")).code()).isZero();
  }

  /** The script. */
  String script() {
    return directory.resolve("run").toString();
  }

  /** Starts it, its streams being pipes. */
  Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(script()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  /** Starts a shell command, in which {@code run} is the script. */
  Process shell(String command) throws IOException {
    return new ProcessBuilder("bash", "-c", "run() { '" + script() + "' \"$@\"; }; " + command)
        .start();
  }

  /** Waits for the end; the input is left as it is. */
  static Result result(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out, err);
  }

  /** The process that the script, started last, became. */
  int pid() throws IOException {
    return Integer.parseInt(Files.readString(directory.resolve("pid")).strip());
  }

  /** Sends a signal to the process that the script, started last, became. */
  void signal(int number) throws IOException {
    KernelException.check(Linux.kill(pid(), number), "kill", "the program under test");
  }

  /** Every process in a container of this program, as this host numbers it. */
  List<Integer> processesInside() throws IOException {
    List<String> ids = ids();
    return processes("cgroup")
        .filter(p -> ids.stream().anyMatch(p.text()::contains))
        .map(Found::pid)
        .toList();
  }

  /** The monitors of its containers. */
  List<Integer> monitors() throws IOException {
    List<String> ids = ids();
    return processes("cmdline")
        .filter(p -> p.text().startsWith("mydocker-monitor"))
        .filter(p -> ids.stream().anyMatch(p.text()::contains))
        .map(Found::pid)
        .toList();
  }

  private record Found(int pid, String text) {}

  private static Stream<Found> processes(String file) throws IOException {
    List<Found> found = new ArrayList<>();
    for (String name : names(Path.of("/proc"))) {
      try {
        found.add(
            new Found(Integer.parseInt(name), Files.readString(Path.of("/proc", name, file))));
      } catch (NumberFormatException | IOException noProcess) {
        continue;
      }
    }
    return found.stream();
  }

  private List<String> ids() throws IOException {
    List<String> ids = new ArrayList<>();
    for (String name : names(directory)) {
      if (name.startsWith("id-")) {
        ids.add(Files.readString(directory.resolve(name)));
      }
    }
    return ids;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }

  /** Fails when a run directory, a cgroup or a process of its containers is left. */
  void requireNothingLeft() throws Exception {
    await("the containers' end", () -> names(directory.resolve("running/containers")).isEmpty());
    assertThat(processesInside()).isEmpty();
    await("the monitors' end", () -> monitors().isEmpty());
    for (String id : ids()) {
      for (String hierarchy : names(Path.of("/sys/fs/cgroup"))) {
        assertThat(Path.of("/sys/fs/cgroup", hierarchy, "mydocker", id)).doesNotExist();
      }
      assertThat(Path.of("/sys/fs/cgroup/mydocker", id)).doesNotExist();
    }
  }

  /** Waits until a condition holds; fails when it does not within half a minute. */
  static void await(String what, Callable<Boolean> condition) throws Exception {
    await(() -> what, condition);
  }

  /**
   * {@link #await(String, Callable)}.
   *
   * @param what asked for when it fails
   */
  static void await(Callable<String> what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        fail("waited in vain for " + what.call());
      }
      Thread.sleep(20);
    }
  }
}
