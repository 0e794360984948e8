package dev.mydocker.cli;

import dev.mydocker.image.PullListener;
import dev.mydocker.image.PushListener;
import java.util.Map;
import java.util.Optional;

/**
 * What a command works with.
 *
 * @param console where it prints
 * @param environment this process's environment, the global flags' values put into it
 */
record Session(Console console, Map<String, String> environment) {

  /** Shows a pull on the standard error: bars on a terminal, lines elsewhere. */
  PullListener pullProgress() {
    return progress(2, console::progressErr);
  }

  /** Shows a pull on the standard output. */
  PullListener pullProgressOnOutput() {
    return progress(1, console::progressOut);
  }

  /** Shows a push on the standard output. */
  PushListener pushProgressOnOutput() {
    Optional<WindowSize> size = WindowSize.of(1);
    return size.isPresent()
        ? new PushBars(console::progressOut, size.get().columns(), size.get().rows())
        : new PushLines(console::progressOut);
  }

  private static PullListener progress(int fd, PullLines.Writer writer) {
    Optional<WindowSize> size = WindowSize.of(fd);
    return size.isPresent()
        ? new PullBars(writer, size.get().columns(), size.get().rows())
        : new PullLines(writer);
  }
}
