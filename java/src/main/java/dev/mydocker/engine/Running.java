package dev.mydocker.engine;

import dev.mydocker.launch.Output;
import java.io.IOException;

/** A container whose command runs, as this process is attached to it. Safe for several threads. */
public final class Running implements AutoCloseable {

  Running() {}

  /** Sends input; waits while the container takes none. Does nothing once it has ended. */
  public void stdin(byte[] buffer, int offset, int length) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Ends the container's input. */
  public void closeStdin() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Gives its terminal another size. */
  public void resize(int rows, int columns) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Sends a signal to its first process. */
  public void signal(int number) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Passes its output on until it has ended, all of the output has come, and what it had of the
   * host (cgroup, run directory) is removed.
   */
  public Exit relay(Output output) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Lets go of it; one that still runs goes on. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
