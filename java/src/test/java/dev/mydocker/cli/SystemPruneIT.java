package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemPruneIT {
  private static final String BUSYBOX = CommandLine.BUSYBOX;

  @TempDir Path directory;
  private CommandLine cli;

  @BeforeEach
  void open() {
    cli = CommandLine.below(directory);
  }

  @AfterEach
  void clear() throws Exception {
    cli.clear();
  }

  @Test
  void whatRunsOrIsUsedStays() throws Exception {
    String running = cli.good("run", "-d", "--name", "runs", BUSYBOX, "sleep", "1000");
    String rests = cli.good("create", "--name", "rests", BUSYBOX, "true");
    String kept = cli.good("create", "--name", "kept", "-l", "keep", BUSYBOX, "true");
    String first = cli.good("system", "prune", "-a", "-f", "--filter", "label!=keep");
    assertThat(first).startsWith("Deleted Containers:\n" + rests + "\n\nTotal reclaimed space: ");
    assertThat(cli.good("ps", "-aq", "--no-trunc").lines())
        .containsExactlyInAnyOrder(running, kept);
    cli.good("rm", "-f", "runs");
    String last = cli.good("system", "prune", "-a", "-f");
    assertThat(last)
        .startsWith("Deleted Containers:\n" + kept + "\n\nDeleted Images:\nuntagged: ")
        .contains("\ndeleted: sha256:", "\n\nTotal reclaimed space: ");
    assertThat(cli.good("images", "-aq")).isEmpty();
    String[] events = {"events", "--since", "1h", "--until", "0s", "--filter", "event=prune"};
    assertThat(cli.good(events).lines().map(line -> line.split(" ")[1]))
        .containsExactly("container", "network", "image", "container", "network", "image");
  }

  @Test
  void withoutAYesNothingGoes() throws Exception {
    cli.good("create", "--name", "rests", BUSYBOX, "true");
    assertThat(cli.good("system", "prune", "--filter", "until=24h"))
        .isEqualTo(
            "WARNING! This will remove:\n  - all stopped containers\n  - all networks not used"
                + " by at least one container\n  - all dangling images\n\n"
                + "  Items to be pruned will be filtered with:\n  - until=24h\n\n"
                + "Are you sure you want to continue? [y/N]");
    assertThat(cli.info("rests").name()).isEqualTo("rests");
  }

  @Test
  void volumesWithoutANameGoWhenThatIsAskedFor() throws Exception {
    cli.good("create", "--name", "rests", "-v", "/data", "-v", "named:/other", BUSYBOX, "true");
    String anonymous =
        cli.good("volume", "ls", "-q")
            .lines()
            .filter(name -> name.length() == 64)
            .findFirst()
            .orElseThrow();
    cli.good("system", "prune", "-f");
    assertThat(cli.good("volume", "ls", "-q")).contains(anonymous);
    assertThat(cli.bad("system", "prune", "-f", "--volumes", "--filter", "until=1h"))
        .contains("--volumes");
    assertThat(cli.good("system", "prune", "-f", "--volumes"))
        .startsWith("Deleted Volumes:\n" + anonymous + "\n\nTotal reclaimed space: ");
    assertThat(cli.good("volume", "ls", "-q")).isEqualTo("named");
    cli.good("volume", "rm", "named");
    String[] events = {"events", "--since", "1h", "--until", "0s", "--filter", "type=volume"};
    assertThat(cli.good(events).lines().map(line -> line.split(" ")[2]))
        .containsExactly("create", "create", "destroy", "prune", "destroy");
  }
}
