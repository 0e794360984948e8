package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** As many containers as a busy host has, at once. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ManyContainersIT {
  private static final int MANY = 300;

  @TempDir static Path directory;

  @Test
  void threeHundredRunAtOnceAndAllStop() throws Exception {
    CommandLine mydocker = CommandLine.below(directory);
    mydocker.good("pull", "-q", CommandLine.BUSYBOX);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      ids.add(mydocker.good("run", "-d", "--init", CommandLine.BUSYBOX, "sleep", "1000"));
    }
    List<String> running =
        mydocker.good("ps", "-q", "--no-trunc", "--filter", "status=running").lines().toList();
    assertThat(running).containsExactlyInAnyOrderElementsOf(ids);
    mydocker.good("exec", ids.get(MANY - 1), "true");
    List<String> stop = new ArrayList<>(List.of("stop"));
    stop.addAll(ids);
    mydocker.good(stop.toArray(String[]::new));
    assertThat(new HashSet<>(mydocker.good("ps", "-a", "--format", "{{.State}}").lines().toList()))
        .containsExactly("exited");
    mydocker.good("container", "prune", "-f");
    mydocker.requireNothing();
  }
}
