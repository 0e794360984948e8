package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a cgroup does on the host's real hierarchies, whatever their version. Needs root. */
abstract class CgroupContract {
  static final Causes CAUSES = new Causes(Map.of("resource:pids.limit", "--pids-limit"));
  private static final OptionalLong NONE = OptionalLong.empty();
  private static final String PARENT = "/mydocker-it-" + ProcessHandle.current().pid();

  private final int version;
  private final List<Process> processes = new ArrayList<>();
  CgroupHost host;
  Cgroup cgroup;
  String path;

  CgroupContract(int version) {
    this.version = version;
  }

  @BeforeEach
  void detect() throws IOException {
    host = CgroupHost.detect();
    assumeTrue(
        host.version() == version,
        "this host has cgroup v"
            + host.version()
            + ": the contract of v"
            + version
            + " is not run");
    path = PARENT + "/c";
    cgroup = host.at(path);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (cgroup == null) {
      return;
    }
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    cgroup.kill();
    cgroup.remove();
    assertThat(leftovers()).isEmpty();
  }

  // ---- tools ------------------------------------------------------------------------------------

  static OptionalLong of(long value) {
    return OptionalLong.of(value);
  }

  static Spec.Resources memory(long bytes) {
    OptionalLong limit = of(bytes);
    Spec.Memory memory = new Spec.Memory(limit, NONE, NONE);
    return new Spec.Resources(memory, Spec.Cpu.NONE, NONE, List.of());
  }

  static Spec.Resources pids(long limit) {
    return new Spec.Resources(Spec.Memory.NONE, Spec.Cpu.NONE, of(limit), List.of());
  }

  void create(Spec.Resources resources) throws IOException {
    cgroup.create(host.plan(path, resources, CAUSES), CgroupJournal.NONE);
  }

  /** A shell in the cgroup that does {@code script} once it is told to go on. */
  Process inside(String script) throws IOException {
    Process process =
        new ProcessBuilder("/bin/sh", "-c", "read go; " + script)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
    cgroup.add((int) process.pid(), CgroupJournal.NONE);
    return process;
  }

  static void go(Process process) throws IOException {
    OutputStream in = process.getOutputStream();
    in.write('\n');
    in.flush();
  }

  /** The cgroup's directory in each hierarchy. */
  List<Path> directories() {
    List<Path> directories = new ArrayList<>();
    for (String file : cgroup.processFiles()) {
      directories.add(Path.of(file).getParent());
    }
    return directories;
  }

  /** A file of the cgroup, in whichever hierarchy has it. */
  Path file(String name) {
    for (Path directory : directories()) {
      if (Files.exists(directory.resolve(name))) {
        return directory.resolve(name);
      }
    }
    throw new AssertionError("no " + name + " in " + directories());
  }

  String read(String name) throws IOException {
    return Files.readString(file(name)).strip();
  }

  /** Processes in any hierarchy's part of the cgroup, those below included. */
  List<String> members() throws IOException {
    List<String> members = new ArrayList<>();
    for (Path directory : directories()) {
      try (Stream<Path> tree = Files.walk(directory)) {
        for (Path file : tree.filter(f -> f.endsWith("cgroup.procs")).toList()) {
          members.addAll(Files.readAllLines(file));
        }
      }
    }
    return members;
  }

  List<Path> leftovers() throws IOException {
    List<Path> left = new ArrayList<>();
    for (Path directory : directories()) {
      if (Files.exists(directory.getParent())) {
        try (Stream<Path> tree = Files.walk(directory.getParent())) {
          left.addAll(tree.filter(Files::isDirectory).toList());
        }
      }
    }
    return left;
  }

  static void await(Condition condition) throws Exception {
    for (int i = 0; i < 3000 && !condition.holds(); i++) {
      Thread.sleep(10);
    }
    assertThat(condition.holds()).isTrue();
  }

  interface Condition {
    boolean holds() throws Exception;
  }

  // ---- the contract -----------------------------------------------------------------------------

  /** Limits of every controller, and what the files then say, by name. */
  abstract Map<String, String> expectedOfEverything();

  @Test
  void everyLimitIsInItsFile() throws IOException {
    Spec.Cpu cpu = new Spec.Cpu(of(512), of(50000), of(100000), Optional.of("0"), Optional.of("0"));
    Spec.Memory memory = new Spec.Memory(of(64 << 20), of(32 << 20), NONE);
    create(new Spec.Resources(memory, cpu, of(64), List.of()));
    for (Map.Entry<String, String> entry : expectedOfEverything().entrySet()) {
      assertThat(read(entry.getKey())).as(entry.getKey()).isEqualTo(entry.getValue());
    }
  }

  @Test
  void memoryIsRoundedToPages() throws IOException {
    create(memory(100_000_001));
  }

