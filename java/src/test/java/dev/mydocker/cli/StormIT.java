package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.ContainerInfo;
import dev.mydocker.engine.ContainerState;
import dev.mydocker.testing.Cli;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two hundred random commands and kills over twenty containers, from two processes and two threads
 * at once. The seed is printed, and {@code MYDOCKER_TEST_SEED} sets it.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StormIT {
  private static final int ROUNDS = 200;
  private static final int WORKERS = 4;

  @TempDir static Path directory;

  private static long seed() {
    String given = System.getenv("MYDOCKER_TEST_SEED");
    long seed = given == null ? System.nanoTime() : Long.parseLong(given);
    System.out.println("StormIT: MYDOCKER_TEST_SEED=" + seed);
    return seed;
  }

  @Test
  void REL11_afterAStormTheListIsTrueAndPruningLeavesNothing() throws Exception {
    CommandLine mydocker = CommandLine.below(directory);
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
    long mounts = Files.readAllLines(Path.of("/proc/self/mountinfo")).size();
    storm(mydocker, seed());

    mydocker.good("ps", "-a");
    List<ContainerInfo> containers = mydocker.engine().containers();
    assertThat(containers).extracting(ContainerInfo::name).doesNotHaveDuplicates();
    for (ContainerInfo container : containers) {
      requireTrue(mydocker, container);
    }
    for (ContainerInfo container : containers) {
      mydocker.good("stop", "-t", "0", container.name());
    }
    mydocker.good("container", "prune", "-f");
    mydocker.requireNothing();
    for (ContainerInfo container : containers) {
      assertThat(CommandLine.cgroups(container.id())).isEmpty();
      assertThat(naming(container.id())).isEmpty();
    }
    assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo"))).hasSize((int) mounts);
  }

  private static void storm(CommandLine mydocker, long seed) throws Exception {
    List<Process> processes = new ArrayList<>();
    List<CompletableFuture<Void>> threads = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      long own = seed + i;
      if (i % 2 == 0) {
        processes.add(process(own, i));
      } else {
        threads.add(
            CompletableFuture.runAsync(
                () -> {
                  try {
                    new StormWorker(mydocker, own).run(ROUNDS / WORKERS);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }));
      }
    }
    try {
      for (CompletableFuture<Void> thread : threads) {
        thread.get();
      }
      for (int i = 0; i < processes.size(); i++) {
        int code = processes.get(i).waitFor();
        assertThat(code).as(Files.readString(directory.resolve("worker-" + 2 * i))).isZero();
      }
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  private static Process process(long seed, int number) throws Exception {
    List<String> command = Cli.jvm(StormWorker.class.getName());
    command.add(directory.toString());
    command.addAll(List.of(Long.toString(seed), Integer.toString(ROUNDS / WORKERS)));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("worker-" + number).toFile())
        .start();
  }

  private static void requireTrue(CommandLine mydocker, ContainerInfo container) throws Exception {
    String id = container.id();
    assertThat(mydocker.good("inspect", "-f", "{{.Id}}", container.name())).isEqualTo(id);
    if (container.state().isRunning()) {
      Path process = Path.of("/proc", Integer.toString(container.pid()));
      assertThat(Files.readString(process.resolve("cmdline"))).isEqualTo("sleep\0001000\0");
      assertThat(Files.readString(process.resolve("cgroup"))).contains("/mydocker/" + id);
      assertThat(naming(id)).as("its monitor").hasSize(1);
    } else {
      assertThat(container.state()).isIn(ContainerState.CREATED, ContainerState.EXITED);
      assertThat(mydocker.running(id)).doesNotExist();
      assertThat(CommandLine.cgroups(id)).isEmpty();
      assertThat(naming(id)).isEmpty();
    }
  }

  /** The processes whose command line names a container. */
  private static List<String> naming(String id) throws Exception {
    List<String> found = new ArrayList<>();
    String[] all = Path.of("/proc").toFile().list();
    for (String pid : all == null ? new String[0] : all) {
      Path line = Path.of("/proc", pid, "cmdline");
      if (Character.isDigit(pid.charAt(0)) && Files.exists(line)) {
        try {
          String text = new String(Files.readAllBytes(line), StandardCharsets.UTF_8);
          if (text.contains(id)) {
            found.add(pid + " " + text);
          }
        } catch (java.io.IOException gone) {
          continue;
        }
      }
    }
    return found;
  }
}
