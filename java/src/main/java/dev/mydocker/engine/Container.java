package dev.mydocker.engine;

import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Stdio;
import java.io.IOException;

/** A container: its record on disk and what can be done with it. */
public final class Container {

  Container() {}

  /** 64 hexadecimal digits. */
  public String id() {
    throw new UnsupportedOperationException();
  }

  /** What it is called. */
  public String name() {
    throw new UnsupportedOperationException();
  }

  /**
   * Starts it; comes back when its command has been executed.
   *
   * @throws dev.mydocker.launch.LaunchException when a step failed; nothing of the launch is left
   */
  public Running start(Stdio stdio) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Everything recorded so far: registry calls, cgroup writes, the steps of M and I. */
  public Recording recording() {
    throw new UnsupportedOperationException();
  }

  /** Removes it, its record and what it wrote. */
  public void remove() throws IOException {
    throw new UnsupportedOperationException();
  }
}
