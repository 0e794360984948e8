package dev.mydocker.explain;

import dev.mydocker.json.Json;
import dev.mydocker.launch.Recording;

/** Renders what a launch did. */
public final class Timeline {
  private Timeline() {}

  /** As text: one line a step, who, call, why, result, microseconds. */
  public static String text(Recording recording) {
    throw new UnsupportedOperationException();
  }

  /** As JSON: an array of steps. */
  public static Json json(Recording recording) {
    throw new UnsupportedOperationException();
  }

  /** As one self-contained HTML page. */
  public static String html(Recording recording) {
    throw new UnsupportedOperationException();
  }
}
