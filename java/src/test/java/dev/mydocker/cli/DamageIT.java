package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of one container that a power cut or a careless hand has emptied, taken or garbled. */
class DamageIT {
  @TempDir static Path directory;

  private static CommandLine mydocker;

  private enum Damage {
    EMPTIED,
    TAKEN,
    GARBLED,
    OF_ANOTHER_FORM;

    void to(Path file) throws IOException {
      switch (this) {
        case EMPTIED -> Files.write(file, new byte[0]);
        case TAKEN -> Files.delete(file);
        case GARBLED -> Files.write(file, new byte[] {'{', '"', (byte) 0xff, 0, '['});
        case OF_ANOTHER_FORM -> Files.writeString(file, "{}");
      }
    }
  }

  static Stream<Arguments> damages() {
    List<Arguments> all = new ArrayList<>();
    for (boolean runs : new boolean[] {false, true}) {
      for (String file :
          runs
              ? List.of("record.json", "config.json", "causes.json", "started", "run/pid")
              : List.of("record.json", "config.json", "causes.json", "names/victim")) {
        for (Damage damage : Damage.values()) {
          all.add(Arguments.of(file, damage, runs));
        }
      }
    }
    return all.stream();
  }

  @AfterEach
  void removeAll() throws IOException {
    mydocker.clear();
  }

  @ParameterizedTest
  @MethodSource("damages")
  void REL04_oneDamagedContainerIsListedAndRemovedAndTheOthersGoOn(
      String file, Damage damage, boolean runs) throws Exception {
    mydocker = CommandLine.below(directory);
    String[] make = runs ? new String[] {"run", "-d"} : new String[] {"create"};
    String victim = make(make, "victim", "sleep", "1000");
    String other = make(new String[] {"run", "-d"}, "other", "sleep", "1000");
    damage.to(file(victim, file));

    String[] lines = mydocker.good("ps", "-a", "--no-trunc").split("\n");
    assertThat(lines).hasSize(3);
    assertThat(lines).anyMatch(line -> line.startsWith(victim));
    assertThat(lines).anyMatch(line -> line.startsWith(other) && line.contains(" Up "));
    CommandLine.Result shown = mydocker.run("inspect", victim);
    assertThat(shown.err().lines().count()).isLessThanOrEqualTo(1);
    if (shown.code() != 0) {
      assertThat(shown.err()).contains(victim.substring(0, 12));
    }
    mydocker.good("pause", "other");
    mydocker.good("unpause", "other");
    mydocker.good("rename", "other", "another");
    mydocker.good("stop", "-t", "0", other.substring(0, 20));

    mydocker.good("rm", "-f", victim);
    assertThat(mydocker.good("ps", "-aq", "--no-trunc")).isEqualTo(other);
    assertThat(CommandLine.cgroups(victim)).isEmpty();
    mydocker.good("create", "--name", "victim", CommandLine.BUSYBOX, "true");
    mydocker.good("container", "prune", "-f");
    mydocker.requireNothing();
  }

  private static String make(String[] how, String name, String... command) {
    List<String> line = new ArrayList<>(List.of(how));
    line.addAll(List.of("--name", name, CommandLine.BUSYBOX));
    line.addAll(List.of(command));
    return mydocker.good(line.toArray(String[]::new));
  }

  private static Path file(String id, String file) {
    if (file.startsWith("run/")) {
      return mydocker.running(id).resolve(file.substring(4));
    }
    return file.startsWith("names/")
        ? mydocker.root().resolve("containers").resolve(file)
        : mydocker.home(id).resolve(file);
  }

  @Test
  void REL04_theDamagedOneIsNamedAndPruned() throws Exception {
    mydocker = CommandLine.below(directory);
    String id = make(new String[] {"create"}, "victim", "true");
    Damage.EMPTIED.to(file(id, "record.json"));
    assertThat(mydocker.good("ps", "-a", "--format", "{{.Names}} {{.Status}}"))
        .isEqualTo("victim Dead");
    assertThat(mydocker.good("ps", "-q", "--filter", "status=dead")).isNotEmpty();
    String said =
        "container " + id.substring(0, 12) + " is damaged: its record.json cannot be read";
    assertThat(mydocker.bad("start", "victim")).contains(said).endsWith("with rm -f");
    assertThat(mydocker.bad("stop", "victim")).contains(said);
    assertThat(mydocker.bad("rename", "victim", "other")).contains(said);
    assertThat(mydocker.bad("create", "--name", "victim", CommandLine.BUSYBOX, "true"))
        .contains("is in use by container " + id.substring(0, 12));
    assertThat(mydocker.bad("image", "prune", "-af")).contains("so nothing is removed");
    assertThat(mydocker.good("container", "prune", "-f")).contains(id);
  }

