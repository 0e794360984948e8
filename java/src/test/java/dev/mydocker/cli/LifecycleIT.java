package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.engine.Engine;
import dev.mydocker.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers from their making to their removal, by the commands that a user types. */
class LifecycleIT {
  private static final String BUSYBOX =
      "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();

  private static final String OBEDIENT =
      "trap 'exit 3' TERM; trap 'exit 7' USR1; echo ready >/ready; while :; do sleep 0.02; done";

  @TempDir static Path directory;

  private record Result(int code, String out, String err) {}

  private static Result mydocker(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> all = new ArrayList<>();
    all.addAll(List.of("--root", directory.resolve("root").toString()));
    all.addAll(List.of("--run-root", run().toString()));
    all.addAll(List.of(arguments));
    Console console = new Console(new ByteArrayInputStream(new byte[0]), out, err);
    int code = new Main(console).run(all.toArray(new String[0]));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static String good(String... arguments) {
    Result result = mydocker(arguments);
    assertThat(result.code()).as(String.join(" ", arguments) + ": " + result).isZero();
    return result.out().strip();
  }

  private static Result bad(String... arguments) {
    Result result = mydocker(arguments);
    assertThat(result.code()).as(String.join(" ", arguments) + ": " + result).isEqualTo(1);
    assertThat(result.err().lines()).hasSize(1);
    return result;
  }

  private static Path run() {
    return directory.resolve("run");
  }

  private static Engine engine() throws IOException {
    return Engine.open(
        Map.of(
            "MYDOCKER_ROOT",
            directory.resolve("root").toString(),
            "MYDOCKER_RUN_ROOT",
            run().toString()));
  }

  private static ContainerInfo info(String name) throws IOException {
    return engine().find(name).info();
  }

  /** A container whose shell has set its trap. */
  private static String started(String name) throws IOException {
    String id = good("run", "-d", "--name", name, BUSYBOX, "sh", "-c", OBEDIENT);
    Path ready = directory.resolve("root/containers").resolve(id).resolve("upper/ready");
    while (!Files.exists(ready)) {
      Thread.onSpinWait();
    }
    return id;
  }

  @AfterEach
  void removeAll() throws IOException {
    for (ContainerInfo container : engine().containers()) {
      good("rm", "-f", container.id());
    }
    assertThat(run().resolve("containers")).isEmptyDirectory();
    assertThat(directory.resolve("root/containers/names")).isEmptyDirectory();
  }

  private static String state(String name) {
    return good("ps", "-a", "--filter", "name=" + name, "--format", "{{.State}} {{.Status}}");
  }

  @Test
  @Tag("smoke")
  void aDayOfAContainer() throws Exception {
    String id = started("web");
    assertThat(good("ps", "--no-trunc", "-q")).isEqualTo(id);
    assertThat(state("web")).startsWith("running Up ");
    assertThat(good("stop", "web")).isEqualTo("web");
    assertThat(state("web")).startsWith("exited Exited (3) ");
    assertThat(good("ps", "-q")).isEmpty();
    assertThat(good("wait", "web")).isEqualTo("3");
    assertThat(good("start", id.substring(0, 6))).isEqualTo(id.substring(0, 6));
    assertThat(good("start", "web")).as("what runs already").isEqualTo("web");
    assertThat(state("web")).startsWith("running");
    assertThat(good("restart", "-t", "0", "web")).isEqualTo("web");
    assertThat(good("kill", "web")).isEqualTo("web");
    assertThat(good("wait", "web")).isEqualTo("137");
    assertThat(good("rm", "web")).isEqualTo("web");
    assertThat(good("ps", "-aq")).isEmpty();
  }

  @Test
  void whatIsMadeIsStartedLater() throws Exception {
    String id = good("create", "--name", "later", "-l", "a=b", BUSYBOX, "sh", "-c", "exit 5");
    assertThat(state("later")).isEqualTo("created Created");
    assertThat(run().resolve("containers")).isEmptyDirectory();
    good("start", "later");
    assertThat(good("wait", id)).isEqualTo("5");
    assertThat(good("ps", "-a", "--filter", "label=a=b", "--format", "{{.Names}}"))
        .isEqualTo("later");
    assertThat(good("ps", "-a", "--filter", "label=a=c", "-q")).isEmpty();
    assertThat(good("ps", "--filter", "exited=5", "--format", "{{.Names}}")).isEqualTo("later");
  }

  @Test
  void whatItWroteIsThereWhenItIsStartedAgain() throws Exception {
    good("run", "-d", "--name", "ww", BUSYBOX, "sh", "-c", "[ -e /seen ] && exit 9; touch /seen");
    assertThat(good("wait", "ww")).isEqualTo("0");
    good("start", "ww");
    assertThat(good("wait", "ww")).isEqualTo("9");
  }

  @Test
  void whatDoesNotStopInTimeIsKilled() throws Exception {
    String deaf = "trap '' TERM; echo >/ready; while :; do sleep 0.02; done";
    String id = good("run", "-d", "--name", "deaf", BUSYBOX, "sh", "-c", deaf);
    Path ready = directory.resolve("root/containers").resolve(id).resolve("upper/ready");
    while (!Files.exists(ready)) {
      Thread.onSpinWait();
    }
    good("stop", "-t", "0", "deaf");
    assertThat(state("deaf")).startsWith("exited Exited (137) ");
  }

  @Test
  void itsOwnStopSignalCounts() throws Exception {
    String script = "trap 'exit 4' USR1; echo >/ready; while :; do sleep 0.02; done";
    String[] line = {
      "run",
      "-d",
      "--name",
      "ss",
      "--stop-signal",
      "USR1",
      "--stop-timeout",
      "-1",
      BUSYBOX,
      "sh",
      "-c",
      script
    };
    String id = good(line);
    Path ready = directory.resolve("root/containers").resolve(id).resolve("upper/ready");
    while (!Files.exists(ready)) {
      Thread.onSpinWait();
    }
    good("stop", "ss");
    assertThat(good("wait", "ss")).isEqualTo("4");
  }

  @Test
  void pausedProcessesStandStill() throws Exception {
    started("pp");
    assertThat(bad("unpause", "pp").err()).contains("is not paused, it is running");
    good("pause", "pp");
    assertThat(state("pp")).startsWith("paused Up ").endsWith("(Paused)");
    assertThat(bad("pause", "pp").err()).contains("is not running, it is paused");
    good("unpause", "pp");
    assertThat(state("pp")).startsWith("running");
    good("pause", "pp");
    good("stop", "pp");
    assertThat(good("wait", "pp")).isEqualTo("3");
  }

  @Test
  void aNameBelongsToOneContainer() throws Exception {
    good("create", "--name", "one", BUSYBOX, "true");
    Result taken = mydocker("create", "--name", "one", BUSYBOX, "true");
    assertThat(taken.code()).isEqualTo(1);
    assertThat(taken.err()).contains("the container name \"one\" is in use by container");
    good("rename", "one", "two");
    good("create", "--name", "one", BUSYBOX, "true");
    assertThat(bad("rename", "one", "two").err()).contains("\"two\" is in use");
    assertThat(bad("rename", "nobody", "x1").err()).contains("No such container: nobody");
    assertThat(good("ps", "-a", "--format", "{{.Names}}").lines())
        .containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void whatRunsIsRemovedByForceOnly() throws Exception {
    started("rr");
    assertThat(bad("rm", "rr").err()).contains("is running: stop it first, or remove it with -f");
    assertThat(state("rr")).startsWith("running");
    good("rm", "-f", "rr");
    assertThat(bad("rm", "rr").err()).isEqualTo("mydocker: rm: No such container: rr\n");
    assertThat(mydocker("rm", "-f", "rr").code()).as("as docker").isZero();
  }

  @Test
  void whatIsNotThereIsSaid() {
    for (String command : List.of("start", "stop", "kill", "wait", "pause", "unpause", "restart")) {
      assertThat(bad(command, "nothing").err())
          .isEqualTo("mydocker: " + command + ": No such container: nothing\n");
    }
    good("create", "--name", "idle", BUSYBOX, "true");
    assertThat(bad("kill", "idle").err()).contains("is not running");
    assertThat(good("stop", "idle")).isEqualTo("idle");
  }

  @Test
  void topShowsItsProcessesAndNoOthers() throws Exception {
    started("tp");
    List<String> lines = good("top", "tp", "-o", "pid,args").lines().toList();
    assertThat(lines.get(0).split(" +")).containsExactly("PID", "COMMAND");
    assertThat(lines.get(1)).startsWith(Integer.toString(info("tp").pid())).contains(OBEDIENT);
    assertThat(lines).hasSizeBetween(2, 3);
    assertThat(good("top", "tp").lines().findFirst().orElseThrow().split(" +"))
        .containsExactly("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");
    assertThat(bad("top", "tp", "-o", "args").err()).contains("no PID column");
    assertThat(bad("top", "tp", "--no-such-option").err()).contains("ps --no-such-option: ");
    good("kill", "tp");
    assertThat(good("wait", "tp")).isEqualTo("137");
    assertThat(bad("top", "tp").err()).contains("is not running");
  }

  private static String cgroup(String name, String v1, String v2) throws IOException {
    String id = info(name).id();
    Path old = Path.of("/sys/fs/cgroup", v1.substring(0, v1.indexOf('/')), "mydocker", id);
    return Files.exists(old)
        ? Files.readString(old.resolve(v1.substring(v1.indexOf('/') + 1))).strip()
        : Files.readString(Path.of("/sys/fs/cgroup/mydocker", id, v2)).strip();
  }

  private static String inspected(String name, String field) {
    return good("inspect", "--format", "{{.HostConfig." + field + "}}", name);
  }

  @Test
  void REL21_limitsOfARunningContainerAreChanged() throws Exception {
    good("run", "-d", "--name", "up", "-m", "64m", "--cpus", "0.5", BUSYBOX, "sleep", "1000");
    assertThat(good("update", "-m", "128m", "--memory-swap", "-1", "--pids-limit", "77", "up"))
        .isEqualTo("up");
    assertThat(cgroup("up", "memory/memory.limit_in_bytes", "memory.max")).isEqualTo("134217728");
    assertThat(cgroup("up", "pids/pids.max", "pids.max")).isEqualTo("77");
    assertThat(inspected("up", "Memory")).isEqualTo("134217728");
    assertThat(inspected("up", "PidsLimit")).isEqualTo("77");
    good("pause", "up");
    good("update", "--cpu-quota", "-1", "--pids-limit", "-1", "--cpu-shares", "512", "up");
    good("unpause", "up");
    assertThat(cgroup("up", "cpu/cpu.cfs_quota_us", "cpu.max")).matches("-1|max .*");
    assertThat(cgroup("up", "pids/pids.max", "pids.max")).isEqualTo("max");
    good("restart", "-t", "0", "up");
    assertThat(cgroup("up", "memory/memory.limit_in_bytes", "memory.max")).isEqualTo("134217728");
    assertThat(cgroup("up", "pids/pids.max", "pids.max")).isEqualTo("max");
  }

  @Test
  void REL21_limitsAreChangedAllOrNone() throws Exception {
    String hold = "head -c 40000000 /dev/zero >/dev/shm/big; echo >/ready; sleep 1000";
    String[] line = {
      "run", "-d", "--name", "an", "-m", "64m", "--memory-swap", "64m", BUSYBOX, "sh", "-c", hold
    };
    Path ready = directory.resolve("root/containers").resolve(good(line)).resolve("upper/ready");
    while (!Files.exists(ready)) {
      Thread.onSpinWait();
    }
    String shares = cgroup("an", "cpu/cpu.shares", "cpu.weight");
    assertThat(
            bad(
                    "update",
                    "--pids-limit",
                    "50",
                    "-c",
                    "512",
                    "-m",
                    "16m",
                    "--memory-swap",
                    "16m",
                    "an")
                .err())
        .contains("--memory");
    assertThat(cgroup("an", "memory/memory.limit_in_bytes", "memory.max")).isEqualTo("67108864");
    assertThat(cgroup("an", "cpu/cpu.shares", "cpu.weight")).isEqualTo(shares);
    assertThat(cgroup("an", "pids/pids.max", "pids.max")).isEqualTo("max");
    assertThat(inspected("an", "Memory")).isEqualTo("67108864");
    assertThat(info("an").state().isRunning()).isTrue();

    assertThat(bad("update", "an").err()).contains("at least one flag");
    assertThat(bad("update", "-m", "junk", "an").err()).contains("junk");
    assertThat(bad("update", "--cpus", "9999", "an").err()).contains("CPUs available");
    assertThat(bad("update", "--cpuset-cpus", "x", "an").err()).contains("x");
    assertThat(bad("update", "-m", "1m", "an").err()).contains("6MB");
    assertThat(bad("update", "--restart", "always", "an").err()).contains("without a policy");
    assertThat(bad("update", "-m", "64m", "nothing").err()).contains("No such container: nothing");
  }

  @Test
  void whatDoesNotRunIsUpdatedForItsNextStart() throws Exception {
    good("create", "--name", "nx", BUSYBOX, "sleep", "1000");
    good("update", "--pids-limit", "33", "--restart", "on-failure:2", "nx");
    assertThat(run().resolve("containers")).isEmptyDirectory();
    assertThat(inspected("nx", "RestartPolicy.Name")).isEqualTo("on-failure");
    good("start", "nx");
    assertThat(cgroup("nx", "pids/pids.max", "pids.max")).isEqualTo("33");
    good("update", "--restart", "no", "nx");
    assertThat(inspected("nx", "RestartPolicy.Name")).isEqualTo("no");
  }

  @Test
  void noPortsAreServedYet() {
    good("create", "--name", "po", BUSYBOX, "true");
    assertThat(good("port", "po")).isEmpty();
    assertThat(bad("port", "po", "80").err()).contains("no public port '80' published for po");
    assertThat(bad("port", "nothing").err()).contains("No such container: nothing");
  }

  @Test
  void statsAreWhatTheKernelCounts() throws Exception {
    String busy = "head -c 20000000 /dev/zero >/dev/shm/big; echo >/ready; while :; do :; done";
    String[] line = {
      "run",
      "-d",
      "--name",
      "st",
      "-m",
      "64m",
      "--pids-limit",
      "9",
      "--network",
      "none",
      BUSYBOX,
      "sh",
      "-c",
      busy
    };
    Path ready = directory.resolve("root/containers").resolve(good(line)).resolve("upper/ready");
    while (!Files.exists(ready)) {
      Thread.onSpinWait();
    }
    good("create", "--name", "idle", BUSYBOX, "true");
    String fields = "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.PIDs}}";
    String[] words = good("stats", "--no-stream", "--format", fields).split("[ /]+");
    assertThat(words).hasSize(8);
    assertThat(Double.parseDouble(words[1].replace("%", ""))).isBetween(1.0, 120.0);
    assertThat(Double.parseDouble(words[2].replace("MiB", ""))).isBetween(19.0, 40.0);
    assertThat(words[3]).isEqualTo("64MiB");
    assertThat(Double.parseDouble(words[4].replace("%", ""))).isBetween(29.0, 63.0);
    assertThat(words[5] + words[6]).isEqualTo("0B0B");
    assertThat(words[7]).isEqualTo("1");
    List<String> table = good("stats", "--no-stream", "-a").lines().toList();
    assertThat(table.get(0).split("   +"))
        .containsExactly(
            "CONTAINER ID",
            "NAME",
            "CPU %",
            "MEM USAGE / LIMIT",
            "MEM %",
            "NET I/O",
            "BLOCK I/O",
            "PIDS");
    assertThat(table).hasSize(3);
    assertThat(good("stats", "--no-stream", "idle"))
        .containsPattern("idle +-- +-- / -- +-- +-- +-- +--");
    assertThat(bad("stats", "--no-stream", "nothing").err()).contains("No such container: nothing");
  }

  @Test
  void onlyWhatRunsIsAttachedTo() throws Exception {
    good("create", "--name", "idle", BUSYBOX, "true");
    assertThat(bad("attach", "idle").err())
        .isEqualTo("mydocker: attach: You cannot attach to a stopped container, start it first\n");
    started("held");
    good("pause", "held");
    assertThat(bad("attach", "held").err()).contains("paused container, unpause it first");
    assertThat(bad("attach", "nothing").err()).contains("No such container: nothing");
    assertThat(bad("attach", "idle", "held").err()).contains("it needs one container");
    assertThat(bad("start", "-a", "idle", "held").err()).contains("it needs one container");
    assertThat(bad("attach", "--detach-keys", "x-a", "held").err()).contains("\"x-a\" is no key");
  }

  @Test
  void oneOfSeveralFailsAndTheOthersAreDone() throws Exception {
    started("a1");
    Result result = mydocker("stop", "a1", "missing");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("a1\n");
    assertThat(state("a1")).startsWith("exited");
  }

  @Test
  void aFailedStartLeavesTheContainerAsItWas() throws Exception {
    Result result = mydocker("run", "-d", "--name", "ff", BUSYBOX, "/no/such/program");
    assertThat(result.code()).isEqualTo(127);
    assertThat(state("ff")).isEqualTo("created Created");
    assertThat(mydocker("start", "ff").code()).isEqualTo(1);
    assertThat(mydocker("run", "-d", "--rm", "--name", "gg", BUSYBOX, "/no").code()).isEqualTo(127);
    assertThat(good("ps", "-a", "--filter", "name=gg", "-q")).isEmpty();
  }

  @Test
  void REL03_aKilledMonitorTakesItsContainerWithIt() throws Exception {
    started("mm");
    int monitor = monitor("mm");
    ProcessHandle.of(monitor).orElseThrow().destroyForcibly();
    ProcessHandle.of(monitor).ifPresent(handle -> handle.onExit().join());
    assertThat(good("wait", "mm")).isEqualTo("137");
    assertThat(state("mm")).startsWith("exited Exited (137)");
    good("start", "mm");
    assertThat(state("mm")).startsWith("running");
  }

  private static Path pidFile(String name) throws IOException {
    return run().resolve("containers").resolve(info(name).id()).resolve("pid");
  }

  private static int monitor(String name) throws Exception {
    return Json.parseObject(Files.readAllBytes(pidFile(name)))
        .integer("monitor")
        .orElseThrow()
        .intValue();
  }

  @Test
  void REL06_aStrangerWithItsNumberIsNotTouched() throws Exception {
    started("xx");
    Path file = pidFile("xx");
    int monitor = monitor("xx");
    ProcessHandle.of(monitor).orElseThrow().destroyForcibly();
    ProcessHandle.of(monitor).ifPresent(handle -> handle.onExit().join());
    Process stranger = new ProcessBuilder("sleep", "1000").start();
    try {
      Files.writeString(
          file,
          "{\"pid\":" + stranger.pid() + ",\"monitor\":" + stranger.pid() + ",\"started\":1}");
      assertThat(engine().find("xx").info().state().isRunning()).isFalse();
      assertThat(bad("kill", "xx").err()).contains("is not running");
      good("stop", "xx");
      good("rm", "-f", "xx");
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void whatRanWhenTheHostWentDownHasEnded() throws Exception {
    started("bb");
    String id = info("bb").id();
    // A boot empties the run root; the processes are gone with it.
    ProcessHandle.of(monitor("bb")).orElseThrow().destroyForcibly();
    good("wait", "bb");
    Files.writeString(directory.resolve("root/containers").resolve(id).resolve("started"), "1");
    Files.delete(run().resolve("containers"));
    Files.delete(run().resolve("swept"));
    assertThat(state("bb")).startsWith("exited Exited (255)");
  }

  @Test
  void noZombieIsLeftInAProgramThatStartsContainers() throws Exception {
    for (int i = 0; i < 3; i++) {
      good("run", "-d", "--rm", BUSYBOX, "true");
    }
    while (zombies() > 0 || run().resolve("containers").toFile().list().length > 0) {
      good("ps");
    }
  }

  private static long zombies() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().isEmpty() && isZombie(child.pid()))
        .count();
  }

  private static boolean isZombie(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void REL09_oneOfManyRemovesIt() throws Exception {
    started("vv");
    List<Result> results = atOnce(8, i -> mydocker("rm", "-f", "vv"));
    assertThat(results.stream().filter(r -> r.out().equals("vv\n"))).hasSize(1);
    assertThat(results).allMatch(r -> r.out().equals("vv\n") || r.err().contains("No such"));
    good("create", "--name", "vv", BUSYBOX, "true");
  }

  @Test
  void REL10_oneOfManyGetsTheName() throws Exception {
    good("pull", "-q", BUSYBOX);
    List<Result> results = atOnce(20, i -> mydocker("create", "--name", "only", BUSYBOX, "true"));
    assertThat(results.stream().filter(r -> r.code() == 0)).hasSize(1);
    assertThat(good("ps", "-a", "-q").lines()).hasSize(1);
  }

  private static List<Result> atOnce(int count, java.util.function.IntFunction<Result> action)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Callable<Result>> calls = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int number = i;
        calls.add(() -> action.apply(number));
      }
      List<Result> results = new ArrayList<>();
      for (Future<Result> result : threads.invokeAll(calls)) {
        results.add(result.get());
      }
      return results;
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void inspectShowsWhatDockerDoes() throws Exception {
    String id = started("in");
    String state = good("inspect", "-f", "{{json .State}}", "in");
    Json.Obj json = Json.parseObject(state.getBytes(StandardCharsets.UTF_8));
    assertThat(json.string("Status")).contains("running");
    assertThat(json.bool("Running")).isTrue();
    assertThat(json.integer("Pid").orElseThrow()).isEqualTo(info("in").pid());
    good("kill", "in");
    good("wait", "in");
    assertThat(good("inspect", "-f", "{{.Id}} {{.Name}} {{.State.ExitCode}} {{.Path}}", "in"))
        .isEqualTo(id + " /in 137 sh");
    assertThat(good("container", "inspect", "-f", "{{.Config.Cmd}}", id)).contains("ready");
    assertThat(bad("inspect", "--type", "container", "none-such").err())
        .isEqualTo("mydocker: inspect: No such container: none-such\n");
  }

  @Test
  void logsShowWhatWasPrinted() throws Exception {
    good("run", "-d", "--name", "lg", BUSYBOX, "sh", "-c", "echo one; echo two >&2; printf three");
    good("wait", "lg");
    Path log = containers().resolve(info("lg").id()).resolve("log");
    assertThat(Files.readAllLines(log))
        .anyMatch(line -> line.endsWith(" stdout F one"))
        .anyMatch(line -> line.endsWith(" stderr F two"))
        .anyMatch(line -> line.contains(" stdout ") && line.endsWith(" three"));
    good("run", "-d", "--name", "nl", "--log-driver", "none", BUSYBOX, "echo", "lost");
    good("wait", "nl");
    assertThat(containers().resolve(info("nl").id()).resolve("log")).doesNotExist();
  }

  @Test
  void pruningRemovesWhatDoesNotRun() throws Exception {
    started("keep");
    String made = good("create", "--name", "drop", BUSYBOX, "true");
    assertThat(good("container", "prune", "-f")).contains("Deleted Containers:\n" + made);
    assertThat(good("ps", "-a", "--format", "{{.Names}}")).isEqualTo("keep");
  }

  private static Path containers() {
    return directory.resolve("root/containers");
  }

  @Test
  void whatGoesWhenItEndsGoesWithoutACommand() throws Exception {
    String id = good("run", "-d", "--rm", BUSYBOX, "true");
    while (Files.exists(containers().resolve(id))
        || Files.exists(run().resolve("containers/" + id))) {
      Thread.onSpinWait();
    }
    assertThat(good("ps", "-aq")).isEmpty();
  }

  @Test
  void whoWaitsForOneThatGoesIsToldItsCode() throws Exception {
    String script = "while [ ! -e /go ]; do sleep 0.02; done; exit 8";
    String id = good("run", "-d", "--rm", "--name", "code", BUSYBOX, "sh", "-c", script);
    List<Result> codes =
        atOnce(
            2,
            i ->
                i == 0
                    ? mydocker("wait", "code")
                    : mydocker("exec", "code", "sh", "-c", "sleep 0.2; echo >/go"));
    assertThat(codes.get(0).out()).isEqualTo("8\n");
    assertThat(containers().resolve(id)).doesNotExist();
  }

  @Test
  void REL33_failuresAreTriedAgainAsOftenAsAsked() throws Exception {
    String id =
        good(
            "run",
            "-d",
            "--name",
            "again",
            "--restart",
            "on-failure:2",
            BUSYBOX,
            "sh",
            "-c",
            "echo x >>/count; exit 6");
    Path count = containers().resolve(id).resolve("upper/count");
    while (info("again").state() != ContainerState.EXITED) {
      Thread.onSpinWait();
    }
    assertThat(good("wait", "again")).isEqualTo("6");
    assertThat(state("again")).startsWith("exited Exited (6)");
    assertThat(good("inspect", "-f", "{{.RestartCount}}", "again")).isEqualTo("2");
    assertThat(Files.size(count)).isEqualTo(6);
  }

  @Test
  void REL33_whatAUserStopsStaysStopped() throws Exception {
    String id =
        good("run", "-d", "--name", "ever", "--restart", "always", BUSYBOX, "sh", "-c", OBEDIENT);
    Path ready = containers().resolve(id).resolve("upper/ready");
    for (int i = 0; i < 2; i++) {
      while (!Files.exists(ready)) {
        Thread.onSpinWait();
      }
      Files.delete(ready);
      if (i == 0) {
        good("kill", "-s", "USR1", "ever");
      }
    }
    good("stop", "ever");
    assertThat(state("ever")).startsWith("exited Exited (3)");
    good("start", "ever");
    good("kill", "ever");
    good("stop", "ever");
    assertThat(state("ever")).startsWith("exited Exited (137)");
    assertThat(run().resolve("containers")).isEmptyDirectory();
  }

  @Test
  void REL33_aCrashLoopWaitsAndIsStoppedAndRemovedMeanwhile() throws Exception {
    good("run", "-d", "--name", "loop", "--restart", "always", BUSYBOX, "false");
    while (info("loop").restarts() < 3) {
      Thread.onSpinWait();
    }
    good("stop", "loop");
    assertThat(state("loop")).startsWith("exited Exited (1)");
    good("start", "loop");
    good("rm", "-f", "loop");
  }

  @Test
  void psPrintsAsDockerDoes() throws Exception {
    String id = good("create", "--name", "shape", BUSYBOX, "sleep", "1000000000000000");
    String[] lines = good("ps", "-a").split("\n");
    assertThat(lines[0]).matches("CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES");
    assertThat(lines[1])
        .startsWith(id.substring(0, 12) + "   ")
        .contains("\"sleep 1000000000000…\"")
        .endsWith("shape");
    assertThat(good("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Command}}"))
        .isEqualTo(id + " \"sleep 1000000000000000\"");
    assertThat(bad2("ps", "--filter", "status=gone").err()).contains("there is no status");
    assertThat(bad2("ps", "--filter", "colour=red").err()).contains("invalid filter");
  }

  private static Result bad2(String... arguments) {
    Result result = mydocker(arguments);
    assertThat(result.code()).as(result.toString()).isNotZero();
    return result;
  }
}
