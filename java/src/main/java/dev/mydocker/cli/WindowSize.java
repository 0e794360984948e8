package dev.mydocker.cli;

import dev.mydocker.kernel.Linux;
import java.util.Optional;

/**
 * The size of a terminal in character cells.
 *
 * @param rows more than 0
 * @param columns more than 0
 */
record WindowSize(int rows, int columns) {

  /** The size of the terminal that {@code fd} is; empty when it is none or tells no size. */
  static Optional<WindowSize> of(int fd) {
    int[] size = new int[2];
    return Linux.getWindowSize(fd, size) < 0 || size[0] <= 0 || size[1] <= 0
        ? Optional.empty()
        : Optional.of(new WindowSize(size[0], size[1]));
  }

  /** The user's terminal: the output's, else the input's. */
  static Optional<WindowSize> ofProcess() {
    Optional<WindowSize> out = of(1);
    return out.isPresent() ? out : of(0);
  }
}
