package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerState;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * REL08: M and I die at their system calls, while the JVM that launches them lives: it says so in
 * one line, and nothing is left of the launch. strace(1) follows both from the JVM on and injects
 * the signal into those of their calls that no thread of the JVM makes.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HelperCrashIT {
  /** Of each of the two. */
  private static final int POINTS = 6;

  private static final int PATIENCE_SECONDS = 30;

  @TempDir static Path directory;

  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    mydocker.clear();
  }

  /** How a command ended whose helpers were traced. */
  private record Outcome(int code, List<String> output, Map<String, List<String>> calls) {}

  @ParameterizedTest
  @CsvSource({"KILL, none", "SEGV, none", "KILL, bridge", "SEGV, bridge"})
  void REL08_aStartWhoseHelperDiesFailsAndLeavesNothing(String signal, String network)
      throws Exception {
    String[] create = {"create", "--name", "victim", "--network", network};
    String[] image = {CommandLine.BUSYBOX, "sleep", "1000"};
    String id =
        mydocker.good(Stream.concat(Stream.of(create), Stream.of(image)).toArray(String[]::new));
    List<String> command = List.of("start", "victim");
    List<String> points = points(run(command, "reboot:signal=KILL").calls());
    mydocker.good("stop", "-t", "0", "victim");
    int failed = 0;
    for (String point : points) {
      Outcome outcome = run(command, point.replace(":", ":signal=" + signal + ":"));
      String as = signal + " at " + point + ": " + outcome.output();
      if (outcome.code() != 0) {
        failed++;
        assertThat(outcome.output()).as(as).hasSize(1);
        assertThat(outcome.output().get(0)).as(as).startsWith("mydocker: start: ");
        assertThat(mydocker.running(id)).as(as).doesNotExist();
        assertThat(CommandLine.cgroups(id)).as(as).isEmpty();
        assertThat(mydocker.info("victim").state()).as(as).isNotEqualTo(ContainerState.RUNNING);
        mydocker.good("start", "victim");
      }
      mydocker.good("ps", "-a");
      mydocker.good("stop", "-t", "0", "victim");
      assertThat(processes(id)).as(as).isEmpty();
    }
    // M blocks what is sent to it, and a first process of a namespace does not hear of it either.
    assertThat(failed > 0).isEqualTo(signal.equals("KILL"));
  }

  @ParameterizedTest
  @CsvSource({"KILL", "SEGV"})
  void REL08_anExecWhoseHelperDiesFailsAndTheContainerGoesOn(String signal) throws Exception {
    mydocker.good("run", "-d", "--name", "victim", CommandLine.BUSYBOX, "sleep", "1000");
    int pid = mydocker.info("victim").pid();
    List<String> command = List.of("exec", "victim", "true");
    List<String> points = points(run(command, "reboot:signal=KILL").calls());
    int failed = 0;
    for (String point : points) {
      Outcome outcome = run(command, point.replace(":", ":signal=" + signal + ":"));
      String as = signal + " at " + point + ": " + outcome.output();
      if (outcome.code() != 0) {
        failed++;
        assertThat(outcome.output()).as(as).hasSizeLessThan(2);
      }
      assertThat(mydocker.info("victim").pid()).as(as).isEqualTo(pid);
      assertThat(mydocker.engine().find("victim").processes()).as(as).containsExactly(pid);
      mydocker.good("exec", "victim", "true");
    }
    assertThat(failed).isPositive();
  }

  /** The processes whose command line names a container. */
  private static List<String> processes(String id) {
    return ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .filter(line -> line.contains(id))
        .toList();
  }

  private Outcome run(List<String> command, String inject) throws Exception {
    Process victim = LifeVictim.start(mydocker, directory.resolve("warm"), command);
    try {
      BufferedReader lines = LifeVictim.lines(victim);
      lines.readLine();
      Path log = directory.resolve("strace");
      Process tracer = LifeVictim.strace(log, inject, "-f", "--attach=" + victim.pid());
      victim.getOutputStream().write('\n');
      victim.getOutputStream().close();
      List<String> output = lines.lines().toList();
      assertThat(victim.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(inject).isTrue();
      // It would follow a container that runs for ever.
      tracer.destroy();
      tracer.waitFor();
      return new Outcome(victim.exitValue(), output, calls(log));
    } finally {
      victim.destroyForcibly().waitFor();
    }
  }

  /** What each process or thread has called, by its number. */
  private static Map<String, List<String>> calls(Path log) throws IOException {
    Map<String, List<String>> calls = new LinkedHashMap<>();
    for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
      String[] words = line.split("\\s+", 2);
      calls.computeIfAbsent(words[0], pid -> new ArrayList<>()).add(words[1]);
    }
    return calls;
  }

  /** {@code CALL:when=N}, evenly spread, for the calls of M and of I that nobody else makes. */
  private static List<String> points(Map<String, List<String>> calls) {
    Set<String> helpers = new HashSet<>();
    calls.values().forEach(own -> helpers.addAll(children(own)));
    // Threads of the JVM make these in some runs only: one that begins late names itself, one that
    // looks again whether a cgroup is empty polls.
    Set<String> others = new HashSet<>(Set.of("prctl", "poll"));
    List<String> points = new ArrayList<>();
    calls.forEach(
        (pid, own) -> {
          if (!helpers.contains(pid)) {
            own.forEach(line -> others.add(name(line)));
          }
        });
    for (String helper : helpers) {
      List<String> all = new ArrayList<>();
      Map<String, Integer> seen = new HashMap<>();
      for (String line : calls.getOrDefault(helper, List.of())) {
        String name = name(line);
        if (!name.isEmpty() && !others.contains(name)) {
          all.add(name + ":when=" + seen.merge(name, 1, Integer::sum));
        }
      }
      for (int i = 0; i < Math.min(POINTS, all.size()); i++) {
        points.add(all.get(all.size() * i / Math.min(POINTS, all.size())));
      }
    }
    assertThat(points).hasSizeGreaterThan(POINTS);
    return points;
  }

  /** The processes that it has cloned; threads are none. */
  private static List<String> children(List<String> calls) {
    List<String> children = new ArrayList<>();
    boolean process = false;
    for (String line : calls) {
      if (line.startsWith("clone3(")) {
        process = !line.contains("CLONE_THREAD");
      }
      int result = line.lastIndexOf(" = ");
      if (process && line.contains("clone3") && result > 0) {
        children.add(line.substring(result + 3));
      }
    }
    return children;
  }

  /** Empty for what is no beginning of a call. */
  private static String name(String line) {
    int end = line.indexOf('(');
    return end < 0 || line.startsWith("<") ? "" : line.substring(0, end);
  }
}
