package dev.mydocker.engine;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Reads a container's log, as its monitor writes it (native/log.h), over rotated files; what is no
 * record is passed over. Every {@link #read} is for itself, and any number of threads may read.
 */
public final class LogReader {
  private static final int PIECE = 65536;
  private static final long PAUSE_MILLIS = 50;

  /** Whether a monitor may still write the log. */
  @FunctionalInterface
  public interface Writing {
    boolean goesOn() throws IOException;
  }

  /** Where a log goes to. */
  @FunctionalInterface
  public interface Sink {
    void piece(LogPiece piece) throws IOException;

    /** There is nothing more at the moment. */
    default void waits() throws IOException {}
  }

  private final Path directory;
  private final Writing writing;

  /**
   * Of one container.
   *
   * @param directory where the monitor writes {@code log}
   * @param writing asked now and then by who follows: false ends it, when all has been read
   */
  public LogReader(Path directory, Writing writing) {
    this.directory = directory;
    this.writing = writing;
  }

  /**
   * Gives {@code sink} what is asked for; comes back at its end.
   *
   * @throws InterruptedIOException when the thread is interrupted while it follows
   */
  public void read(LogQuery query, Sink sink) throws IOException {
    try (LogFiles files = LogFiles.open(directory, query.follow())) {
      if (query.tail().isPresent()) {
        files.seekBack(new Tail(query.tail().get()));
      }
      Lines lines = new Lines(query, sink);
      boolean last = !query.follow();
      while (lines.drain(files) && !last) {
        last = !writing.goesOn() || query.isOver(Instant.now());
        if (!last) {
          sink.waits();
          pause();
        }
      }
    }
  }

  /**
   * The same as lines, read ahead by a thread of its own; to be closed. A failure of reading comes
   * out of the stream as an {@link UncheckedIOException}.
   */
  public Stream<LogLine> lines(LogQuery query) {
    LogLines lines = new LogLines(this, query);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(lines, Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(lines::close);
  }

  /** Between two looks of who follows a log. */
  static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while following a log");
    }
  }

  /** Counts lines from the end: by their last pieces, and those that have none yet. */
  private static final class Tail implements LogFiles.LineLimit {
    private final boolean[] seen = new boolean[2];
    private long left;

    Tail(long lines) {
      this.left = lines;
    }

    @Override
    public boolean isReached(byte[] buffer, int from, int to) {
      LogPiece piece = LogPiece.parse(buffer, from, to).orElse(null);
      if (piece == null) {
        return false;
      }
      int stream = piece.stderr() ? 1 : 0;
      boolean end = piece.ends() || !seen[stream];
      seen[stream] = true;
      return end && left-- == 0;
    }
  }

  /** Cuts the bytes at newlines. */
  private static final class Lines {
    private final LogQuery query;
    private final Sink sink;
    private final byte[] buffer = new byte[2 * PIECE];
    private final boolean[] inLine = new boolean[2];
    private int used;
    private boolean garbled;

    Lines(LogQuery query, Sink sink) {
      this.query = query;
      this.sink = sink;
    }

    /** Passes on all that is there; false when what follows is not wanted any more. */
    boolean drain(LogFiles files) throws IOException {
      int n;
      while ((n = files.read(buffer, used, PIECE)) > 0) {
        int start = 0;
        for (int i = used; i < used + n; i++) {
          if (buffer[i] == '\n') {
            if (!garbled && !line(start, i)) {
              return false;
            }
            garbled = false;
            start = i + 1;
          }
        }
        used += n - start;
        System.arraycopy(buffer, start, buffer, 0, used);
        if (used > PIECE) {
          garbled = true; // longer than any record
          used = 0;
        }
      }
      return true;
    }

    private boolean line(int from, int to) throws IOException {
      LogPiece piece = LogPiece.parse(buffer, from, to).orElse(null);
      if (piece == null) {
        return true;
      }
      int stream = piece.stderr() ? 1 : 0;
      if (query.wants(piece.time())) {
        sink.piece(inLine[stream] ? piece.continued() : piece);
      }
      inLine[stream] = !piece.ends();
      return !(query.follow() && query.isOver(piece.time()));
    }
  }
}
