package dev.mydocker.engine;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Optional;

/**
 * What one record of a container's log says: a line, or a part of a long one. The parts of a line
 * follow one another, though pieces of the other stream may come in between.
 *
 * @param time when the monitor read it
 * @param stderr whether it was written to the standard error
 * @param text its bytes, without the end of the line
 * @param begins whether a line begins here
 * @param ends whether the line ends here
 */
public record LogPiece(Instant time, boolean stderr, byte[] text, boolean begins, boolean ends) {
  private static final byte[] FORM =
      "9999-99-99T99:99:99.999999999Z std... . ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OUT = "out".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ERR = "err".getBytes(StandardCharsets.US_ASCII);
  private static final int STREAM = 34;
  private static final int TAG = 38;

  /**
   * Reads a record of the CRI log format, as the monitor writes it (native/log.h).
   *
   * @param record may be anything: a power cut and other hands leave what is no record
   * @param from where it begins in {@code record}
   * @param to where its newline is
   */
  static Optional<LogPiece> parse(byte[] record, int from, int to) {
    if (!hasForm(record, from, to)) {
      return Optional.empty();
    }
    boolean err = Arrays.equals(record, from + STREAM, from + STREAM + 3, ERR, 0, 3);
    boolean out = Arrays.equals(record, from + STREAM, from + STREAM + 3, OUT, 0, 3);
    boolean ends = record[from + TAG] == 'F';
    if (!(err || out) || !(ends || record[from + TAG] == 'P')) {
      return Optional.empty();
    }
    try {
      byte[] text = Arrays.copyOfRange(record, from + FORM.length, to);
      return Optional.of(new LogPiece(time(record, from), err, text, true, ends));
    } catch (DateTimeException e) {
      return Optional.empty(); // the 31st of February
    }
  }

  /** In a line whose beginning has been seen. */
  LogPiece continued() {
    return new LogPiece(time, stderr, text, false, ends);
  }

  private static boolean hasForm(byte[] record, int from, int to) {
    if (to - from < FORM.length) {
      return false;
    }
    for (int i = 0; i < FORM.length; i++) {
      byte b = record[from + i];
      boolean fits = FORM[i] == '9' ? b >= '0' && b <= '9' : FORM[i] == '.' || b == FORM[i];
      if (!fits || FORM[i] == '.' && i < STREAM && b != '.') {
        return false;
      }
    }
    return true;
  }

  private static Instant time(byte[] record, int from) {
    int year = number(record, from, 4);
    long day =
        LocalDate.of(year, number(record, from + 5, 2), number(record, from + 8, 2)).toEpochDay();
    int hour = number(record, from + 11, 2);
    int minute = number(record, from + 14, 2);
    int second = number(record, from + 17, 2);
    return Instant.ofEpochSecond(
        day * 86400 + hour * 3600L + minute * 60L + second, number(record, from + 20, 9));
  }

  private static int number(byte[] record, int from, int digits) {
    int value = 0;
    for (int i = from; i < from + digits; i++) {
      value = 10 * value + record[i] - '0';
    }
    return value;
  }
}
