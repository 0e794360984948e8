package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many containers in one network, each with a published port, that start at the same time: {@code
 * -Dmydocker.network.names=20} of them. With a number of its own it prints what it took.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class CrowdedNetworkIT extends HostOfItsOwn {
  private static final String NUMBER = "mydocker.network.names";
  private static final int MANY = Integer.getInteger(NUMBER, 20);
  private static final int AT_ONCE = 8;

  /** By one command. */
  private static final int REMOVED = 5;

  /** As many addresses of one name as an answer by UDP has room for. */
  private static final int ALIASED = 20;

  @Test
  void everyNameIsFoundFromEverywhereAndNothingIsLeft() throws Exception {
    good("network", "create", "front");
    long begin = System.nanoTime();
    List<Long> done = together(MANY, i -> startOne(i, begin));
    List<String> all = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      all.add("c" + i);
    }
    List<String> addresses = inspect("{{.NetworkSettings.Networks.front.IPAddress}}", all);
    assertThat(new HashSet<>(addresses)).hasSize(MANY);
    assertThat(lines(sh(host, "ip -o link show type veth | grep ' master '"))).hasSize(MANY);
    List<String> pids = inspect("{{.State.Pid}}", all);
    long asked = System.nanoTime();
    together(
        MANY,
        i -> {
          assertThat(look(pids.get(i), String.join(" ", all)))
              .as("names as c%s finds them", i)
              .containsExactlyElementsOf(addresses);
          return 0L;
        });
    assertThat(look(pids.get(MANY - 1), "pool"))
        .containsExactlyInAnyOrderElementsOf(addresses.subList(0, Math.min(MANY, ALIASED)));
    long told = System.nanoTime();
    for (int i = 0; i < MANY; i += REMOVED) {
      removeSome(all, i);
    }
    long removed = System.nanoTime();
    assertThat(traces()).isEqualTo("lo\nlan\ntable inet somebodys\n");
    try (Stream<Path> files = Files.list(directory.resolve("run/networks"))) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly("state.json");
    }
    assertThat(directory.resolve("run/containers")).isEmptyDirectory();
    if (System.getProperty(NUMBER) != null) {
      report(done, told - asked, removed - told);
    }
  }

  /** Milliseconds from the beginning of all to when it runs. */
  private static long startOne(int i, long begin) throws Exception {
    String name = "c" + i;
    List<String> words =
        new ArrayList<>(List.of("run", "-d", "--name", name, "--network", "front", "-p", "80"));
    if (i < ALIASED) {
      words.addAll(List.of("--network-alias", "pool"));
    }
    words.addAll(List.of(B, "sleep", "10000"));
    good(words.toArray(String[]::new));
    return (System.nanoTime() - begin) / 1_000_000;
  }

  private static List<String> inspect(String path, List<String> containers) throws Exception {
    List<String> words = new ArrayList<>(List.of("inspect", "-f", path));
    words.addAll(containers);
    return lines(good(words.toArray(String[]::new)));
  }

  /**
   * The addresses of names as a container finds them; without an engine, which would start JVMs.
   */
  private static List<String> look(String pid, String names) throws Exception {
    String ask = "for n in " + names + "; do nslookup $n; done 2>&1 | sed -n 's/^Address: //p'";
    return lines(
        sh(host, "nsenter -t " + pid + " -n -m -r /bin/sh -c \"" + ask.replace("$", "\\$") + "\""));
  }

  private static void removeSome(List<String> all, int from) throws Exception {
    List<String> words = new ArrayList<>(List.of("rm", "-f"));
    words.addAll(all.subList(from, Math.min(all.size(), from + REMOVED)));
    good(words.toArray(String[]::new));
  }

  private interface Task {
    long run(int i) throws Exception;
  }

  private static List<Long> together(int many, Task task) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Callable<Long>> calls = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        int own = i;
        calls.add(() -> task.run(own));
      }
      List<Long> out = new ArrayList<>();
      for (Future<Long> one : threads.invokeAll(calls)) {
        out.add(one.get());
      }
      return out;
    } finally {
      threads.shutdownNow();
    }
  }

  private static void report(List<Long> done, long asked, long removed) {
    long[] at = done.stream().mapToLong(Long::longValue).sorted().toArray();
    int quarter = Math.max(1, at.length / 4);
    System.out.printf(
        "%d containers: started in %.1f s (ms each: %d of the first quarter, %d of the last),"
            + " names asked in %.1f s, removed in %.1f s%n",
        at.length,
        at[at.length - 1] / 1e3,
        at[quarter - 1] / quarter,
        (at[at.length - 1] - at[Math.max(0, at.length - 1 - quarter)]) / quarter,
        asked / 1e9,
        removed / 1e9);
  }
}
