package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
  private static final EventQuery NEW = new EventQuery(Optional.empty(), Optional.empty());

  @TempDir Path directory;
  private Path events;

  @BeforeEach
  void place() {
    events = directory.resolve("events");
  }

  private EventLog log(long full) {
    return new EventLog(events, new ContainerStore(new Roots(directory, directory)), full);
  }

  private EventLog log() {
    return log(1 << 20);
  }

  private static void write(EventLog log, String id) {
    log.write("volume", "create", id, Map.of("driver", "local"));
  }

  private EventReader reader(EventQuery query) throws IOException {
    return EventReader.open(log().directory(), query, () -> {});
  }

  private List<Event> all() throws IOException {
    List<Event> out = new ArrayList<>();
    EventQuery past = new EventQuery(Optional.empty(), Optional.of(Instant.now()));
    try (EventReader reader = reader(past)) {
      for (Optional<Event> e = reader.next(); e.isPresent(); e = reader.next()) {
        out.add(e.get());
      }
    }
    return out;
  }

  private List<String> ids() throws IOException {
    return all().stream().map(Event::id).toList();
  }

  private void append(String text) throws IOException {
    Files.writeString(events.resolve("log"), text, StandardOpenOption.APPEND);
  }

  @Test
  void whatIsWrittenIsRead() throws Exception {
    Instant before = Instant.now();
    log().write("image", "tag", "sha256:abc", Map.of("name", "a \"b\"\nc:1", "label", "ä"));
    Event event = all().get(0);
    assertThat(event.time()).isBetween(before, Instant.now());
    assertThat(event)
        .isEqualTo(
            Event.of("image", "tag", "sha256:abc", Map.of("label", "ä", "name", "a \"b\"\nc:1"))
                .at(event.time()));
    assertThat(Files.readString(events.resolve("log")).lines()).hasSize(1);
  }

  @Test
  void oldestAreForgottenAndNoneBetween() throws Exception {
    EventLog log = log(2000);
    IntStream.range(0, 100).forEach(i -> write(log, "v" + i));
    assertThat(events.toFile().list()).containsExactlyInAnyOrder("log", "log.1");
    assertThat(Files.size(events.resolve("log.1"))).isBetween(2000L, 2200L);
    List<String> kept = ids();
    assertThat(kept).hasSizeBetween(10, 40);
    assertThat(kept)
        .isEqualTo(IntStream.range(100 - kept.size(), 100).mapToObj(i -> "v" + i).toList());
  }

  @Test
  void followerMissesNothingWhenFilesAreRotated() throws Exception {
    EventLog log = log(1000);
    write(log, "before");
    try (EventReader reader = reader(NEW)) {
      for (int i = 0; i < 100; i++) {
        write(log, "v" + i);
        if (i % 3 == 2) {
          for (int j = i - 2; j <= i; j++) {
            assertThat(reader.next().orElseThrow().id()).isEqualTo("v" + j);
          }
        }
      }
    }
  }

  @Test
  void damagedLinesAreSkipped() throws Exception {
    EventLog log = log();
    write(log, "first");
    append(
        "\n\u0000\u0001\n{\"Type\":\"volume\"}\n[]\n" + "x".repeat(200_000) + "\n{\"Type\":\"vol");
    write(log, "second");
    append("{}");
    write(log, "third");
    assertThat(ids()).containsExactly("first", "second", "third");
  }

  @Test
  void concurrentLinesDoNotMix() throws Exception {
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int w = 0; w < 8; w++) {
      String name = "w" + w + ".";
      EventLog own = log();
      writers.add(
          CompletableFuture.runAsync(
              () -> IntStream.range(0, 100).forEach(i -> write(own, name + i))));
    }
    writers.forEach(CompletableFuture::join);
    List<String> ids = ids();
    assertThat(ids).hasSize(800).doesNotHaveDuplicates();
    for (int w = 0; w < 8; w++) {
      String name = "w" + w + ".";
      assertThat(ids.stream().filter(id -> id.startsWith(name)))
          .containsExactlyElementsOf(IntStream.range(0, 100).mapToObj(i -> name + i).toList());
    }
  }

  @Test
  void whatCannotBeWrittenIsLostAndNothingElse() throws Exception {
    Files.writeString(events, "no directory");
    write(log(), "lost");
    Files.delete(events);
    Files.createDirectories(events.resolve("log"));
    write(log(), "lost");
    Files.delete(events.resolve("log"));
    write(log(), "kept");
    assertThat(ids()).containsExactly("kept");
  }

  @Test
  void endlessLabelsAreLeftOut() throws Exception {
    log().write("container", "die", "c", Map.of("l", "x".repeat(70_000), "exitCode", "3"));
    assertThat(all().get(0).attributes()).isEqualTo(Map.of("exitCode", "3"));
  }

  @Test
  void whatSeveralComeToTellIsToldOnce() throws Exception {
    EventLog log = log();
    Instant since = Instant.now();
    Path marker = directory.resolve("told");
    Event die = Event.of("container", "die", "c", Map.of());
    Event oom = Event.of("container", "oom", "c", Map.of());
    log.once(marker, since, die, List.of(oom, die));
    log.once(marker, since, die, List.of(oom, die));
    assertThat(all()).containsExactly(oom, die);
    // Killed after it had told, and before it had recorded the end.
    Files.delete(marker);
    log.once(marker, since, die, List.of(die));
    assertThat(all()).as("the next run's end").containsExactly(oom, die, die);
  }

  @Test
  void whoeverWasKilledBeforeItHadToldIsFollowedUp() throws Exception {
    EventLog log = log();
    Event die = Event.of("container", "die", "c", Map.of());
    log.once(directory.resolve("earlier"), die.time(), die, List.of(die));
    Path marker = Files.createFile(directory.resolve("told"));
    Event next = Event.of("container", "die", "c", Map.of());
    log.once(marker, next.time(), next, List.of(next));
    log.once(marker, next.time(), next, List.of(next));
    assertThat(all()).containsExactly(die, next);
  }

  @Test
  void REL32_anEndIsToldOnceWhenTheClockWasSetBack() throws Exception {
    EventLog log = log();
    Event die = Event.of("container", "die", "c", Map.of());
    Path marker = directory.resolve("told");
    Instant since = die.time().plusSeconds(86_400);
    log.once(marker, since, die, List.of(die));
    log.once(marker, since, die, List.of(die));
    assertThat(all()).containsExactly(die);
  }

  @Test
  void readerGivesTheTimeThatIsAskedFor() throws Exception {
    EventLog log = log();
    write(log, "a");
    write(log, "b");
    write(log, "c");
    Instant b = all().get(1).time();
    try (EventReader reader = reader(new EventQuery(Optional.of(b), Optional.of(b)))) {
      assertThat(reader.next().orElseThrow().id()).isEqualTo("b");
      assertThat(reader.next()).isEmpty();
    }
  }

  @Test
  void whoWaitsGetsWhatComesAndIsToldOfTheClose() throws Exception {
    EventLog log = log();
    write(log, "old");
    EventReader reader = reader(NEW);
    CompletableFuture<String> got = CompletableFuture.supplyAsync(() -> ids(reader));
    write(log, "new");
    write(log, "last");
    assertThat(got.join()).isEqualTo("new last ");
  }

  /** Closes the reader by the event "last", while it reads on. */
  private static String ids(EventReader reader) {
    try {
      StringBuilder ids = new StringBuilder();
      for (Optional<Event> e = reader.next(); e.isPresent(); e = reader.next()) {
        ids.append(e.get().id()).append(' ');
        if (e.get().id().equals("last")) {
          // Not of the common pool: its one thread may be the one that reads.
          new Thread(reader::close).start();
        }
      }
      return ids.toString();
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void untilIsTheEndOfWhoFollows() throws Exception {
    Instant until = Instant.now().plusMillis(100);
    try (EventReader reader = reader(new EventQuery(Optional.empty(), Optional.of(until)))) {
      assertThat(reader.next()).isEmpty();
    }
    assertThat(Instant.now()).isAfterOrEqualTo(until);
  }
}
