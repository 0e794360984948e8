package dev.mydocker.cli;

import dev.mydocker.launch.Stdio;

/**
 * What a command is lent of this program's streams.
 *
 * @param tty whether it gets a terminal, as large as the user's
 * @param interactive whether it gets this program's input
 * @param stdout whether what it prints is seen here
 * @param stderr the same of its errors, which on a terminal are among the output
 */
record Streams(boolean tty, boolean interactive, boolean stdout, boolean stderr) {
  /** With both of its outputs. */
  Streams(boolean tty, boolean interactive) {
    this(tty, interactive, true, true);
  }

  /** Whether anything of it is seen here; without, nobody waits for its end. */
  boolean output() {
    return stdout || stderr;
  }

  private static final WindowSize UNKNOWN = new WindowSize(24, 80);

  /** What the command's standard streams are. */
  Stdio stdio() {
    if (!tty) {
      return new Stdio.Streams(interactive);
    }
    WindowSize size = WindowSize.ofProcess().orElse(UNKNOWN);
    return new Stdio.Terminal(size.rows(), size.columns());
  }
}
