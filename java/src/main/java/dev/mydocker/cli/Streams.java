package dev.mydocker.cli;

import dev.mydocker.launch.Stdio;

/**
 * What a command is lent of this program's streams.
 *
 * @param tty whether it gets a terminal, as large as the user's
 * @param interactive whether it gets this program's input
 */
record Streams(boolean tty, boolean interactive) {
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
