package dev.mydocker.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** A log's lines, put together of their pieces by a thread that is a few lines ahead. */
final class LogLines implements Iterator<LogLine>, AutoCloseable {
  private static final int AHEAD = 256;

  /** What the reading thread has to say: a line, or its end with what it failed of. */
  private record Item(Optional<LogLine> line, Optional<IOException> failure) {}

  private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(AHEAD);
  private final Thread thread;
  private Optional<LogLine> next = Optional.empty();
  private boolean ended;

  LogLines(LogReader log, LogQuery query) {
    thread = new Thread(() -> read(log, query), "mydocker log");
    thread.setDaemon(true);
    thread.start();
  }

  private void read(LogReader log, LogQuery query) {
    Optional<IOException> failure = Optional.empty();
    Assembler[] streams = {new Assembler(), new Assembler()};
    try {
      log.read(
          query,
          piece -> {
            Optional<LogLine> line = streams[piece.stderr() ? 1 : 0].add(piece);
            if (line.isPresent()) {
              put(new Item(line, Optional.empty()));
            }
          });
      for (Assembler stream : streams) {
        Optional<LogLine> rest = stream.end();
        if (rest.isPresent()) {
          put(new Item(rest, Optional.empty()));
        }
      }
    } catch (IOException e) {
      failure = Optional.of(e);
    } catch (RuntimeException | Error e) {
      // Whoever waits for the next line must not wait for ever.
      failure = Optional.of(new IOException(e.toString(), e));
    }
    try {
      put(new Item(Optional.empty(), failure));
    } catch (InterruptedIOException closed) {
      // Nobody waits for more.
      return;
    }
  }

  private void put(Item item) throws InterruptedIOException {
    try {
      items.put(item);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the log is not read any more");
    }
  }

  @Override
  public boolean hasNext() {
    if (next.isEmpty() && !ended) {
      Item item = take();
      next = item.line();
      ended = next.isEmpty();
      if (item.failure().isPresent()) {
        throw new UncheckedIOException(item.failure().get());
      }
    }
    return next.isPresent();
  }

  private Item take() {
    try {
      return items.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("interrupted while reading a log"));
    }
  }

  @Override
  public LogLine next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    LogLine line = next.orElseThrow();
    next = Optional.empty();
    return line;
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  /** The pieces of one stream's line. */
  private static final class Assembler {
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private Optional<LogPiece> first = Optional.empty();

    Optional<LogLine> add(LogPiece piece) {
      first = first.or(() -> Optional.of(piece));
      text.writeBytes(piece.text());
      return piece.ends() ? end() : Optional.empty();
    }

    /** The line so far; empty when there is none. */
    Optional<LogLine> end() {
      Optional<LogLine> line = first.map(p -> line(p.time(), p.stderr()));
      first = Optional.empty();
      text.reset();
      return line;
    }

    private LogLine line(Instant time, boolean stderr) {
      return new LogLine(time, stderr, text.toString(StandardCharsets.UTF_8));
    }
  }
}
