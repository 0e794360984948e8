package dev.mydocker.kernel;

/**
 * A thread's pause, interrupted or not: nothing that the engine waits for ends with an interrupt.
 */
public final class Pause {
  private Pause() {}

  /** Lets other threads and processes go on for {@code milliseconds}; less when a signal comes. */
  public static void milliseconds(int milliseconds) {
    Linux.poll(new int[0], new short[0], new short[0], milliseconds);
  }
}
