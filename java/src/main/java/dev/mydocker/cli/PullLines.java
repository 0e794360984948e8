package dev.mydocker.cli;

import dev.mydocker.image.PullListener;

/** A pull as plain lines, one per event that a reader of a log wants. */
final class PullLines implements PullListener {
  private final Writer writer;

  /** Takes finished text. */
  @FunctionalInterface
  interface Writer {
    void write(String text);
  }

  PullLines(Writer writer) {
    this.writer = writer;
  }

  @Override
  public void layer(String id, long total) {
    line(id, "Pulling fs layer");
  }

  @Override
  public void alreadyExists(String id) {
    line(id, "Already exists");
  }

  @Override
  public void verified(String id) {
    line(id, "Download complete");
  }

  @Override
  public void done(String id) {
    line(id, "Pull complete");
  }

  private synchronized void line(String id, String state) {
    writer.write(id + ": " + state + "\n");
  }
}
