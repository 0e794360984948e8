package dev.mydocker.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The lines of an image's passwd(5) or group(5). The file may be hostile, so it stays bytes, and a
 * line costs nothing until it is looked at. Empty lines, comments and those of NIS ({@code +},
 * {@code -}) are passed over.
 */
final class AccountFile implements Iterable<AccountFile.Line> {
  static final int LIMIT = 10 << 20;

  private final byte[] content;

  AccountFile(byte[] content) {
    this.content = content;
  }

  /**
   * Reads it; a missing file has no lines.
   *
   * @throws IOException when it is over 10 MiB, is no regular file, or cannot be read
   */
  static AccountFile read(ImageFiles files, String path) throws IOException {
    return new AccountFile(files.read(path, LIMIT).orElse(new byte[0]));
  }

  /** A line: fields between colons, numbered from 0. */
  record Line(byte[] content, int start, int end) {

    /** Whether the field is exactly that. */
    boolean is(int field, byte[] value) {
      int at = start(field);
      return at >= 0 && equal(at, endOf(at, ':'), value);
    }

    /** The field as an id, or -1 when it is none that may be used. */
    long id(int field) {
      return Digits.parse(text(field, 20), UserSpec.MAX_ID);
    }

    /** The field as text, empty when there is none or it is longer than {@code max} bytes. */
    String text(int field, int max) {
      int at = start(field);
      int length = at < 0 ? 0 : endOf(at, ':') - at;
      return length == 0 || length > max
          ? ""
          : new String(content, at, length, StandardCharsets.UTF_8);
    }

    /** Whether one of the field's parts between commas is exactly that. */
    boolean lists(int field, byte[] value) {
      int at = start(field);
      int stop = at < 0 ? at : endOf(at, ':');
      while (at < stop) {
        int comma = Math.min(endOf(at, ','), stop);
        if (equal(at, comma, value)) {
          return true;
        }
        at = comma + 1;
      }
      return false;
    }

    /** Where a field starts, or -1. */
    private int start(int field) {
      int at = start;
      for (int i = 0; i < field; i++) {
        at = endOf(at, ':') + 1;
        if (at > end) {
          return -1;
        }
      }
      return at;
    }

    private int endOf(int from, char separator) {
      int at = from;
      while (at < end && content[at] != separator) {
        at++;
      }
      return at;
    }

    private boolean equal(int from, int to, byte[] value) {
      return to - from == value.length && Arrays.equals(content, from, to, value, 0, value.length);
    }
  }

  @Override
  public Iterator<Line> iterator() {
    return new Iterator<>() {
      private int at = skip(0);

      @Override
      public boolean hasNext() {
        return at < content.length;
      }

      @Override
      public Line next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Line line = new Line(content, at, lineEnd(at));
        at = skip(line.end());
        return line;
      }
    };
  }

  /** The start of the next line that counts. */
  private int skip(int from) {
    int at = from;
    while (at < content.length) {
      switch (content[at]) {
        case '\n' -> at++;
        case '#', '+', '-' -> at = lineEnd(at);
        default -> {
          return at;
        }
      }
    }
    return at;
  }

  private int lineEnd(int from) {
    int at = from;
    while (at < content.length && content[at] != '\n') {
      at++;
    }
    return at;
  }
}