  @Test
  void aProcessIsInEveryHierarchy() throws Exception {
    create(Spec.Resources.NONE);
    Process process = inside("exit 0");
    for (String file : cgroup.processFiles()) {
      assertThat(Files.readAllLines(Path.of(file))).containsExactly(Long.toString(process.pid()));
    }
  }

  @Test
  void REL19_aMemoryHogIsKilledAndCounted() throws Exception {
    create(memory(16 << 20));
    assertThat(cgroup.oomKills()).isZero();
    Process hog = inside("exec dd if=/dev/zero of=/dev/null bs=256M count=1");
    go(hog);
    assertThat(hog.waitFor()).isEqualTo(137);
    assertThat(cgroup.oomKills()).isEqualTo(1);
  }

  @Test
  void REL19_aKilledProcessIsNoMemoryHog() throws Exception {
    create(memory(16 << 20));
    Process process = inside("exit 0");
    cgroup.kill();
    assertThat(process.waitFor()).isEqualTo(137);
    assertThat(cgroup.oomKills()).isZero();
  }

  @Test
  void REL19_aHogInACgroupOfTheContainersOwnIsCountedToo() throws Exception {
    create(memory(16 << 20));
    Path below = Files.createDirectory(file("memory.stat").resolveSibling("below"));
    Process hog = inside("exec dd if=/dev/zero of=/dev/null bs=256M count=1");
    Files.writeString(below.resolve("cgroup.procs"), Long.toString(hog.pid()));
    go(hog);
    assertThat(hog.waitFor()).isEqualTo(137);
    assertThat(cgroup.oomKills()).isEqualTo(1);
  }

