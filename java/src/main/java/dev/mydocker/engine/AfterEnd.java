package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.launch.MonitorOptions;
import java.io.IOException;
import java.util.List;

/**
 * The program that a monitor becomes when its container has ended: it cleans up, and starts the
 * container again when its restart policy says so. Without it the next command cleans up; a
 * container that nobody asks for is cleaned up by it at once.
 */
public final class AfterEnd {
  private AfterEnd() {}

  /** The command line that runs it. */
  static List<String> command(Roots roots, String id) throws IOException {
    return OwnProgram.command(AfterEnd.class, roots, id);
  }

  /**
   * Cleans up; the lock on the run directory was handed over as a descriptor.
   *
   * @param arguments the state root, the run root, the container's id
   */
  public static void main(String[] arguments) throws IOException {
    Fd life = Fd.of(MonitorOptions.LIFE, "open", "life lock of " + arguments[2]);
    OwnProgram.engine(arguments).afterEnd(arguments[2], life);
  }
}
