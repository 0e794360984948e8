package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What --security-opt says beside the filter of system calls. */
@ExtendWith(NothingLeft.class)
class ConfinementIT {
  private static final String NO_NEW_PRIVILEGES = "grep NoNewPrivs /proc/self/status";

  private final TestEngine engine = TestEngine.shared();

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "--security-opt no-new-privileges, 1",
    "--security-opt no-new-privileges:true -u 1000, 1",
    "--security-opt no-new-privileges --security-opt seccomp=unconfined --init -m 64m, 1",
    "--security-opt no-new-privileges --security-opt no-new-privileges=false, 0",
  })
  void privilegesAreNotGainedWhenThatIsAskedFor(String flags, String value) throws Exception {
    assertThat(engine.sh(flags, NO_NEW_PRIVILEGES).line()).endsWith("\t" + value);
  }

  @Test
  void whoJoinsDoesNotGainThemEither() throws Exception {
    String flags = "-m 64m --security-opt no-new-privileges";
    try (TestContainer container = engine.startSh(flags, "echo up; sleep 60").await("up")) {
      assertThat(engine.execSh(container, NO_NEW_PRIVILEGES).line()).endsWith("\t1");
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 1", "no-new-privileges=false, 0"})
  void theDefaultIsConfigurable(String option, String value) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("run", "--rm"));
    if (!option.isEmpty()) {
      arguments.addAll(List.of("--security-opt", option));
    }
    arguments.addAll(List.of(TestEngine.BUSYBOX, "grep", "NoNewPrivs", "/proc/self/status"));
    Cli.Result result =
        Cli.under(
            "export MYDOCKER_NO_NEW_PRIVILEGES=true; exec \"$@\"",
            arguments.toArray(new String[0]));
    assertThat(result.out()).as(result.err()).endsWith("\t" + value + "\n");
  }

  @Test
  void systemPathsAreOpenWhenThatIsAskedFor() throws Exception {
    String script = "test -c /proc/keys && echo masked; grep -c ' /proc/' /proc/mounts";
    assertThat(engine.sh("", script).lines().get(0)).isEqualTo("masked");
    assertThat(engine.sh("--security-opt systempaths=unconfined", script).lines())
        .containsExactly("0");
  }

  @Test
  void inspectShowsThem() throws Exception {
    Cli.Result made =
        Cli.run(
            "create",
            "--security-opt=no-new-privileges",
            "--security-opt=proc-view=off",
            "--security-opt=seccomp=unconfined",
            "--security-opt=label=disable",
            TestEngine.BUSYBOX);
    String id = made.out().strip();
    try {
      assertThat(Cli.run("inspect", "-f", "{{json .HostConfig.SecurityOpt}}", id).out().strip())
          .isEqualTo("[\"no-new-privileges\",\"seccomp=unconfined\",\"proc-view=off\"]");
    } finally {
      Cli.run("rm", id);
    }
  }

  /**
   * CVE-2025-31133: what a mask is made of stood in a place that a container has a say in, and
   * showed something else there.
   */
  @Test
  void RT29_whatHidesMustBeTheRealNull(@TempDir Path directory) throws Exception {
    Files.writeString(directory.resolve("null"), "not null");
    for (String name : List.of("pts", "shm", "mqueue")) {
      Files.createDirectory(directory.resolve(name));
    }
    Cli.Result result =
        Cli.run("run", "--rm", "-v", directory + ":/dev", TestEngine.BUSYBOX, "cat", "/proc/kcore");
    assertThat(result.code()).isEqualTo(125);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).contains("ENODEV");
  }
}
