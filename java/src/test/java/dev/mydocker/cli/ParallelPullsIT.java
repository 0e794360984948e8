package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.LayoutRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several who pull the same at once, in this process and in others. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ParallelPullsIT {
  private static final int LAYERS = 10;

  @TempDir Path directory;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Process> processes = Collections.synchronizedList(new ArrayList<>());
  private LayoutRegistry registry;

  @BeforeEach
  void open() throws Exception {
    registry = new LayoutRegistry();
  }

  @AfterEach
  void close() {
    processes.forEach(Process::destroyForcibly);
    threads.shutdownNow();
    registry.close();
  }

  /** An image of ten layers, of which the first {@code shared} are those of all others. */
  private String image(String name, int shared) throws Exception {
    ImageLayout layout = ImageLayout.in(directory.resolve(name));
    for (int i = 0; i < LAYERS; i++) {
      byte[] content = new byte[40_000];
      new Random(i < shared ? i : name.hashCode() + i).nextBytes(content);
      layout.layer(new ImageLayout.Layer().file("f" + i, 0644, content));
    }
    return registry.serve(name, layout.end());
  }

  private Path root() {
    return directory.resolve("root");
  }

  private String[] line(String... arguments) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("--root", root().toString()));
    line.addAll(List.of("--run-root", directory.resolve("run").toString()));
    line.addAll(List.of(arguments));
    return line.toArray(String[]::new);
  }

  /** A client in this process; what it said when it failed. */
  private Future<String> pull(String image) {
    return threads.submit(
        () -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          Console console = new Console(new ByteArrayInputStream(new byte[0]), out, out);
          int code = new Main(console).run(line("pull", "-q", image));
          return code == 0 ? "" : out.toString();
        });
  }

  /** A client in a process of its own. */
  private Process start(String image) throws IOException {
    // Who started the tests may ignore SIGINT; a JVM then does too.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal"));
    command.addAll(Cli.command(line("pull", "-q", image)));
    Process process = Cli.start(command);
    processes.add(process);
    return process;
  }

  private static List<String> names(Path in) {
    String[] names = in.toFile().list();
    return names == null ? List.of() : List.of(names);
  }

  /** How many have begun: each has a workplace before it waits for anybody. */
  private int pulling() {
    return names(root().resolve("work")).size();
  }

  private void awaitPulling(int clients) throws IOException {
    try {
      Program.await(() -> clients + " of " + pulling(), () -> pulling() >= clients);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private void requireClean(int layers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Console console = new Console(new ByteArrayInputStream(new byte[0]), out, out);
    assertThat(new Main(console).run(line("system", "check"))).as(out.toString()).isZero();
    assertThat(out.toString())
        .contains(layers + " unpacked layers: 0 problems")
        .doesNotContain("unused");
    assertThat(names(root().resolve("work"))).isEmpty();
    assertThat(names(root().resolve("locks"))).isEmpty();
  }

  @Test
  void REG14_twentyClientsFetchEachLayerOnce() throws Exception {
    String image = image("app", LAYERS);
    registry.gate((digest, sent) -> awaitPulling(20));
    List<Process> others = new ArrayList<>();
    List<Future<String>> here = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      if (i % 5 == 0) {
        others.add(start(image));
      } else {
        here.add(pull(image));
      }
    }
    for (Future<String> one : here) {
      assertThat(one.get()).isEmpty();
    }
    for (Process one : others) {
      assertThat(Cli.end(one, new byte[0]).code()).isZero();
    }
    assertThat(registry.layers()).doesNotHaveDuplicates().hasSize(LAYERS);
    requireClean(LAYERS);
  }

  @Test
  void REG14_imagesThatShareLayersFetchThemOnce() throws Exception {
    String one = image("one", LAYERS - 1);
    String other = image("other", LAYERS - 1);
    registry.gate((digest, sent) -> awaitPulling(6));
    List<Future<String>> clients = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      clients.add(pull(i % 2 == 0 ? one : other));
    }
    for (Future<String> client : clients) {
      assertThat(client.get()).isEmpty();
    }
    assertThat(registry.layers()).doesNotHaveDuplicates().hasSize(LAYERS + 1);
    requireClean(LAYERS + 1);
  }

  /** By Ctrl-C, by a service manager, by kill -9. */
  @ParameterizedTest
  @ValueSource(ints = {2, 15, 9})
  void REG14_whenTheFirstIsEndedMidwayTheOthersFinish(int signal) throws Exception {
    String image = image("app", LAYERS);
    CountDownLatch ended = new CountDownLatch(1);
    Set<String> passed = Collections.synchronizedSet(new HashSet<>());
    registry.gate(
        (digest, sent) -> {
          synchronized (passed) {
            if (passed.size() < 3 && sent == 0) {
              passed.add(digest);
            }
          }
          if (sent > 0 && !passed.contains(digest)) {
            LayoutRegistry.await(ended);
          }
        });
    Process first = start(image);
    awaitPulling(1);
    List<Future<String>> others = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      others.add(pull(image));
    }
    awaitPulling(5);
    // It has three layers and stands within the next three.
    Path blobs = root().resolve("images/blobs/sha256");
    Program.await("three layers", () -> names(blobs).size() == 3);
    Program.await("three more", () -> registry.layers().size() == 6);
    List<String> whole = names(blobs);
    Linux.kill((int) first.pid(), signal);
    assertThat(Cli.end(first, new byte[0]).code()).isEqualTo(128 + signal);
    ended.countDown();
    for (Future<String> one : others) {
      assertThat(one.get()).isEmpty();
    }
    assertThat(registry.layers()).hasSize(LAYERS + 3);
    for (String hex : whole) {
      assertThat(Collections.frequency(registry.layers(), "sha256:" + hex)).isEqualTo(1);
    }
    // What was killed is swept by whoever comes next.
    assertThat(pull(image).get()).isEmpty();
    assertThat(registry.layers()).hasSize(LAYERS + 3);
    requireClean(LAYERS);
  }
}
