package dev.mydocker.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.ContainerStats;
import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.LogLine;
import dev.mydocker.engine.LogQuery;
import dev.mydocker.engine.ProcessResult;
import dev.mydocker.engine.Running;
import dev.mydocker.image.PullListener;
import dev.mydocker.launch.LaunchException;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The engine as a Java program uses it: this class path has mydocker.jar and JUnit alone. */
class ContainerExtensionTest {
  private static final String IMAGE = System.getProperty("mydocker.image");
  private static final Path ROOTS = makeRoots();
  private static final Engine ENGINE = open();
  private static final Map<String, Boolean> SEEN = new ConcurrentHashMap<>();

  @RegisterExtension
  static final ContainerExtension BOX =
      new ContainerExtension(
          ENGINE,
          CreateRequest.of(
              RunOptions.builder(IMAGE)
                  .command(
                      List.of(
                          "sh", "-c", "echo up; echo problem >&2; while :; do sleep 0.02; done"))
                  .memory(64 << 20)
                  .init(true)
                  .build()));

  private static Path makeRoots() {
    try {
      return Files.createTempDirectory("mydocker-junit-");
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static Engine open() {
    try {
      return Engine.open(
          Map.of(
              "MYDOCKER_ROOT", ROOTS.resolve("root").toString(),
              "MYDOCKER_RUN_ROOT", ROOTS.resolve("run").toString()));
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @AfterAll
  static void nothingIsLeft() throws IOException {
    assertEquals(List.of(), ENGINE.containers());
    List<Path> all;
    try (Stream<Path> files = Files.walk(ROOTS)) {
      all = files.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }

  private static CreateRequest sh(String script) {
    return CreateRequest.of(IMAGE, "sh", "-c", script);
  }

  @Test
  void aTestHasARunningContainer(Container box) throws Exception {
    SEEN.put(box.id(), true);
    ContainerInfo info = box.info();
    assertEquals(ContainerState.RUNNING, info.state());
    assertTrue(info.pid() > 1);
    ContainerStats stats = box.stats();
    assertTrue(stats.usage().pids() > 0);
    assertEquals(64 << 20, stats.usage().memoryLimit());
  }

  @Test
  void anotherTestHasAnother(Container box) {
    assertFalse(SEEN.containsKey(box.id()));
  }

  @Test
  void commandsAreExecutedInIt(Container box) throws Exception {
    ProcessResult result = box.execute("sh", "-c", "echo out; echo err >&2; exit 3");
    assertEquals("out\n", result.out());
    assertEquals("err\n", result.err());
    assertEquals(3, result.code());
    LaunchException none = assertThrows(LaunchException.class, () -> box.execute("no-such"));
    assertEquals(127, none.exitCode());
  }

  @Test
  void itsLogIsAStreamOfLines(Container box) throws Exception {
    LogQuery follow = new LogQuery(true, Optional.empty(), Optional.empty(), Optional.empty());
    try (Stream<LogLine> lines = box.log().lines(follow)) {
      List<String> first = lines.limit(2).map(LogLine::text).sorted().collect(Collectors.toList());
      assertEquals(List.of("problem", "up"), first);
    }
  }

  @Test
  void theEndIsAFuture(Container box) throws Exception {
    CompletableFuture<Optional<Exit>> exit = box.exit();
    assertFalse(exit.isDone());
    box.signal(Signal.KILL);
    assertEquals(137, exit.get(1, TimeUnit.MINUTES).orElseThrow().code());
    assertEquals(ContainerState.EXITED, box.info().state());
  }

  @Test
  void whoStartsItMayAlsoStopItStartItAgainAndRemoveIt() throws Exception {
    Container box = ENGINE.run(sh("trap 'exit 4' TERM; while :; do sleep 0.02; done"));
    box.remove(true);
    Container attached =
        ENGINE.create(sh("trap 'exit 4' TERM; while :; do sleep 0.02; done"), PullListener.NONE);
    try (Running running = attached.start(new Stdio.Streams(false))) {
      assertThrows(IOException.class, () -> attached.start(new Stdio.Streams(false)));
      assertThrows(IOException.class, () -> attached.remove(false));
      attached.stop(Optional.empty(), OptionalInt.empty());
      assertEquals(4, attached.info().exit().orElseThrow().code());
      assertEquals(4, running.relay(Output.NONE).code());
    }
    try (Running running = attached.start(new Stdio.Streams(false))) {
      attached.remove(true);
      assertEquals(137, running.relay(Output.NONE).code());
    }
  }

  @Test
  void theEndOfOneRunLeavesTheNextAlone() throws Exception {
    Container box = ENGINE.create(sh("while :; do sleep 0.02; done"), PullListener.NONE);
    try (Running first = box.start(new Stdio.Streams(false))) {
      box.stop(Optional.empty(), OptionalInt.of(0));
      box.startDetached(box.stdio());
      assertEquals(137, first.relay(Output.NONE).code());
    }
    assertEquals(ContainerState.RUNNING, box.info().state());
    assertEquals(0, box.execute("true").code());
    box.remove(true);
  }

  @Test
  void oneThatIsNotStartedYetMayBeWaitedForAndLookedInto() throws Exception {
    RunOptions options = RunOptions.builder(IMAGE).command(List.of("true")).remove(true).build();
    Container box = ENGINE.create(CreateRequest.of(options), PullListener.NONE);
    assertEquals(Optional.empty(), box.exit().get(1, TimeUnit.MINUTES));
    box.files().close();
    assertEquals(ContainerState.CREATED, box.info().state());
    box.startDetached(box.stdio());
    box.exit().get(1, TimeUnit.MINUTES);
  }

  @Test
  void manyThreadsUseOneEngine() throws Exception {
    List<Thread> threads = new ArrayList<>();
    Map<Integer, String> said = new ConcurrentHashMap<>();
    for (int i = 0; i < 8; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                try {
                  Container box = ENGINE.run(sh("exec sleep 1000"));
                  said.put(number, box.execute("echo", "n" + number).out());
                  box.remove(true);
                } catch (Exception e) {
                  said.put(number, e.toString());
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (int i = 0; i < threads.size(); i++) {
      threads.get(i).join();
      assertEquals("n" + i + "\n", said.get(i));
    }
  }

  @Test
  void oneThatCannotBeStartedIsNotThere() throws Exception {
    assertThrows(
        LaunchException.class, () -> ENGINE.run(CreateRequest.of(IMAGE, "/no/such/program")));
    assertNotEquals(0, ENGINE.containers().size());
    assertTrue(
        ENGINE.containers().stream().noneMatch(c -> c.command().contains("/no/such/program")));
  }

  @Test
  void aTestMayRemoveItsContainer(Container box) throws Exception {
    box.remove(true);
    assertThrows(IOException.class, box::info);
  }
}
