package dev.mydocker.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The streams of this process: text leaves it as UTF-8 whatever the locale says.
 *
 * <p>System.out encodes by locale and swallows errors; these are the descriptors themselves.
 */
final class Console {
  private final InputStream in;
  private final OutputStream out;
  private final OutputStream err;

  Console(OutputStream out, OutputStream err) {
    this(InputStream.nullInputStream(), out, err);
  }

  Console(InputStream in, OutputStream out, OutputStream err) {
    this.in = in;
    this.out = out;
    this.err = err;
  }

  /** Descriptors 0, 1 and 2. */
  static Console ofProcess() {
    return new Console(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err));
  }

  /** The standard input. */
  InputStream input() {
    return in;
  }

  /** The standard output, for bytes that are no text. */
  OutputStream output() {
    return out;
  }

  /** Writes text to the standard output as it is. */
  void out(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes text to the standard error as it is. */
  void err(String text) throws IOException {
    err.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes one line of an error, control characters escaped. */
  void error(String sentence) throws IOException {
    err("mydocker: " + Text.printable(sentence) + "\n");
  }

  /** {@link #error} of something that changes nothing about how the command ends. */
  void warning(String sentence) {
    progressErr("mydocker: " + Text.printable(sentence) + "\n");
  }

  /** Writes to the standard output what is worth no failure when nobody reads it. */
  void progressOut(String text) {
    write(out, text);
  }

  /** Writes to the standard error what is worth no failure when nobody reads it. */
  void progressErr(String text) {
    write(err, text);
  }

  private static void write(OutputStream stream, String text) {
    try {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException unread) {
      // Progress is for whoever looks; the work it tells of goes on.
      return;
    }
  }
}
