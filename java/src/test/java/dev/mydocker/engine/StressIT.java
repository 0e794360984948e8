package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many launches at once, from a JVM whose collector moves everything about meanwhile. */
class StressIT {
  private static final String IMAGE = "oci-archive:images/out/busybox.oci.tar";

  @TempDir Path directory;

  /** G1's heap is private memory, ZGC's a shared mapping that is there three times over on 17. */
  @ParameterizedTest
  @CsvSource({"-XX:+UseG1GC, 1000", "-XX:+UseZGC, 200"})
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void JVM02_JVM03_manyLaunchesFromEightThreadsLeaveNothing(String collector, int count)
      throws Exception {
    Map<String, String> environment =
        Map.of(
            "MYDOCKER_ROOT", directory.resolve("state").toString(),
            "MYDOCKER_RUN_ROOT", directory.resolve("run").toString());
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                collector,
                // Else the JVM opens files of its own cgroup at any time.
                "-XX:-UseContainerSupport",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                ManyLaunches.class.getName(),
                IMAGE,
                Integer.toString(count),
                "8"));
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(out).isEqualTo("launched " + count + "\n");
    assertThat(process.waitFor()).isZero();
    assertThat(Remains.of(Roots.of(environment, true))).isEmpty();
  }
}
