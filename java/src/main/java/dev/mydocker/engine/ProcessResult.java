package dev.mydocker.engine;

import dev.mydocker.launch.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A command that has ended, and what it printed, read as UTF-8.
 *
 * @param exit how it ended
 * @param out what it wrote to its standard output, or to its terminal
 * @param err what it wrote to its standard error
 */
public record ProcessResult(Exit exit, String out, String err) {

  /** Waits for the end of {@code running}. */
  static ProcessResult of(Running running) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Exit exit =
        running.relay(
            new Output() {
              @Override
              public void stdout(byte[] buffer, int offset, int length) {
                out.write(buffer, offset, length);
              }

              @Override
              public void stderr(byte[] buffer, int offset, int length) {
                err.write(buffer, offset, length);
              }
            });
    return new ProcessResult(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** As a shell would have it: the command's own, or 128 and the signal's number. */
  public int code() {
    return exit.code();
  }
}
