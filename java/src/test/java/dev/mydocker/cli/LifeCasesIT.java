package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.LogLine;
import dev.mydocker.engine.LogQuery;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cases of the life of containers that other engines have got wrong. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LifeCasesIT {
  private static final int MANY = 100;
  private static final int THREADS = 4;

  @TempDir static Path directory;

  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void removeAll() throws IOException {
    mydocker.clear();
  }

  private String run(String name, String script) {
    String id = mydocker.good("run", "-d", "--name", name, CommandLine.BUSYBOX, "sh", "-c", script);
    mydocker.awaitFile(id, "ready");
    return id;
  }

  private String state(String name) {
    return mydocker.good("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name);
  }

  private int pid(String name) throws IOException {
    return mydocker.info(name).pid();
  }

  @Test
  void REL11_aHundredAtOnceRunAndStop() throws Exception {
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
    List<Long> took =
        each(
            i -> {
              long start = System.nanoTime();
              mydocker.good("run", "-d", "--name", "m" + i, CommandLine.BUSYBOX, "sleep", "1000");
              return (System.nanoTime() - start) / 1000;
            });
    System.out.println(
        "REL11: a start took "
            + average(took.subList(0, 25))
            + " us at first, "
            + average(took.subList(75, MANY))
            + " us at last");
    assertThat(mydocker.good("ps", "-q").lines()).hasSize(MANY);
    each(i -> mydocker.good("stop", "-t", "0", "m" + i));
    assertThat(mydocker.good("ps", "-q")).isEmpty();
    assertThat(mydocker.good("ps", "-aq", "--filter", "exited=137").lines()).hasSize(MANY);
    mydocker.good("container", "prune", "-f");
    mydocker.requireNothing();
  }

  private static long average(List<Long> values) {
    return (long) values.stream().mapToLong(v -> v).average().orElse(0);
  }

  private interface Work<T> {
    T on(int number) throws Exception;
  }

  private static <T> List<T> each(Work<T> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<T>> calls = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        int number = i;
        calls.add(() -> work.on(number));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(calls)) {
        results.add(result.get());
      }
      return results;
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void REL02_aContainerOutlivesWhoStartedIt() throws Exception {
    List<String> line = Cli.jvm();
    String script = "echo >/ready; while [ ! -e /go ]; do sleep 0.02; done; echo last; exit 5";
    line.addAll(mydocker.line("run", "--name", "orphan", CommandLine.BUSYBOX, "sh", "-c", script));
    Process starter = new ProcessBuilder(line).redirectErrorStream(true).start();
    String id = "";
    while (id.isEmpty()) {
      id = mydocker.good("ps", "-aq", "--no-trunc", "--filter", "name=orphan");
    }
    mydocker.awaitFile(id, "ready");
    starter.destroyForcibly().waitFor();
    assertThat(state("orphan")).isEqualTo("running 0");
    assertThat(mydocker.run("exec", "orphan", "touch", "/go").code()).isZero();
    assertThat(mydocker.good("wait", "orphan")).isEqualTo("5");
    assertThat(state("orphan")).isEqualTo("exited 5");
    try (Stream<LogLine> log = mydocker.engine().find("orphan").log().lines(LogQuery.ALL)) {
      assertThat(log.map(LogLine::text)).containsExactly("last");
    }
  }

  /** Nobody cleans up after it before the next command does. */
  @Test
  void aLogIsFollowedToTheEndOfAContainerWithoutAnOwner() throws Exception {
    run("ends", "echo >/ready; sleep 0.3; echo last");
    LogQuery follow = new LogQuery(true, Optional.empty(), Optional.empty(), Optional.empty());
    try (Stream<LogLine> log = mydocker.engine().find("ends").log().lines(follow)) {
      assertThat(log.map(LogLine::text)).containsExactly("last");
    }
  }

  @Test
  void REL07_whatDeadContainersLeftIsRemovedAndTheRestStays() throws Exception {
    String live = run("live", "echo >/ready; exec sleep 1000");
    String dead = "ab".repeat(32);
    Files.createDirectory(mydocker.running(dead));
    Files.writeString(
        mydocker.running(dead).resolve("pid"), "{\"pid\":1,\"monitor\":1,\"started\":1}");
    for (Path cgroup : CommandLine.cgroups(live)) {
      Files.createDirectory(cgroup.resolveSibling(dead));
    }
    Path foreign = Files.createDirectory(mydocker.running("notes"));
    assertThat(mydocker.good("ps", "-q", "--no-trunc")).isEqualTo(live);
    assertThat(mydocker.running(dead)).doesNotExist();
    assertThat(CommandLine.cgroups(dead)).isEmpty();
    assertThat(foreign).exists();
    assertThat(state("live")).isEqualTo("running 0");
    Files.delete(foreign);
  }

  @Test
  void REL14_exitCodesAreTheSameEverywhere() throws Exception {
    String box = run("box", "echo >/ready; exec sleep 1000");
    String killed = "sh -c 'kill -TERM $$; sleep 9'; exit $?";
    for (String script : List.of("exit 0", "exit 3", "exit 255", killed)) {
      int code = script.equals(killed) ? 143 : Integer.parseInt(script.substring(5));
      String[] shell = {CommandLine.BUSYBOX, "sh", "-c", script};
      List<String> run = new ArrayList<>(List.of("run", "--rm"));
      run.addAll(List.of(shell));
      assertThat(mydocker.run(run.toArray(String[]::new)).code()).as(script).isEqualTo(code);
      assertThat(mydocker.run("exec", box, "sh", "-c", script).code()).isEqualTo(code);
      mydocker.good("run", "-d", "--name", "code", shell[0], "sh", "-c", script);
      assertThat(mydocker.good("wait", "code")).isEqualTo(Integer.toString(code));
      assertThat(state("code")).isEqualTo("exited " + code);
      mydocker.good("rm", "code");
    }
    assertThat(mydocker.run("run", "--rm", CommandLine.BUSYBOX, "/etc").code()).isEqualTo(126);
    assertThat(mydocker.run("exec", box, "/etc").code()).isEqualTo(126);
    assertThat(mydocker.run("run", "--rm", CommandLine.BUSYBOX, "/none").code()).isEqualTo(127);
    assertThat(mydocker.run("exec", box, "/none").code()).isEqualTo(127);
    assertThat(mydocker.run("run", "--rm", "no such image").code()).isEqualTo(125);
    mydocker.good("kill", box);
    assertThat(mydocker.good("wait", box)).isEqualTo("137");
  }

  /** As on kernels that do not have the call: another way, or a refusal. */
  @ParameterizedTest
  @CsvSource({"openat2, 125", "mount_setattr, 0", "clone3, 125"})
  void REL31_withoutASystemCallItWorksOrIsRefused(String call, int code) throws Exception {
    String inject = "exec strace -f -qq -o /dev/null -e inject=" + call + ":error=ENOSYS \"$@\"";
    Cli.Result result = Cli.under(inject, "run", "--rm", CommandLine.BUSYBOX, "echo", "well");
    assertThat(result.code()).as("%s", result.err()).isEqualTo(code);
    assertThat(result.out()).isEqualTo(code == 0 ? "well\n" : "");
    assertThat(code == 0 || result.err().contains("mydocker: ")).isTrue();
  }

  @Test
  void REL35_whatWasTakenOfTheDiskIsGivenBack() throws Exception {
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
    mydocker.good("volume", "create", "first");
    mydocker.good("volume", "rm", "first");
    mydocker.good("run", "--rm", CommandLine.BUSYBOX, "true");
    // Layers that may not be on the disk yet are noted until then.
    mydocker.good("system", "prune", "-f");
    Set<String> before = files();
    for (int i = 0; i < 5; i++) {
      mydocker.good("create", "--name", "cycle", "-v", "/data", CommandLine.BUSYBOX, "true");
      mydocker.good("start", "cycle");
      mydocker.good("wait", "cycle");
      mydocker.good("commit", "cycle", "made:1");
      mydocker.good("rm", "-v", "cycle");
      mydocker.good("rmi", "made:1");
      assertThat(mydocker.run("run", "--rm", CommandLine.BUSYBOX, "/none").code()).isEqualTo(127);
    }
    mydocker.good("system", "prune", "-f", "--volumes");
    assertThat(files()).isEqualTo(before);
  }

  /** All there are below the state, but for the events. */
  private Set<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(mydocker.root())) {
      return all.map(path -> mydocker.root().relativize(path).toString())
          .filter(path -> !path.startsWith("events"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "umask 077; exec \"$@\"",
        "exec unshare -m --propagation private \"$@\"",
        "exec unshare -m --propagation shared \"$@\"",
        "exec env -u HOME -u PATH \"$@\"",
        "cd /proc/self; exec \"$@\""
      })
  void REL37_whereItIsStartedChangesNothing(String how) throws Exception {
    Cli.Result result =
        Cli.under(
            how, "run", "--rm", CommandLine.BUSYBOX, "stat", "-c", "%a", "/etc/hosts", "/dev");
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo("644\n755\n");
    assertThat(result.code()).isZero();
  }

  @Test
  void REL15_anInitWithoutHandlersIsKilledAfterItsTime() throws Exception {
    run("plain", "echo >/ready; exec sleep 1000");
    mydocker.good("kill", "-s", "TERM", "plain");
    assertThat(state("plain")).as("the kernel drops it").isEqualTo("running 0");
    mydocker.good("stop", "-t", "1", "plain");
    assertThat(state("plain")).isEqualTo("exited 137");
  }

  @Test
  void REL16_stopWaitsAsLongAsItIsTold() throws Exception {
    String slow = "trap 'sleep 0.3; exit 4' TERM; echo >/ready; while :; do sleep 0.02; done";
    run("patient", slow);
    mydocker.good("stop", "-t", "-1", "patient");
    assertThat(state("patient")).isEqualTo("exited 4");
    run("hasty", slow);
    mydocker.good("stop", "-t", "0", "hasty");
    assertThat(state("hasty")).isEqualTo("exited 137");
    assertThat(mydocker.bad("stop", "-t", "-2", "hasty")).contains("is not a whole number");
  }

  @Test
  void REL16_aPausedContainerIsStoppedAndKilled() throws Exception {
    String polite = "trap 'exit 4' TERM; echo >/ready; while :; do sleep 0.02; done";
    run("stopped", polite);
    mydocker.good("pause", "stopped");
    mydocker.good("stop", "stopped");
    assertThat(state("stopped")).isEqualTo("exited 4");
    run("killed", polite);
    mydocker.good("pause", "killed");
    mydocker.good("kill", "killed");
    assertThat(mydocker.good("wait", "killed")).isEqualTo("137");
  }

  @ParameterizedTest
  @ValueSource(strings = {"USR1", "SIGUSR1", "sigusr1", "10"})
  void REL17_aSignalIsNamedOrNumbered(String signal) throws Exception {
    run("heard", "trap 'exit 7' USR1; echo >/ready; while :; do sleep 0.02; done");
    mydocker.good("kill", "-s", "RTMIN+3", "heard");
    mydocker.good("kill", "--signal", signal, "heard");
    assertThat(mydocker.good("wait", "heard")).isEqualTo("7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "99", "65", "-1", "SIG", "TERMINATE", "RTMIN+31", "RTMAX-31", "9 "})
  void REL17_whatIsNoSignalIsNotSent(String signal) throws Exception {
    mydocker.good("create", "--name", "calm", CommandLine.BUSYBOX, "true");
    assertThat(mydocker.bad("kill", "--signal=" + signal, "calm")).contains("invalid signal");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop -t 0", "rm -f", "kill"})
  void REL18_whatIsFrozenBelowItsCgroupIsKilled(String command) throws Exception {
    String id = run("cold", "echo >/ready; exec sleep 1000");
    Path cgroup = Path.of("/sys/fs/cgroup/freezer/mydocker", id);
    assumeTrue(Files.isDirectory(cgroup), "the freezer of v1");
    Path below = Files.createDirectory(cgroup.resolve("below"));
    Files.writeString(below.resolve("cgroup.procs"), Integer.toString(pid("cold")));
    Files.writeString(below.resolve("freezer.state"), "FROZEN");
    List<String> line = new ArrayList<>(List.of(command.split(" ")));
    line.add("cold");
    mydocker.good(line.toArray(String[]::new));
    mydocker.good("rm", "-f", "cold");
    assertThat(CommandLine.cgroups(id)).isEmpty();
  }

  @Test
  void REL19_whetherItRanOutOfMemoryIsShown() throws Exception {
    String script = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done";
    String[] line = {
      "run", "-d", "--name", "greedy", "-m", "16m", CommandLine.BUSYBOX, "sh", "-c", script
    };
    mydocker.good(line);
    assertThat(mydocker.good("wait", "greedy")).isEqualTo("137");
    run("modest", "echo >/ready; exec sleep 1000");
    mydocker.good("kill", "modest");
    mydocker.good("wait", "modest");
    String form = "{{.State.OOMKilled}} {{.State.ExitCode}}";
    assertThat(mydocker.good("inspect", "-f", form, "greedy")).isEqualTo("true 137");
    assertThat(mydocker.good("inspect", "-f", form, "modest")).isEqualTo("false 137");
  }

  @Test
  void REL39_twoHundredCgroupsBelowItsOwnGoWithIt() throws Exception {
    String id = run("nested", "echo >/ready; exec sleep 1000");
    Path cgroup = CommandLine.cgroups(id).get(0);
    for (int i = 0; i < 20; i++) {
      Path deepest = cgroup.resolve("n" + i);
      for (int j = 0; j < 9; j++) {
        deepest = deepest.resolve("m" + j);
      }
      Files.createDirectories(deepest);
    }
    mydocker.good("rm", "-f", "nested");
    assertThat(CommandLine.cgroups(id)).isEmpty();
  }

  // ---- between two commands ---------------------------------------------------------------------

  /** A container that has ended, and after which nobody has cleaned up. */
  private Container ended(String name) throws Exception {
    mydocker.good("create", "--name", name, CommandLine.BUSYBOX, "true");
    Container container = mydocker.engine().find(name);
    container.startDetached(container.stdio());
    byte[] id = container.id().getBytes(StandardCharsets.US_ASCII);
    try (Directory all = Directory.open(mydocker.runRoot().resolve("containers"))) {
      for (Optional<Fd> lock = all.tryLock(id); ; lock = all.tryLock(id)) {
        if (lock.isPresent()) {
          lock.get().close();
          return container;
        }
      }
    }
  }

  @Test
  void REL09_whatEndsAfterTheSweepIsRemovedAndStarted() throws Exception {
    ended("gone").remove(false);
    Container again = ended("again");
    again.startDetached(again.stdio());
    assertThat(mydocker.good("wait", "again")).isEqualTo("0");
  }

  @Test
  void REL09_aStopEndsWhatIsStartedMeanwhile() throws Exception {
    mydocker.good("create", "--name", "racer", CommandLine.BUSYBOX, "sleep", "1000");
    ExecutorService threads = Executors.newFixedThreadPool(1);
    try {
      for (int i = 0; i < 10; i++) {
        Future<CommandLine.Result> start = threads.submit(() -> mydocker.run("start", "racer"));
        while (!Files.exists(mydocker.running(mydocker.info("racer").id())) && !start.isDone()) {
          Thread.onSpinWait();
        }
        CommandLine.Result stopped = mydocker.run("stop", "-t", "0", "racer");
        start.get();
        assertThat(stopped.code()).isZero();
        assertThat(mydocker.info("racer").state().isRunning()).isFalse();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void REL06_aStrangerIsNotTakenForItWhileSomebodyCleansUp() throws Exception {
    String id = run("late", "echo >/ready; exec sleep 1000");
    Path file = mydocker.running(id).resolve("pid");
    long monitor = Json.parseObject(Files.readAllBytes(file)).integer("monitor").orElseThrow();
    ProcessHandle.of(monitor).orElseThrow().destroyForcibly();
    byte[] name = id.getBytes(StandardCharsets.US_ASCII);
    Process stranger = new ProcessBuilder("sleep", "1000").start();
    try (Directory all = Directory.open(mydocker.runRoot().resolve("containers"))) {
      Optional<Fd> lock = all.tryLock(name);
      while (lock.isEmpty()) {
        lock = all.tryLock(name);
      }
      String numbers = "{\"pid\":%d,\"monitor\":%d,\"started\":1}";
      Files.writeString(file, String.format(numbers, stranger.pid(), monitor));
      assertThat(mydocker.info("late").state().isRunning()).isFalse();
      assertThat(mydocker.bad("kill", "late")).contains("is not running");
      lock.get().close();
      mydocker.good("rm", "-f", "late");
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
    }
  }
}
