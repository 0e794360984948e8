package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Questions to the user at the terminal, and what the standard input holds. */
final class Prompt {
  private static final int STDIN = 0;
  private static final int MAX_INPUT = 64 << 10;

  private final Console console;

  Prompt(Console console) {
    this.console = console;
  }

  /** A line that is typed. */
  String ask(String question) throws IOException {
    if (Linux.isatty(STDIN) != 1) {
      throw new IOException(
          "the standard input is no terminal to ask at: give --username and --password-stdin");
    }
    console.err(question);
    return line();
  }

  /** A line that is typed and not shown. */
  String askHidden(String question) throws IOException {
    if (Linux.isatty(STDIN) != 1) {
      return ask(question);
    }
    try (RawTerminal hidden = RawTerminal.withoutEcho(STDIN)) {
      return ask(question);
    } finally {
      console.err("\n");
    }
  }

  /** The whole standard input, without the line end that a file has. */
  static String wholeInput() throws IOException {
    byte[] bytes = read(false);
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == '\n') {
      length--;
    }
    if (length > 0 && bytes[length - 1] == '\r') {
      length--;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private static String line() throws IOException {
    return new String(read(true), StandardCharsets.UTF_8).strip();
  }

  /** Up to the end or, of a line, to its line feed, which is left out. */
  private static byte[] read(boolean line) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    while (out.size() <= MAX_INPUT) {
      // A terminal gives a line at a time; of anything else a line is asked for byte by byte.
      int n = Linux.read(STDIN, buffer, 0, line ? 1 : buffer.length);
      if (n == -Errno.EINTR.number()) {
        continue;
      }
      KernelException.check(n, "read", "the standard input");
      if (n == 0 || line && buffer[0] == '\n') {
        Arrays.fill(buffer, (byte) 0);
        return out.toByteArray();
      }
      out.write(buffer, 0, n);
    }
    throw new IOException("the standard input is longer than a password may be");
  }
}