  @Test
  void REL04_whatEndedUnseenOfADamagedOneIsKept() throws Exception {
    mydocker = CommandLine.below(directory);
    String id = make(new String[] {"run", "-d"}, "victim", "sleep", "1000");
    Damage.GARBLED.to(file(id, "record.json"));
    kill(monitor(id));
    assertThat(mydocker.good("ps", "-a", "--format", "{{.State}}")).isEqualTo("dead");
    assertThat(mydocker.home(id)).exists();
    assertThat(CommandLine.cgroups(id)).isEmpty();
  }

  @Test
  void REL04_aDamagedEndIsAnEnd() throws Exception {
    mydocker = CommandLine.below(directory);
    String id = make(new String[] {"run", "-d"}, "victim", "sleep", "1000");
    kill(monitor(id));
    Files.writeString(mydocker.running(id).resolve("exit"), "{\"exitCode\":");
    assertThat(mydocker.good("ps", "-a", "--format", "{{.Status}}")).startsWith("Exited (137)");
  }

  @Test
  void theSweepAfterABootIsFinishedByTheNextCommand() throws Exception {
    mydocker = CommandLine.below(directory);
    String id = make(new String[] {"create"}, "victim", "true");
    Files.writeString(mydocker.home(id).resolve("started"), "1");
    Files.deleteIfExists(mydocker.runRoot().resolve("swept"));
    assertThat(mydocker.good("ps", "-a", "--format", "{{.Status}}")).startsWith("Exited (255)");
  }

  @Test
  void REL04_aLayerThatAPowerCutEmptiedIsUnpackedAgainByStart() throws Exception {
    mydocker = CommandLine.below(directory);
    make(new String[] {"create"}, "victim", "sh", "-c", "exit 7");
    Path state = mydocker.home("").getParent();
    String layer = state.resolve("unsynced").toFile().list()[0];
    Files.write(state.resolve("layers").resolve(layer).resolve("bin/busybox"), new byte[0]);
    Files.writeString(state.resolve("unsynced").resolve(layer), "of another boot");
    assertThat(mydocker.run("start", "-a", "victim").code()).isEqualTo(7);
  }

  private static long monitor(String id) throws IOException {
    Path file = mydocker.running(id).resolve("pid");
    return Json.parseObject(Files.readAllBytes(file)).integer("monitor").orElseThrow();
  }

  private static void kill(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  /** CVE-2026-53489: nobody but root could put them there, and yet nothing goes through them. */
  @Test
  void CP17_linksInPlaceOfTheEnginesFilesLeadNowhere() throws Exception {
    mydocker = CommandLine.below(directory);
    Path victim = Files.writeString(directory.resolve("victim"), "the host's own\n");
    String id = make(new String[] {"create"}, "box", "sh", "-c", "echo printed; sleep 1000");
    Files.createSymbolicLink(mydocker.home(id).resolve("log"), victim);
    mydocker.run("start", "box");
    for (String file : List.of("pid", "exit", ".record", "hosts", "hostname", "resolv.conf")) {
      Path link = mydocker.running(id).resolve(file);
      if (Files.isDirectory(link.getParent())) {
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, victim);
      }
    }
    for (String line :
        List.of("logs box", "exec box true", "stop -t 0 box", "start box", "ps -a")) {
      mydocker.run(line.split(" "));
    }
    assertThat(victim).hasContent("the host's own\n");
    assertThat(mydocker.run("logs", "box").out()).doesNotContain("the host's own");
    mydocker.good("rm", "-f", "box");
    assertThat(victim).hasContent("the host's own\n");
  }
}
