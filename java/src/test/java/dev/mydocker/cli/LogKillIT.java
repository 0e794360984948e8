package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.engine.LogLine;
import dev.mydocker.engine.LogQuery;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * No line that a monitor has taken is lost, whoever is killed with SIGKILL. The container prints
 * numbered lines, and writes down after each that it has.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LogKillIT {
  private static final int ROUNDS = 5;

  /** What has been printed is whole in the file {@code count}: it is appended to. */
  private static final String SCRIPT =
      "i=0; while :; do i=$((i+1)); echo line-$i; echo $i >>/count; done";

  @TempDir static Path directory;

  private final Random random = new Random();
  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    mydocker.clear();
  }

  private Path log(String id) {
    return mydocker.home(id).resolve("log");
  }

  /** Lets it print for a while that differs each time; what is in its log then. */
  private byte[] someLines(String id) throws IOException {
    int bytes = 1 + random.nextInt(100_000);
    while (!Files.exists(log(id)) || Files.size(log(id)) < bytes) {
      Thread.onSpinWait();
    }
    return Files.readAllBytes(log(id));
  }

  /** How many lines it had printed at least when it was killed. */
  private long printed(String id) throws IOException {
    String count = Files.readString(mydocker.home(id).resolve("upper/count"));
    return count.chars().filter(c -> c == '\n').count();
  }

  /** The messages of a log, which are records all of them; the last one may be a part. */
  private static List<String> messages(byte[] log) {
    List<String> messages = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    String[] records = new String(log, StandardCharsets.US_ASCII).split("\n");
    for (int i = 0; i < records.length; i++) {
      String[] words = records[i].split(" ", 4);
      assertThat(words).as("record %d of %d: %s", i, records.length, records[i]).hasSize(4);
      assertThat(words[1]).isEqualTo("stdout");
      assertThat(words[2]).isIn("F", "P");
      line.append(words[3]);
      if (words[2].equals("F")) {
        messages.add(line.toString());
        line.setLength(0);
      }
    }
    assertThat("line-" + (messages.size() + 1)).startsWith(line);
    return messages;
  }

  private static void requireGapless(List<String> messages) {
    for (int i = 0; i < messages.size(); i++) {
      assertThat(messages.get(i)).isEqualTo("line-" + (i + 1));
    }
  }

  private static void requirePrefix(byte[] before, byte[] after) {
    assertThat(after.length).isGreaterThanOrEqualTo(before.length);
    assertThat(Arrays.equals(before, 0, before.length, after, 0, before.length)).isTrue();
  }

  private String started() {
    return mydocker.good("run", "-d", "--name", "prints", CommandLine.BUSYBOX, "sh", "-c", SCRIPT);
  }

  @RepeatedTest(ROUNDS)
  void aKilledContainerLosesNoLineThatItHasPrinted() throws Exception {
    String id = started();
    byte[] before = someLines(id);
    ProcessHandle.of(mydocker.info(id).pid()).orElseThrow().destroyForcibly();
    assertThat(mydocker.good("wait", id)).isEqualTo("137");
    byte[] after = Files.readAllBytes(log(id));
    requirePrefix(before, after);
    List<String> messages = messages(after);
    requireGapless(messages);
    assertThat(messages.size()).isBetween((int) printed(id), (int) printed(id) + 1);
  }

  @RepeatedTest(ROUNDS)
  void aKilledMonitorLosesNoLineThatItHasTaken() throws Exception {
    String id = started();
    byte[] before = someLines(id);
    byte[] record = Files.readAllBytes(mydocker.running(id).resolve("pid"));
    long monitor = Json.parseObject(record).integer("monitor").orElseThrow();
    ProcessHandle.of(monitor).orElseThrow().destroyForcibly();
    assertThat(mydocker.good("wait", id)).isEqualTo("137");
    requirePrefix(before, Files.readAllBytes(log(id)));
    List<String> shown;
    try (Stream<LogLine> lines = mydocker.engine().find(id).log().lines(LogQuery.ALL)) {
      shown = lines.map(LogLine::text).toList();
    }
    requireGapless(shown.subList(0, shown.size() - 1));
    assertThat("line-" + shown.size()).startsWith(shown.get(shown.size() - 1));

    // The next run ends what the killed one had not: every record is whole again.
    byte[] dead = Files.readAllBytes(log(id));
    mydocker.good("start", id);
    while (Files.size(log(id)) <= dead.length) {
      Thread.onSpinWait();
    }
    mydocker.good("stop", "-t", "0", id);
    byte[] all = Files.readAllBytes(log(id));
    requirePrefix(before, all);
    for (String line : new String(all, StandardCharsets.US_ASCII).split("\n")) {
      assertThat(line).matches("[-0-9T:.]+Z stdout [FP] .*");
    }
  }

  @RepeatedTest(ROUNDS)
  void aKilledClientLosesNothing() throws Exception {
    List<String> run = List.of("run", "--name", "prints", CommandLine.BUSYBOX, "sh", "-c", SCRIPT);
    Process client = LifeVictim.start(mydocker, directory.resolve("warm"), run);
    Thread reader = new Thread(() -> LifeVictim.lines(client).lines().forEach(line -> {}));
    reader.start();
    client.getOutputStream().write('\n');
    client.getOutputStream().flush();
    String id = "";
    while (id.isEmpty()) {
      id = mydocker.good("ps", "-aq", "--no-trunc");
    }
    byte[] before = someLines(id);
    client.destroyForcibly().waitFor();
    reader.join();
    someLines(id);
    assertThat(mydocker.info(id).state().isRunning()).isTrue();
    mydocker.good("stop", "-t", "0", id);
    byte[] after = Files.readAllBytes(log(id));
    requirePrefix(before, after);
    List<String> messages = messages(after);
    requireGapless(messages);
    assertThat(messages.size()).isBetween((int) printed(id), (int) printed(id) + 1);
  }
}
