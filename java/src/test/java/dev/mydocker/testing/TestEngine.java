package dev.mydocker.testing;

import dev.mydocker.cli.RunLine;
import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exec;
import dev.mydocker.engine.Exit;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Directory;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An engine over roots of its own, one for all the tests of a JVM, with which containers are run as
 * {@code mydocker run} would, in this process.
 */
public final class TestEngine {
  /** Where images/build.sh leaves it. */
  private static final Path ARCHIVE = Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  /** The busybox image, to stand where an image is named. */
  public static final String BUSYBOX = "oci-archive:" + ARCHIVE;

  private static TestEngine shared;

  private final Path directory;
  private final Map<String, String> environment;
  private final Engine engine;
  private final Set<String> ids = ConcurrentHashMap.newKeySet();

  /** How a container ended, and what it wrote. */
  public record Result(String id, Exit exit, String out, String err) {
    public int code() {
      return exit.code();
    }

    /** What it wrote to its standard output, without the line's end. */
    public String line() {
      return out.strip();
    }

    public List<String> lines() {
      return out.lines().toList();
    }
  }

  private TestEngine(Path directory) throws IOException {
    this.directory = directory;
    this.environment =
        Map.of("MYDOCKER_ROOT", root().toString(), "MYDOCKER_RUN_ROOT", runRoot().toString());
    this.engine = Engine.open(environment);
  }

  /** The engine of this JVM; what it keeps is removed when the JVM ends. */
  public static synchronized TestEngine shared() {
    if (shared == null) {
      if (!Files.exists(ARCHIVE)) {
        throw new IllegalStateException(
            ARCHIVE + " is missing: make it with images/build.sh busybox");
      }
      try {
        Path directory = Files.createTempDirectory("mydocker-test-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
        shared = new TestEngine(directory);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return shared;
  }

  static void remove(Path directory) {
    try (Directory parent = Directory.open(directory.getParent())) {
      parent.removeTree(directory.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Engine engine() {
    return engine;
  }

  /** The state root. */
  public Path root() {
    return directory.resolve("root");
  }

  /** The run root. */
  public Path runRoot() {
    return directory.resolve("run");
  }

  /** What a process must be given to use the same roots. */
  public Map<String, String> environment() {
    return environment;
  }

  /** The ids of all containers that were ever made through {@link #start}. */
  Set<String> ids() {
    return ids;
  }

  /**
   * Runs a script in busybox, with {@code --rm}.
   *
   * @param flags separated by spaces
   */
  public Result sh(String flags, String script) throws IOException, OptionException {
    return run(line(flags, script));
  }

  /** {@link #sh}, coming back as soon as the shell has been executed. */
  public TestContainer startSh(String flags, String script) throws IOException, OptionException {
    return start(line(flags, script));
  }

  private static String[] line(String flags, String script) {
    List<String> line = new ArrayList<>(List.of("--rm"));
    Arrays.stream(flags.split(" ")).filter(word -> !word.isEmpty()).forEach(line::add);
    line.addAll(List.of(BUSYBOX, "sh", "-c", script));
    return line.toArray(String[]::new);
  }

  /** Runs what stands after {@code run}, to its end; without input. */
  public Result run(String... arguments) throws IOException, OptionException {
    try (TestContainer container = start(arguments)) {
      return container.end();
    }
  }

  /** Starts what stands after {@code run}. */
  public TestContainer start(String... arguments) throws IOException, OptionException {
    RunLine line = RunLine.parse(List.of(arguments));
    Container container = engine.create(line.request(), PullListener.NONE);
    ids.add(container.id());
    return new TestContainer(container.id(), container.start(line.stdio()));
  }

  /** Starts a command in a container that runs. */
  public TestContainer exec(TestContainer in, ExecOptions options, Stdio stdio)
      throws IOException, OptionException {
    try (Exec exec = engine.find(in.id()).exec(options)) {
      return new TestContainer(in.id(), exec.start(stdio));
    }
  }

  /** Attaches to a container that runs. */
  public TestContainer attach(TestContainer to, boolean stdin) throws IOException {
    return new TestContainer(to.id(), engine.find(to.id()).attach(stdin));
  }

  /** Runs a script in a container that runs, to its end; without input. */
  public Result execSh(TestContainer in, String script) throws IOException, OptionException {
    return exec(in, ExecOptions.of(List.of("sh", "-c", script)));
  }

  /** Runs a command in a container that runs, to its end; without input. */
  public Result exec(TestContainer in, ExecOptions options) throws IOException, OptionException {
    try (TestContainer command = exec(in, options, new Stdio.Streams(false))) {
      return command.end();
    }
  }
}
