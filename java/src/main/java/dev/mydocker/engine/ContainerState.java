package dev.mydocker.engine;

import java.util.Locale;

/** What a container is at, in Docker's words. */
public enum ContainerState {
  CREATED,
  RUNNING,
  PAUSED,
  RESTARTING,
  EXITED,
  /** Its record is damaged or missing: it can only be removed. */
  DEAD;

  /** The word: {@code running}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether its first process lives. */
  public boolean isRunning() {
    return this == RUNNING || this == PAUSED;
  }
}
