package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.Event;
import dev.mydocker.engine.EventQuery;
import dev.mydocker.engine.EventReader;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands tell of what they do. */
class EventsIT {
  private static final EventQuery NEW = new EventQuery(Optional.empty(), Optional.empty());
  private static final String BUSYBOX = CommandLine.BUSYBOX;
  private static final String LOOP = "trap 'exit 3' TERM; >/ready; while :; do sleep 0.02; done";

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

  private List<Event> told() throws IOException {
    List<Event> out = new ArrayList<>();
    EventQuery past = new EventQuery(Optional.empty(), Optional.of(Instant.now()));
    try (EventReader reader = cli.engine().events(past)) {
      for (Optional<Event> e = reader.next(); e.isPresent(); e = reader.next()) {
        out.add(e.get());
      }
    }
    return out;
  }

  private List<String> actions(String type) throws IOException {
    return told().stream().filter(e -> e.type().equals(type)).map(Event::action).toList();
  }

  private Event last(String action) throws IOException {
    List<Event> all = told();
    return all.stream()
        .filter(e -> e.action().equals(action))
        .reduce((a, b) -> b)
        .orElseThrow(() -> new AssertionError("no " + action + " among " + all));
  }

  private String looping(String... flags) {
    List<String> line = new ArrayList<>(List.of("run", "-d"));
    line.addAll(List.of(flags));
    line.addAll(List.of(BUSYBOX, "sh", "-c", LOOP));
    String id = cli.good(line.toArray(String[]::new));
    cli.awaitFile(id, "ready");
    return id;
  }

  @Test
  void aDayOfAContainerIsToldInOrder() throws Exception {
    String id = looping("--name", "web", "--label", "tier=front");
    cli.good("pause", "web");
    cli.good("unpause", "web");
    cli.good("rename", "web", "site");
    cli.good("update", "--pids-limit", "99", "site");
    cli.good("top", "site", "-o", "pid");
    cli.good("stop", "site");
    cli.good("stop", "site");
    cli.good("start", "site");
    cli.good("kill", "site");
    cli.good("wait", "site");
    cli.good("rm", "site");
    assertThat(actions("container"))
        .containsExactly(
            "create start pause unpause rename update top kill die stop start kill die destroy"
                .split(" "));
    assertThat(told())
        .filteredOn(e -> e.type().equals("container"))
        .allMatch(e -> e.id().equals(id));
    assertThat(told()).extracting(Event::time).isSorted();
    assertThat(last("rename").attributes())
        .isEqualTo(Map.of("image", BUSYBOX, "name", "site", "oldName", "/web", "tier", "front"));
    assertThat(last("kill").attributes()).containsEntry("signal", "9");
    assertThat(last("die").attributes())
        .containsEntry("exitCode", "137")
        .containsEntry("execDuration", "0");
    assertThat(last("destroy").attributes()).containsEntry("name", "site");
  }

  @Test
  void restartIsToldLast() throws Exception {
    looping("--name", "web");
    cli.good("restart", "web");
    assertThat(actions("container"))
        .containsExactly("create start kill die stop start restart".split(" "));
    assertThat(last("die").attributes()).containsEntry("exitCode", "3");
  }

  @Test
  void removalByForceIsAnEndAsWell() throws Exception {
    looping("--name", "web");
    cli.good("rm", "-f", "web");
    assertThat(actions("container")).containsExactly("create start kill die destroy".split(" "));
  }

  @Test
  void foregroundTellsThatItIsAttached() throws Exception {
    cli.run("run", "--rm", BUSYBOX, "sh", "-c", "exit 7");
    assertThat(actions("container")).containsExactly("create attach start die destroy".split(" "));
    assertThat(last("die").attributes()).containsEntry("exitCode", "7");
  }

  @Test
  void whatCannotBeStartedHasNoStartAndNoEnd() throws Exception {
    assertThat(cli.run("run", "--rm", BUSYBOX, "/no/such/command").code()).isEqualTo(127);
    assertThat(actions("container")).containsExactly("create", "destroy");
  }

