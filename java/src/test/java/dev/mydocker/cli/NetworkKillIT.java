package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * NW06: kill -9 of what makes or removes links and rules, at each of its netlink sends and at the
 * call behind each; where strace(1) injects the signal. After each, one command brings the host
 * back.
 *
 * <p>A spread of {@code -Dmydocker.network.kills=3} points of each command; with a large number all
 * of them.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class NetworkKillIT extends HostOfItsOwn {
  private static final int KILLS = Integer.getInteger("mydocker.network.kills", 3);
  private static final String BARE = "lo\nlan\ntable inet somebodys\n";
  private static final String RUN = "run -d --name victim -p 8080:80 -p 5353:53/udp";
  private static final List<String> SEND = List.of("sendto", "write");

  /**
   * A command that is killed.
   *
   * @param before what is done first, one after the other
   * @param command the command
   */
  record Scene(List<String> before, String command) {
    @Override
    public String toString() {
      return command;
    }
  }

  static Stream<Scene> scenes() {
    String six = "network create --ipv6 six";
    return Stream.of(
        new Scene(List.of(), RUN),
        new Scene(List.of(six), RUN + " --network six --network bridge"),
        new Scene(List.of(RUN), "rm -f victim"),
        new Scene(List.of(RUN), "restart -t 0 victim"),
        new Scene(List.of(six, RUN), "network connect six victim"),
        new Scene(
            List.of(six, RUN, "network connect six victim"), "network disconnect six victim"));
  }

  /** The entry of the {@code occurrence}th call of that name. */
  record Point(String call, int occurrence) {
    static final Point NEVER = new Point("reboot", 1);
  }

  /** Of the thread that does it all: it sends, or has just done so. */
  private static List<Point> points(List<String> calls) {
    Map<String, Integer> seen = new HashMap<>();
    List<Point> points = new ArrayList<>();
    boolean behind = false;
    for (String line : calls) {
      String call = line.substring(0, Math.max(0, line.indexOf('(')));
      if (call.isEmpty()) {
        continue;
      }
      Point point = new Point(call, seen.merge(call, 1, Integer::sum));
      // The rules are written: they are many messages in one.
      boolean sends = SEND.contains(call) && line.contains("<NETLINK:");
      if (sends || behind) {
        points.add(point);
      }
      behind = sends;
    }
    return points;
  }

  private static List<Point> chosen(List<Point> points) {
    if (KILLS >= points.size()) {
      return points;
    }
    List<Point> chosen = new ArrayList<>();
    for (int i = 1; i <= KILLS; i++) {
      chosen.add(points.get(points.size() * i / (KILLS + 1)));
    }
    return chosen;
  }

  @ParameterizedTest
  @MethodSource("scenes")
  void NW06_whatIsKilledAtAnySendIsMadeUpForByTheNextCommand(Scene scene) throws Exception {
    List<Point> points = points(kill(scene, Point.NEVER));
    assertThat(points).as("calls of %s", scene).hasSizeGreaterThan(5);
    requireOrder("survived");
    for (Point point : chosen(points)) {
      List<String> calls = kill(scene, point);
      String last = calls.isEmpty() ? "" : calls.get(calls.size() - 1);
      requireOrder(scene + ", killed at " + point + ", " + last);
    }
  }

  private static String[] words(String line) {
    List<String> words = new ArrayList<>(List.of(line.split(" ")));
    if (line.startsWith("run ")) {
      words.addAll(List.of(B, "sleep", "1000"));
    }
    return words.toArray(String[]::new);
  }

  /** Its calls, the last of them killed. */
  private static List<String> kill(Scene scene, Point point) throws Exception {
    for (String line : scene.before()) {
      good(words(line));
    }
    Process victim =
        LifeVictim.start(
            inside(host, List.of()),
            CommandLine.below(directory),
            directory.resolve("warm"),
            List.of(words(scene.command())));
    try {
      String thread = LifeVictim.lines(victim).readLine();
      Path log = directory.resolve("strace");
      String inject = point.call() + ":signal=KILL:when=" + point.occurrence();
      Process tracer = LifeVictim.strace(log, inject, "--decode-fds=all", "--attach=" + thread);
      victim.getOutputStream().write('\n');
      victim.getOutputStream().close();
      victim.waitFor();
      tracer.waitFor();
      return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> !line.startsWith("+++"))
          .toList();
    } finally {
      victim.destroyForcibly().waitFor();
    }
  }

  /** After one command nothing is left of what does not run; after its removal, of nobody. */
  private static void requireOrder(String as) throws Exception {
    for (String id : running()) {
      awaitRest(id);
    }
    String states = good("ps", "-a", "--format", "{{.State}}");
    if (!states.contains("running")) {
      assertThat(traces()).as(as).isEqualTo(BARE);
    } else {
      assertThat(traces()).as(as).contains("mydocker");
      assertThat(ask(host, "127.0.0.1", 8080)).isEmpty();
      good("network", "inspect", "bridge");
    }
    if (!states.isEmpty()) {
      good("rm", "-f", "victim");
      assertThat(traces()).as(as).isEqualTo(BARE);
    }
    good("network", "prune", "-f");
    assertThat(good("network", "ls", "--format", "{{.Name}}")).isEqualTo("bridge\nhost\nnone\n");
    // A name, an address and the ports are free again.
    good("run", "--rm", "--name", "victim", "-p", "8080:80", "-p", "5353:53/udp", B, "true");
    assertThat(traces()).as(as).isEqualTo(BARE);
  }

  private static List<String> running() {
    String[] names = directory.resolve("run/containers").toFile().list();
    return List.of(names == null ? new String[0] : names);
  }

  /** Until its maker and monitor are gone, or it runs. */
  private static void awaitRest(String id) throws Exception {
    Path run = directory.resolve("run/containers").resolve(id);
    while (Files.exists(run)) {
      Process lock = new ProcessBuilder("flock", "--nonblock", run.toString(), "true").start();
      boolean runs = Files.exists(run.resolve("pid")) && !Files.exists(run.resolve("exit"));
      if (lock.waitFor() == 0 || runs) {
        return;
      }
      Thread.sleep(5);
    }
  }
}
