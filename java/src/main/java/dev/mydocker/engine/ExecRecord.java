package dev.mydocker.engine;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A command that has joined a container, below {@code RUN/execs} from before its launch until its
 * end has been told: by who started it, when he waits for the end, else by whoever comes next.
 *
 * <p>A file of JSON, a line each: who it is, written by who starts it; that it runs, and how it
 * ended, by its monitor; that somebody is about to tell so. Starter and monitor hold flock(2) on it
 * through one open file, so whoever gets the lock knows that both are gone, and with the monitor
 * the command (PR_SET_PDEATHSIG).
 */
final class ExecRecord implements AutoCloseable {
  /** The lines of one are a few hundred bytes: labels are not among them. */
  private static final int LIMIT = 65536;

  private static final int KILLED = 137;

  private final EventLog events;
  private final Directory all;
  private final String id;
  private final Fd file;
  private final Optional<ContainerRecord> container;

  private ExecRecord(
      EventLog events, Directory all, String id, Fd file, Optional<ContainerRecord> container) {
    this.events = events;
    this.all = all;
    this.id = id;
    this.file = file;
    this.container = container;
  }

  /**
   * Of a command that is to be launched; to be closed.
   *
   * @param id the command's
   */
  static ExecRecord make(Roots roots, EventLog events, ContainerRecord container, String id)
      throws IOException {
    StateFile.makeDirectories(roots.execs());
    Directory all = Directory.open(roots.execs());
    // Nobody may look at it before it is locked.
    try (Fd guard = all.lock()) {
      int flags = Linux.O_RDWR | Linux.O_APPEND | Linux.O_CREAT | Linux.O_EXCL | Linux.O_NOFOLLOW;
      Fd file = all.open(name(id), flags, 0600, Directory.Resolve.BENEATH);
      ExecRecord record = new ExecRecord(events, all, id, file, Optional.of(container));
      try {
        KernelException.check(
            Linux.flock(file.number(), Linux.LOCK_EX | Linux.LOCK_NB), "flock", file.name());
        record.append(
            Json.object()
                .put("container", container.id())
                .put("name", container.name())
                .put("image", container.image())
                .put("made", System.currentTimeMillis())
                .build());
        return record;
      } catch (IOException e) {
        record.forget();
        throw e;
      }
    } catch (IOException e) {
      all.close();
      throw e;
    }
  }

  /** Tells the end of every command that nobody else is going to tell. */
  static void sweep(Home home) throws IOException {
    if (!Files.exists(home.roots().execs())) {
      return;
    }
    for (ExecRecord record : abandoned(home)) {
      try (record) {
        record.settle(home);
      }
    }
  }

  private static List<ExecRecord> abandoned(Home home) throws IOException {
    List<ExecRecord> found = new ArrayList<>();
    try (Directory all = Directory.open(home.roots().execs());
        Fd guard = all.lock()) {
      for (Directory.Entry entry : all.list()) {
        String id = new String(entry.name(), StandardCharsets.US_ASCII);
        Optional<Fd> lock = ContainerId.is(id) ? lock(all, entry.name()) : Optional.empty();
        if (lock.isPresent()) {
          Directory own = Directory.open(home.roots().execs());
          found.add(new ExecRecord(home.events(), own, id, lock.get(), Optional.empty()));
        }
      }
    }
    return found;
  }

  private static Optional<Fd> lock(Directory all, byte[] name) throws KernelException {
    int flags = Linux.O_RDWR | Linux.O_APPEND | Linux.O_NOFOLLOW;
    Fd file = all.open(name, flags, 0, Directory.Resolve.BENEATH);
    int n = Linux.flock(file.number(), Linux.LOCK_EX | Linux.LOCK_NB);
    if (n >= 0) {
      return Optional.of(file);
    }
    file.close();
    if (n == -Errno.EAGAIN.number()) {
      return Optional.empty();
    }
    throw new KernelException("flock", file.name(), -n);
  }

  private static byte[] name(String id) {
    return id.getBytes(StandardCharsets.US_ASCII);
  }

  /** The locked file, to which the command's monitor appends. */
  Fd file() {
    return file;
  }

  private void append(Json.Obj line) throws IOException {
    file.output().write((line.toText() + "\n").getBytes(StandardCharsets.UTF_8));
  }

  // ---- the end ----------------------------------------------------------------------------------

  /** Tells that it has ended now; by who has started it. */
  void ended(int code) {
    try {
      append(Json.object().put("told", true).build());
    } catch (IOException full) {
      // Then it may be told twice, if this process is killed between here and the next line but
      // one.
    }
    events.write(EventLog.of(container.orElseThrow(), "exec_die", how(code)));
    remove();
  }

  /** Nothing is told: it was never executed. */
  void forget() {
    remove();
    close();
  }

  private Map<String, String> how(int code) {
    return Map.of("exitCode", Integer.toString(code), ExecEvents.ID, id);
  }

  /** Tells an end that nobody has told, or has said so; of one that is damaged nothing, ever. */
  private void settle(Home home) {
    try {
      tell(home);
    } catch (IOException damaged) {
      // As with an event that cannot be written: nothing fails.
    }
    remove();
  }

  private void tell(Home home) throws IOException {
    TreeMap<String, Json.Obj> lines = new TreeMap<>();
    byte[] text = all.read(name(id), Directory.Resolve.BENEATH, LIMIT);
    for (String line : new String(text, StandardCharsets.UTF_8).split("\n")) {
      Json.Obj json = Json.parseObject(line.getBytes(StandardCharsets.UTF_8));
      for (String member : List.of("container", "pid", "exitCode", "told")) {
        if (json.get(member).isPresent()) {
          lines.putIfAbsent(member, json);
        }
      }
    }
    if (lines.containsKey("container") && lines.containsKey("pid")) {
      Instant made = Instant.ofEpochMilli(lines.get("container").integer("made").orElse(0L));
      Event die = die(home, lines.get("container"), Optional.ofNullable(lines.get("exitCode")));
      if (lines.containsKey("told")) {
        events.unlessTold(die, made);
      } else {
        append(Json.object().put("told", true).build());
        events.write(die);
      }
    }
  }

  private Event die(Home home, Json.Obj who, Optional<Json.Obj> end) throws JsonException {
    int code = end.isPresent() ? (int) (long) end.get().integer("exitCode").orElse(0L) : KILLED;
    String container = who.string("container").orElse("");
    Event die = event(home, container, who, how(code));
    Optional<Long> finished = end.isPresent() ? end.get().integer("finished") : Optional.empty();
    return finished.isPresent() ? die.at(Instant.ofEpochMilli(finished.get())) : die;
  }

  /** As of its container, which may be gone by now. */
  private static Event event(Home home, String id, Json.Obj who, Map<String, String> how)
      throws JsonException {
    Optional<ContainerRecord> record;
    try {
      record = home.store().find(id);
    } catch (IOException damaged) {
      record = Optional.empty();
    }
    if (record.isPresent()) {
      return EventLog.of(record.get(), "exec_die", how);
    }
    Map<String, String> attributes = new TreeMap<>(how);
    attributes.put("name", who.string("name").orElse(""));
    attributes.put("image", EventLog.familiar(who.string("image").orElse("")));
    return Event.of("container", "exec_die", id, attributes);
  }

  /** The lock is held, so it is nobody else's. */
  private void remove() {
    try {
      all.unlink(name(id));
    } catch (KernelException stuck) {
      // It is told again by the next one that comes, or rather found to have been told.
    }
  }

  /** Gives this process's share of the lock up. */
  @Override
  public void close() {
    file.close();
    all.close();
  }
}