  @Test
  void whatCannotBeStartedIsNotTriedAgainByItsPolicy() throws Exception {
    String[] line = {"run", "-d", "--name", "no", "--restart", "always", BUSYBOX, "/no/such"};
    assertThat(cli.run(line).code()).isEqualTo(127);
    assertThat(cli.running(cli.info("no").id())).doesNotExist();
    assertThat(cli.info("no").restarts()).isZero();
    assertThat(actions("container")).containsExactly("create");
  }

  @Test
  void commandsThatJoinAreTold() throws Exception {
    looping("--name", "web");
    cli.run("exec", "web", "sh", "-c", "exit 4");
    String create = "exec_create: sh -c exit 4";
    assertThat(actions("container"))
        .containsExactly("create", "start", create, "exec_start: sh -c exit 4", "exec_die");
    assertThat(last("exec_die").attributes())
        .containsEntry("exitCode", "4")
        .containsEntry("execID", last(create).attributes().get("execID"));
  }

  // ---- the end of a command that nobody waits for
  // -------------------------------------------------

  private Path execs() {
    return directory.resolve("run/execs");
  }

  /** What ends now, or is ended by somebody who does not wait: told by one of the next commands. */
  private Event awaitExecDie() throws Exception {
    while (!actions("container").contains("exec_die")) {
      cli.good("ps");
    }
    assertThat(actions("container")).containsOnlyOnce("exec_die");
    assertThat(execs()).isEmptyDirectory();
    return last("exec_die");
  }

  @Test
  void endOfADetachedCommandIsToldByWhoComes() throws Exception {
    String id = looping("--name", "web", "--label", "tier=front");
    cli.good("exec", "-d", "web", "sh", "-c", "exit 4");
    Event die = awaitExecDie();
    assertThat(die.id()).isEqualTo(id);
    assertThat(die.attributes())
        .isEqualTo(
            Map.of(
                "execID",
                last("exec_create: sh -c exit 4").attributes().get("execID"),
                "exitCode",
                "4",
                "image",
                BUSYBOX,
                "name",
                "web",
                "tier",
                "front"));
    assertThat(actions("container"))
        .containsExactly(
            "create", "start", "exec_create: sh -c exit 4", "exec_start: sh -c exit 4", "exec_die");
  }

  @Test
  void followerSeesTheEndOfADetachedCommand() throws Exception {
    looping("--name", "web");
    try (EventReader reader = cli.engine().events(NEW)) {
      cli.good("exec", "-d", "web", "sh", "-c", "exit 5");
      Event event = reader.next().orElseThrow();
      while (!event.action().equals("exec_die")) {
        event = reader.next().orElseThrow();
      }
      assertThat(event.attributes()).containsEntry("exitCode", "5");
    }
  }

  @Test
  void endOfACommandWhoseCallerWasKilledIsTold() throws Exception {
    looping("--name", "web");
    List<String> line = Cli.command(cli.line("exec", "web", "sleep", "1").toArray(String[]::new));
    Process exec = Cli.start(line);
    while (!actions("container").contains("exec_start: sleep 1")) {
      Thread.sleep(5);
    }
    exec.destroyForcibly().waitFor();
    assertThat(awaitExecDie().attributes()).containsEntry("exitCode", "0");
  }

