package dev.mydocker.engine;

import dev.mydocker.image.ImageEvents;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What has happened, below {@code ROOT/events}: a line of JSON each, written by whoever does it.
 * The file {@code log} becomes {@code log.1} when it is full; what was in that one before is
 * forgotten.
 *
 * <p>Nothing fails for want of an event: one that cannot be written is lost.
 */
final class EventLog implements ImageEvents {
  /** Longer lines are none to a reader. */
  static final int LONGEST = 65536;

  private static final long FULL = 4 << 20;
  private static final byte[] LOG = "log".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OLD = "log.1".getBytes(StandardCharsets.US_ASCII);
  private static final int SEEK_END = 2;

  private final Path directory;
  private final ContainerStore store;
  private final long full;

  EventLog(Path directory, ContainerStore store) {
    this(directory, store, FULL);
  }

  /**
   * The same.
   *
   * @param full bytes from which on a file gets no more lines
   */
  EventLog(Path directory, ContainerStore store, long full) {
    this.directory = directory;
    this.store = store;
    this.full = full;
  }

  /** Where the lines are; made when it is not there. */
  Path directory() throws IOException {
    StateFile.makeDirectories(directory);
    return directory;
  }

  // ---- what is told -----------------------------------------------------------------------------

  /** Tells that something happens now; see {@link Event}. */
  void write(String type, String action, String id, Map<String, String> attributes) {
    write(Event.of(type, action, id, attributes));
  }

  @Override
  public void happened(String action, String id, Map<String, String> attributes) {
    write("image", action, id, attributes);
  }

  /**
   * Tells what happens to a container now.
   *
   * @param more attributes beside those that every event of a container has
   */
  void container(ContainerRecord record, String action, Map<String, String> more) {
    write(of(record, action, more));
  }

  /** The same, of a container by its id; one whose record cannot be read is told of without. */
  void container(String id, String action, Map<String, String> more) {
    Optional<ContainerRecord> record;
    try {
      record = store.find(id);
    } catch (IOException damaged) {
      record = Optional.empty();
    }
    if (record.isPresent()) {
      container(record.get(), action, more);
    } else {
      write("container", action, id, more);
    }
  }

  /** An event of a container, with the time it is now. */
  static Event of(ContainerRecord record, String action, Map<String, String> more) {
    Map<String, String> attributes = new TreeMap<>(record.settings().labels());
    attributes.put("image", familiar(record.image()));
    attributes.put("name", record.name());
    attributes.putAll(more);
    return Event.of("container", action, record.id(), attributes);
  }

  static String familiar(String image) {
    try {
      return ImageRef.parse(image).familiar();
    } catch (ImageException e) {
      return image;
    }
  }

  // ---- how it is written ------------------------------------------------------------------------

  /** Tells something. */
  void write(Event event) {
    try (Directory all = Directory.open(directory());
        Fd guard = all.lock()) {
      append(all, List.of(event));
    } catch (IOException | UncheckedIOException lost) {
      return;
    }
  }

  /**
   * Tells something that several processes may come to tell, so that it is told once, and after
   * what was told before this call. Each event keeps its time.
   *
   * @param marker a file that the first of them makes; whoever finds it looks whether that one was
   *     killed before it had written
   * @param since when it cannot have happened before
   * @param decisive the one by which it is known whether they have been told
   * @param events all of them, in order; a kill leaves all or none
   */
  void once(Path marker, Instant since, Event decisive, List<Event> events) {
    try (Directory all = Directory.open(directory());
        Fd guard = all.lock()) {
      if (isNew(marker) || !isTold(decisive, since)) {
        append(all, events);
      }
    } catch (IOException | UncheckedIOException lost) {
      return;
    }
  }

  private static boolean isNew(Path marker) throws KernelException {
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;
    try (Fd made = StateFile.open(marker, flags, 0600)) {
      return true;
    } catch (KernelException e) {
      // It is there, or its directory is not any more: what has been told decides.
      return false;
    }
  }

  private boolean isTold(Event event, Instant since) throws IOException {
    // The clock may have been set back meanwhile, or forth.
    Instant from = since.isBefore(event.time()) ? since : event.time();
    EventQuery past = new EventQuery(Optional.of(from), Optional.of(Instant.now()));
    try (EventReader reader = EventReader.open(directory, past, () -> {})) {
      for (Optional<Event> e = reader.next(); e.isPresent(); e = reader.next()) {
        if (isSame(e.get(), event)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isSame(Event told, Event event) {
    String command = ExecEvents.ID;
    return told.id().equals(event.id())
        && told.action().equals(event.action())
        && told.attributes()
            .getOrDefault(command, "")
            .equals(event.attributes().getOrDefault(command, ""));
  }

  /**
   * Tells something, unless that has been done, by somebody who was killed before it could be noted
   * that he had.
   *
   * @param since when it cannot have happened before
   */
  void unlessTold(Event event, Instant since) {
    try (Directory all = Directory.open(directory());
        Fd guard = all.lock()) {
      if (!isTold(event, since)) {
        append(all, List.of(event));
      }
    } catch (IOException | UncheckedIOException lost) {
      return;
    }
  }

  /** Under the directory's lock, by one write(2): lines do not mix. */
  private void append(Directory all, List<Event> events) throws IOException {
    try (Fd file = notFull(all)) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      if (isTorn(file)) {
        bytes.write('\n');
      }
      for (Event event : events) {
        bytes.writeBytes(line(event));
        bytes.write('\n');
      }
      file.output().write(bytes.toByteArray());
    }
  }

  /** Somebody's labels may be endless: without them it is still told. */
  private static byte[] line(Event event) {
    byte[] line = event.toJson().toBytes();
    if (line.length < LONGEST) {
      return line;
    }
    Map<String, String> few = new TreeMap<>();
    for (String name : new String[] {"image", "name", "exitCode", "signal", ExecEvents.ID}) {
      if (event.attributes().containsKey(name)) {
        few.put(name, event.attributes().get(name));
      }
    }
    return new Event(event.time(), event.type(), event.action(), event.id(), new TreeMap<>(few))
        .toJson()
        .toBytes();
  }

  private Fd notFull(Directory all) throws KernelException {
    Fd file = open(all);
    if (Linux.lseek(file.number(), 0, SEEK_END) < full) {
      return file;
    }
    file.close();
    all.rename(LOG, all, OLD, 0);
    return open(all);
  }

  private static Fd open(Directory all) throws KernelException {
    int flags = Linux.O_RDWR | Linux.O_APPEND | Linux.O_CREAT | Linux.O_NOFOLLOW;
    return all.open(LOG, flags, 0600, Directory.Resolve.BENEATH);
  }

  /** Whether the last line has no end: a full disk, a kill or a power cut took it. */
  private static boolean isTorn(Fd file) throws IOException {
    return Linux.lseek(file.number(), -1, SEEK_END) >= 0 && file.input().read() != '\n';
  }
}
