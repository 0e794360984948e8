package dev.mydocker.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {
  private static final String HOUR = "2026-11-24T11:";

  @TempDir Path directory;

  private static String record(int minute, String rest) {
    return HOUR + (minute < 10 ? "0" : "") + minute + ":00.000000007Z " + rest + "\n";
  }

  private void append(String name, String... records) throws IOException {
    Files.writeString(
        directory.resolve(name),
        String.join("", records),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private static Instant minute(int minute) {
    return Instant.parse(HOUR + String.format("%02d", minute) + ":00Z");
  }

  /** What a terminal would show, standard error in brackets. */
  private static void show(LogPiece piece, StringBuilder into) {
    String text = new String(piece.text(), UTF_8);
    into.append(piece.begins() ? "" : "+").append(piece.stderr() ? "[" + text + "]" : text);
    into.append(piece.ends() ? "|" : "");
  }

  private String read(LogQuery query) throws IOException {
    StringBuilder shown = new StringBuilder();
    new LogReader(directory, () -> false).read(query, piece -> show(piece, shown));
    return shown.toString();
  }

  private String tail(long lines) throws IOException {
    return read(new LogQuery(false, Optional.of(lines), Optional.empty(), Optional.empty()));
  }

  @Test
  void bothStreamsAndPartsOfLinesAreRead() throws Exception {
    append(
        "log",
        record(1, "stdout F one"),
        record(2, "stderr F two"),
        record(3, "stdout P th"),
        record(4, "stderr F between"),
        record(5, "stdout F ree"),
        record(6, "stdout F "),
        record(7, "stdout P no end"));
    assertThat(read(LogQuery.ALL)).isEqualTo("one|[two]|th[between]|+ree||no end");
  }

  @Test
  void timeIsExact() throws Exception {
    append("log", "2024-02-29T23:59:59.123456789Z stdout F x\n");
    List<Instant> times = new ArrayList<>();
    new LogReader(directory, () -> false).read(LogQuery.ALL, piece -> times.add(piece.time()));
    assertThat(times).containsExactly(Instant.parse("2024-02-29T23:59:59.123456789Z"));
  }

  @Test
  void anEmptyLogAndNoLogHaveNothing() throws Exception {
    assertThat(read(LogQuery.ALL)).isEmpty();
    assertThat(tail(3)).isEmpty();
    append("log", "");
    assertThat(read(LogQuery.ALL)).isEmpty();
    assertThat(tail(3)).isEmpty();
  }

  @Test
  void rotatedFilesAreOneLog() throws Exception {
    append("log.2", record(1, "stdout F one"));
    append("log.1", record(2, "stdout F two"), record(3, "stdout P thr"));
    append("log", record(4, "stdout F ee"));
    append("log.7", record(9, "stdout F from another time"));
    assertThat(read(LogQuery.ALL)).isEqualTo("one|two|thr+ee|");
    assertThat(tail(2)).isEqualTo("two|thr+ee|");
    assertThat(tail(9)).isEqualTo("one|two|thr+ee|");
  }

  @Test
  void tailCountsLinesOfBothStreams() throws Exception {
    append(
        "log",
        record(1, "stdout F one"),
        record(2, "stderr F two"),
        record(3, "stdout P th"),
        record(4, "stdout F ree"),
        "garbage\n",
        record(5, "stdout P open"));
    assertThat(tail(0)).isEmpty();
    assertThat(tail(1)).isEqualTo("open");
    assertThat(tail(2)).isEqualTo("th+ree|open");
    assertThat(tail(3)).isEqualTo("[two]|th+ree|open");
    assertThat(tail(4)).isEqualTo("one|[two]|th+ree|open");
    assertThat(tail(Long.MAX_VALUE)).isEqualTo("one|[two]|th+ree|open");
  }

  /** Lines at every offset of the blocks in which a tail is looked for. */
  @Test
  void tailOfALongLogIsTheEndOfIt() throws Exception {
    Random random = new Random(7);
    List<String> records = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      String text = i + "x".repeat(random.nextInt(100));
      records.add(record(i % 60, "stdout F " + text));
      lines.add(text + "|");
    }
    append("log.1", records.subList(0, 2500).toArray(String[]::new));
    append("log", records.subList(2500, 5000).toArray(String[]::new));
    for (int n : new int[] {1, 10, 500, 1200, 2499, 2500, 2501, 4000, 5000, 6000}) {
      String expected = String.join("", lines.subList(Math.max(0, 5000 - n), 5000));
      assertThat(tail(n)).as("tail %s", n).isEqualTo(expected);
    }
  }

  @Test
  void sinceAndUntilAreLimits() throws Exception {
    for (int i = 1; i < 6; i++) {
      append("log", record(i, "stdout F " + i));
    }
    Optional<Instant> none = Optional.empty();
    Optional<Instant> two = Optional.of(minute(2));
    Optional<Instant> four = Optional.of(minute(4));
    assertThat(read(new LogQuery(false, Optional.empty(), two, none))).isEqualTo("2|3|4|5|");
    assertThat(read(new LogQuery(false, Optional.empty(), none, four))).isEqualTo("1|2|3|");
    assertThat(read(new LogQuery(false, Optional.empty(), two, four))).isEqualTo("2|3|");
    assertThat(read(new LogQuery(false, Optional.of(3L), none, four))).isEqualTo("3|");
    assertThat(read(new LogQuery(true, Optional.empty(), two, four))).isEqualTo("2|3|");
  }

  @Test
  void whatIsNoRecordIsPassedOver() throws Exception {
    String good = record(1, "stdout F good");
    for (String bad :
        List.of(
            "",
            "\n",
            "x\n",
            "\0".repeat(300) + "\n",
            good.replace('F', 'X'),
            good.replace("stdout", "stdin "),
            good.replace("stdout", "stdxyz"),
            good.replace("-24T", "-32T"),
            good.replace("2026-11", "2026-13"),
            good.replace("11:", "1a:"),
            good.replace("Z ", "+"),
            good.substring(0, 39) + "\n",
            good.substring(1),
            "y".repeat(200_000) + "\n",
            "y".repeat(65536) + "\n")) {
      Files.deleteIfExists(directory.resolve("log"));
      append("log", good, bad, good);
      assertThat(read(LogQuery.ALL)).as(bad).isEqualTo("good|good|");
      assertThat(tail(1)).as(bad).isEqualTo("good|");
      assertThat(tail(2)).as(bad).isEqualTo("good|good|");
    }
  }

  /** Each file with one bit of rubbish, cut anywhere: never an exception. */
  @Test
  void anyBytesAreSurvived() throws Exception {
    Random random = new Random(42);
    String records = record(1, "stdout F one") + record(2, "stderr P t") + record(3, "stderr F w");
    for (int i = 0; i < 500; i++) {
      byte[] bytes = records.repeat(3).getBytes(UTF_8);
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      int length = random.nextInt(bytes.length);
      Files.write(directory.resolve("log"), java.util.Arrays.copyOf(bytes, length));
      read(LogQuery.ALL);
      tail(random.nextInt(5));
    }
  }

  @Test
  void aFileWithoutAnEndDoesNotSpoilTheNext() throws Exception {
    append("log.1", record(1, "stdout F one"), "2026-11-24T11:");
    append("log", record(2, "stdout F two"));
    assertThat(read(LogQuery.ALL)).isEqualTo("one|two|");
  }

  // ---- following --------------------------------------------------------------------------------

  /** A follower in a thread of its own. */
  private final class Follower implements LogReader.Sink {
    final StringBuffer shown = new StringBuffer();
    final AtomicBoolean running = new AtomicBoolean(true);
    final CompletableFuture<Void> end;
    volatile CountDownLatch idle = new CountDownLatch(1);

    Follower(LogQuery query) {
      LogReader reader = new LogReader(directory, running::get);
      end =
          CompletableFuture.runAsync(
              () -> {
                try {
                  reader.read(query, this);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              });
    }

    @Override
    public void piece(LogPiece piece) {
      StringBuilder text = new StringBuilder();
      show(piece, text);
      shown.append(text);
    }

    @Override
    public void waits() {
      idle.countDown();
    }

    void awaitIdle() throws InterruptedException {
      idle = new CountDownLatch(2); // the first may have looked before what is awaited
      assertThat(idle.await(30, TimeUnit.SECONDS)).isTrue();
    }

    String ended() throws Exception {
      running.set(false);
      end.get(30, TimeUnit.SECONDS);
      return shown.toString();
    }
  }

  private static final LogQuery FOLLOW =
      new LogQuery(true, Optional.empty(), Optional.empty(), Optional.empty());

  @Test
  void followingGivesWhatComesAndEndsWithTheContainer() throws Exception {
    append("log", record(1, "stdout F one"));
    Follower follower = new Follower(FOLLOW);
    follower.awaitIdle();
    append("log", record(2, "stdout F two"), HOUR + "03:00.0000");
    follower.awaitIdle();
    assertThat(follower.shown).hasToString("one|two|");
    append("log", "00007Z stderr F three\n");
    assertThat(follower.ended()).isEqualTo("one|two|[three]|");
  }

  @Test
  void followingBeginsBeforeThereIsALog() throws Exception {
    Follower follower = new Follower(FOLLOW);
    follower.awaitIdle();
    append("log", record(1, "stdout F one"));
    assertThat(follower.ended()).isEqualTo("one|");
  }

  @Test
  void followingTheTailBeginsAtTheEnd() throws Exception {
    append("log", record(1, "stdout F one"), record(2, "stdout F two"));
    Follower follower =
        new Follower(new LogQuery(true, Optional.of(0L), Optional.empty(), Optional.empty()));
    follower.awaitIdle();
    append("log", record(3, "stdout F three"));
    assertThat(follower.ended()).isEqualTo("three|");
  }

  /** Between two looks of the follower the log is rotated several times. */
  @Test
  void followingSurvivesRotation() throws Exception {
    append("log", record(0, "stdout F 0"));
    Follower follower = new Follower(FOLLOW);
    StringBuilder expected = new StringBuilder("0|");
    for (int i = 1; i < 30; i++) {
      if (i % 10 == 1) {
        follower.awaitIdle();
      }
      append("log", record(i, "stdout F late" + i));
      expected.append("late").append(i).append('|');
      for (int file = 11; file > 0; file--) {
        Path from = directory.resolve(file == 1 ? "log" : "log." + (file - 1));
        if (Files.exists(from)) {
          Files.move(from, directory.resolve("log." + file), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      append("log", record(i, "stdout F " + i));
      expected.append(i).append('|');
    }
    assertThat(follower.ended()).isEqualTo(expected.toString());
  }

  @Test
  void followingCanBeInterrupted() throws Exception {
    append("log", record(1, "stdout F one"));
    List<Throwable> failure = new ArrayList<>();
    CountDownLatch waits = new CountDownLatch(1);
    LogReader.Sink sink =
        new LogReader.Sink() {
          @Override
          public void piece(LogPiece piece) {}

          @Override
          public void waits() {
            waits.countDown();
          }
        };
    Thread thread =
        new Thread(
            () -> {
              try {
                new LogReader(directory, () -> true).read(FOLLOW, sink);
              } catch (IOException e) {
                failure.add(e);
              }
            });
    thread.start();
    waits.await();
    thread.interrupt();
    thread.join(30_000);
    assertThat(failure).hasOnlyElementsOfType(java.io.InterruptedIOException.class).hasSize(1);
  }
}
