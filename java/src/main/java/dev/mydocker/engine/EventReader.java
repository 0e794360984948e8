package dev.mydocker.engine;

import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * Events one after the other, as they were told; then those to come, as they happen. To be closed,
 * by any thread: whoever waits in {@link #next} is told that this is the end.
 */
public final class EventReader implements AutoCloseable {
  /** How often who waits looks after containers whose end nobody has told. */
  private static final int LOOKS = 10;

  /** Has told what has happened and was not told. */
  interface Sweep {
    void run() throws IOException;
  }

  private final LogFiles files;
  private final EventQuery query;
  private final Sweep sweep;
  private final byte[] buffer = new byte[2 * EventLog.LONGEST];
  private int start;
  private int end;
  private boolean closed;

  private EventReader(LogFiles files, EventQuery query, Sweep sweep) {
    this.files = files;
    this.query = query;
    this.sweep = sweep;
  }

  /**
   * Reads a log; what is written from this call on is among it when the query asks for it.
   *
   * @param directory where its files are
   */
  static EventReader open(Path directory, EventQuery query, Sweep sweep) throws IOException {
    LogFiles files = LogFiles.open(directory, !query.isOver(Instant.now()));
    if (!query.asksForPast()) {
      files.seekBack((buffer, from, to) -> true);
    }
    return new EventReader(files, query, sweep);
  }

  /**
   * The next event; waits for it.
   *
   * @return empty at the end: the query's, or after {@link #close}
   * @throws java.io.InterruptedIOException when the thread is interrupted while it waits
   */
  public Optional<Event> next() throws IOException {
    for (int looks = 1; ; looks++) {
      boolean last = query.isOver(Instant.now());
      Optional<Event> event = nextThere();
      if (event.isPresent() || last || isClosed()) {
        return event;
      }
      if (looks % LOOKS == 0) {
        sweep.run();
      } else {
        LogReader.pause();
      }
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Empty when there is none at the moment. */
  private synchronized Optional<Event> nextThere() throws IOException {
    while (!closed) {
      int newline = newline();
      if (newline < 0) {
        return Optional.empty();
      }
      byte[] line = Arrays.copyOfRange(buffer, start, newline);
      start = newline + 1;
      try {
        Event event = Event.parse(line);
        if (query.wants(event.time())) {
          return Optional.of(event);
        }
      } catch (JsonException torn) {
        continue;
      }
    }
    return Optional.empty();
  }

  /** Where the line ends that begins at {@code start}; -1 when its end is not there. */
  private int newline() throws IOException {
    int at = start;
    while (true) {
      for (; at < end; at++) {
        if (buffer[at] == '\n') {
          return at;
        }
      }
      if (end - start > EventLog.LONGEST) {
        // No line of an event.
        end = start;
      }
      System.arraycopy(buffer, start, buffer, 0, end - start);
      at -= start;
      end -= start;
      start = 0;
      at = Math.min(at, end);
      int n = files.read(buffer, end, EventLog.LONGEST - 1);
      if (n <= 0) {
        return -1;
      }
      end += n;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    files.close();
  }
}
