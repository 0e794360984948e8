package dev.mydocker.engine;

import java.io.IOException;

/** This process has let go of a command that goes on. */
public final class DetachedException extends IOException {
  private static final long serialVersionUID = 1;

  DetachedException() {
    super("detached");
  }
}