  @Test
  void REL20_aForkLoopStopsAtTheLimit() throws Exception {
    create(pids(8));
    Process loop =
        inside("i=0; while [ $i -lt 100 ]; do sleep 600 & i=$((i+1)); done 2>/dev/null; exit 0");
    go(loop);
    await(() -> !read("pids.events").endsWith("max 0"));
    assertThat(Integer.parseInt(read("pids.current"))).isBetween(2, 8);
    cgroup.kill();
    assertThat(members()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void RT57_killReachesWhatForksAndWhatSitsInCgroupsBelow(boolean killFile) throws Exception {
    create(pids(200));
    Process forks = inside("while :; do sleep 600 & done 2>/dev/null");
    Process below = inside("exec sleep 600");
    for (Path directory : directories()) {
      Path deeper = Files.createDirectories(directory.resolve("a/b"));
      enableCpuset(directory);
      Files.writeString(deeper.resolve("cgroup.procs"), Long.toString(below.pid()));
    }
    go(forks);
    go(below);
    await(() -> Integer.parseInt(read("pids.current")) > 50);
    kill(killFile);
    assertThat(members()).isEmpty();
    assertThat(forks.waitFor()).isEqualTo(137);
    assertThat(below.waitFor()).isEqualTo(137);
  }

  private void kill(boolean killFile) throws IOException {
    new CgroupKill(host.hierarchies(), path, killFile).run();
  }

  /** A v1 cpuset takes a process only when it has CPUs and memory nodes. */
  private static void enableCpuset(Path directory) throws IOException {
    for (String name : List.of("cpuset.cpus", "cpuset.mems")) {
      for (String child : List.of("a", "a/b")) {
        Path file = directory.resolve(child).resolve(name);
        if (Files.exists(file)) {
          Files.writeString(file, Files.readString(directory.resolve(name)));
        }
      }
    }
  }

  abstract void freezeByHand() throws IOException;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void REL18_aFrozenContainerIsKilled(boolean killFile) throws Exception {
    create(Spec.Resources.NONE);
    Process process = inside("exec sleep 600");
    freezeByHand();
    kill(killFile);
    assertThat(process.waitFor()).isEqualTo(137);
  }

  @Test
  void REL39_cgroupsOfTheContainersOwnAreRemovedWithIt() throws IOException {
    create(Spec.Resources.NONE);
    for (Path directory : directories()) {
      Files.createDirectories(directory.resolve("a/b/c/d/e/f/g/h"));
      for (int i = 0; i < 20; i++) {
        Files.createDirectory(directory.resolve("wide" + i));
      }
    }
    cgroup.remove();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void aCgroupWithAProcessIsBusy() throws IOException {
    create(Spec.Resources.NONE);
    inside("exit 0");
    assertThatThrownBy(cgroup::remove)
        .isInstanceOfSatisfying(
            KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
        .hasMessageContaining(path);
  }

  @Test
  void theParentGoesWithItsLastChild() throws IOException {
    create(Spec.Resources.NONE);
    Cgroup other = host.at(PARENT + "/other");
    other.create(host.plan(PARENT + "/other", Spec.Resources.NONE, CAUSES), CgroupJournal.NONE);
    cgroup.remove();
    assertThat(directories().get(0)).doesNotExist();
    assertThat(directories().get(0).getParent()).exists();
    other.remove();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void manyComeAndGoAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        String name = PARENT + "/t" + t;
        done.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 40; i++) {
                    Cgroup mine = host.at(name);
                    mine.create(host.plan(name, pids(10), CAUSES), CgroupJournal.NONE);
                    mine.remove();
                  }
                  return null;
                }));
      }
      for (Future<?> future : done) {
        future.get();
      }
    } finally {
      threads.shutdown();
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void aFailedStepIsNamedAndUndone() throws IOException {
    List<CgroupStep> plan = new ArrayList<>(host.plan(path, pids(10), CAUSES));
    String absent = directories().get(0) + "/no.such.file";
    plan.add(new CgroupStep.Write(absent, "17", true, "--some-flag"));
    assertThatThrownBy(() -> cgroup.create(plan, CgroupJournal.NONE))
        .hasMessage(
            "write " + absent + " \"17\" (--some-flag): ENOENT (no such file or directory)");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void aValueTheKernelRefusesIsNamed() throws IOException {
    List<CgroupStep> plan = new ArrayList<>(host.plan(path, pids(10), CAUSES));
    CgroupStep last = plan.remove(plan.size() - 1);
    plan.add(new CgroupStep.Write(last.path(), "lots", true, "--flag"));
    assertThatThrownBy(() -> cgroup.create(plan, CgroupJournal.NONE))
        .hasMessageContaining("\"lots\" (--flag): EINVAL");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void anExistingCgroupIsNotTouched() throws Exception {
    create(pids(10));
    Process process = inside("exit 0");
    assertThatThrownBy(() -> create(pids(20))).hasMessageContaining("EEXIST");
    assertThat(read("pids.max")).isEqualTo("10");
    assertThat(process.isAlive()).isTrue();
  }

  @Test
  void destroyingKillsWhatIsThereFirst() throws Exception {
    create(pids(10));
    Process process = inside("exit 0");
    cgroup.destroy();
    assertThat(process.waitFor()).isEqualTo(137);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void destroyingAnEmptyOneRemovesIt() throws Exception {
    create(pids(10));
    cgroup.destroy();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void whatIsAbsentNeedsNoKillingAndNoRemoving() throws IOException {
    cgroup.destroy();
    cgroup.kill();
    cgroup.remove();
    assertThat(cgroup.oomKills()).isZero();
  }

  @Test
  void aProcessThatIsGoneCannotBeAdded() throws Exception {
    create(Spec.Resources.NONE);
    Process gone = new ProcessBuilder("/bin/true").start();
    gone.waitFor();
    assertThatThrownBy(() -> cgroup.add((int) gone.pid(), CgroupJournal.NONE))
        .hasMessageContaining("\"" + gone.pid() + "\": ESRCH");
  }

  @Test
  void theJournalHearsEachChange() throws Exception {
    List<String> heard = new ArrayList<>();
    CgroupJournal journal =
        (call, arguments, why, result, start, end) -> {
          assertThat(why).isNotBlank();
          assertThat(end).isGreaterThanOrEqualTo(start);
          heard.add(call + " " + String.join(" ", arguments) + " = " + result);
        };
    List<CgroupStep> plan = host.plan(path, pids(10), CAUSES);
    cgroup.create(plan, journal);
    assertThat(heard).hasSameSizeAs(plan).contains("write " + file("pids.max") + " 10 = 0");
    heard.clear();
    Process process = new ProcessBuilder("cat").start();
    processes.add(process);
    cgroup.add((int) process.pid(), journal);
    assertThat(heard).hasSameSizeAs(cgroup.processFiles());
  }

  @Test
  void aContainerMountsWhatTheViewsSay() throws Exception {
    StringBuilder script = new StringBuilder("set -e; mount -t tmpfs none /mnt; ");
    for (CgroupHost.View view : host.views()) {
      List<String> options = new ArrayList<>();
      for (int i = 0; i < view.options().size(); i += 2) {
        String value = view.options().get(i + 1);
        options.add(view.options().get(i) + (value.isEmpty() ? "" : "=" + value));
      }
      String target = "/mnt/" + view.directory();
      script.append("mkdir -p ").append(target).append("; mount -t ").append(view.type());
      script.append(options.isEmpty() ? "" : " -o " + String.join(",", options));
      script.append(" none ").append(target).append("; test -e ").append(target);
      script.append("/cgroup.procs; ");
    }
    Process process =
        new ProcessBuilder("unshare", "-m", "/bin/sh", "-c", script.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }
}