  /** By the kernel, with its monitor, and with its container, which is forgotten meanwhile. */
  @ParameterizedTest
  @ValueSource(strings = {"monitor", "container", "gone"})
  void endOfACommandThatWasKilledIsTold(String with) throws Exception {
    String id = looping("--name", "web");
    cli.good("exec", "-d", "web", "sleep", "1000");
    if (with.equals("monitor")) {
      String name = execs().toFile().list()[0];
      String monitor = Files.readString(execs().resolve(name)).replaceAll("(?s).*monitor\":", "");
      assertThat(Linux.kill(Integer.parseInt(monitor.replaceAll("(?s)[^0-9].*", "")), 9)).isZero();
    } else if (with.equals("container")) {
      cli.good("kill", "web");
    } else {
      cli.good("rm", "-f", "web");
    }
    Event die = awaitExecDie();
    assertThat(die.id()).isEqualTo(id);
    assertThat(die.attributes()).containsEntry("exitCode", "137").containsEntry("name", "web");
    assertThat(die.attributes()).containsEntry("image", BUSYBOX);
  }

  /** As somebody leaves it who is killed before the event is written, and behind it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void endOfACommandIsToldOnceWhenWhoWasAboutToWasKilled(boolean written) throws Exception {
    looping("--name", "web");
    cli.good("exec", "web", "true");
    cli.good("exec", "-d", "web", "sleep", "1");
    Path record = execs().resolve(execs().toFile().list()[0]);
    while (!Files.readString(record).contains("exitCode")) {
      Thread.sleep(5);
    }
    String before = Files.readString(record) + "{\"told\":true}\n";
    if (written) {
      while (Files.exists(record)) {
        cli.good("ps");
      }
    }
    Files.writeString(record, before);
    while (Files.exists(record)) {
      cli.good("ps");
    }
    assertThat(actions("container")).filteredOn("exec_die"::equals).hasSize(2);
  }

  @Test
  void ofACommandThatWasNotExecutedNoEndIsTold() throws Exception {
    looping("--name", "web");
    assertThat(cli.run("exec", "-d", "web", "/no/such").code()).isEqualTo(127);
    assertThat(execs()).isEmptyDirectory();
    // As somebody leaves it who is killed before the launch; and what nobody can read.
    String who = "{\"container\":\"" + "a".repeat(64) + "\",\"made\":1}\n";
    Files.writeString(execs().resolve("b".repeat(64)), who);
    Files.writeString(execs().resolve("c".repeat(64)), "{");
    Files.writeString(execs().resolve("d".repeat(64)), "x".repeat(100_000));
    cli.good("ps");
    assertThat(execs()).isEmptyDirectory();
    assertThat(actions("container")).containsExactly("create", "start", "exec_create: /no/such");
  }

  @Test
  void filesThatGoInOrOutAreTold() throws Exception {
    cli.good("create", "--name", "web", BUSYBOX, "true");
    cli.good("cp", "web:/etc/passwd", directory.resolve("passwd").toString());
    cli.good("cp", directory.resolve("passwd").toString(), "web:/tmp");
    cli.good("export", "-o", directory.resolve("web.tar").toString(), "web");
    cli.good("commit", "-m", "why", "web", "app:2");
    assertThat(actions("container"))
        .containsExactly("create", "archive-path", "extract-to-dir", "export", "commit");
    assertThat(last("archive-path").attributes()).containsEntry("path", "/etc/passwd");
    assertThat(last("commit").attributes())
        .containsEntry("comment", "why")
        .containsEntry("imageRef", "app:2");
  }

  @Test
  void imagesAreTold() throws Exception {
    Path tar = directory.resolve("app.tar");
    cli.good("pull", BUSYBOX);
    cli.good("tag", BUSYBOX, "app:1");
    cli.good("save", "-o", tar.toString(), "app:1");
    cli.good("rmi", "app:1");
    cli.good("rmi", BUSYBOX);
    cli.good("load", "-i", tar.toString());
    cli.good("image", "prune", "-a", "-f");
    assertThat(actions("image"))
        .containsExactly("pull tag save untag untag delete load untag delete prune".split(" "));
    String id = last("load").id();
    assertThat(id).startsWith("sha256:");
    assertThat(last("tag").attributes()).containsEntry("name", "app:1");
    assertThat(List.of(last("tag").id(), last("untag").id(), last("delete").id())).containsOnly(id);
    assertThat(Long.parseLong(last("prune").attributes().get("reclaimed"))).isPositive();
  }

  @Test
  void endThatNobodyWaitedForIsToldOnceByWhoComes() throws Exception {
    String id = cli.good("run", "-d", BUSYBOX, "sh", "-c", "exit 5");
    while (!Files.exists(cli.running(id).resolve("exit"))) {
      Thread.onSpinWait();
    }
    List<CompletableFuture<String>> looks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      looks.add(CompletableFuture.supplyAsync(() -> cli.good("ps", "-aq")));
    }
    looks.forEach(CompletableFuture::join);
    assertThat(actions("container")).containsExactly("create", "start", "die");
    assertThat(last("die").attributes()).containsEntry("exitCode", "5");
  }

  @Test
  void endIsToldWhenWhoWasAboutToWasKilled() throws Exception {
    String id = looping();
    // As somebody leaves it who is killed between marker and event.
    Files.createFile(cli.running(id).resolve("told.end"));
    cli.good("kill", id);
    cli.good("wait", id);
    assertThat(actions("container")).containsExactly("create", "start", "kill", "die");
  }

  @Test
  void startIsToldBeforeTheEndWhenTheLauncherWasKilled() throws Exception {
    String id = looping();
    Files.delete(cli.running(id).resolve("told.start"));
    Files.writeString(directory.resolve("root/events/log"), "");
    cli.good("stop", id);
    assertThat(actions("container")).containsExactly("kill", "start", "die", "stop");
  }

  @Test
  void eachRunOfARestartPolicyIsTold() throws Exception {
    String id = cli.good("run", "-d", "--restart", "on-failure:2", BUSYBOX, "sh", "-c", "exit 9");
    while (cli.info(id).restarts() < 2 || Files.exists(cli.running(id))) {
      Thread.onSpinWait();
    }
    assertThat(actions("container"))
        .containsExactly("create start die start die start die".split(" "));
  }

  @Test
  void followerSeesTheEndOfOneThatNobodyLooksAfter() throws Exception {
    try (EventReader reader = cli.engine().events(NEW)) {
      String id = cli.good("run", "-d", BUSYBOX, "true");
      List<String> seen = new ArrayList<>();
      while (!seen.contains("die")) {
        Event event = reader.next().orElseThrow();
        if (event.id().equals(id)) {
          seen.add(event.action());
        }
      }
      assertThat(seen).containsExactly("create", "start", "die");
    }
  }

  @Test
  void commandPrintsFilteredEvents() throws Exception {
    cli.good("run", "--rm", "--name", "one", BUSYBOX, "true");
    cli.good("run", "--rm", "--name", "two", BUSYBOX, "true");
    String[] line = {"events", "--since", "1h", "--until", "0s", "--filter", "container=two"};
    assertThat(cli.good(line).lines().map(text -> text.split(" ")[2]))
        .containsExactly("create", "attach", "start", "die", "destroy");
    assertThat(
            cli.good(
                "events",
                "--since",
                "1h",
                "--until",
                "0s",
                "-f",
                "event=die",
                "--format",
                "{{.Actor.Attributes.name}}={{.Actor.Attributes.exitCode}}"))
        .isEqualTo("one=0\ntwo=0");
    assertThat(cli.bad("events", "--since", "0s", "--until", "1h")).contains("--since");
  }

  @Test
  void fullDiskFailsNoCommandForWantOfAnEvent() throws Exception {
    Path events = Files.createDirectories(directory.resolve("root/events"));
    host("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", events.toString());
    try {
      Files.writeString(events.resolve("log"), "x".repeat(4000) + "\n");
      cli.good("create", "--name", "web", BUSYBOX, "true");
      cli.good("start", "web");
      cli.good("wait", "web");
      assertThat(told()).isEmpty();
    } finally {
      host("umount", events.toString());
    }
    cli.good("rm", "web");
    assertThat(actions("container")).containsExactly("destroy");
  }

  private static void host(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }
}
