package dev.mydocker.cli;

import dev.mydocker.image.PushListener;

/** A push on a terminal. See {@link LayerBars}. */
final class PushBars implements PushListener {
  private final LayerBars bars;

  PushBars(PullLines.Writer writer, int columns, int rows) {
    this.bars = new LayerBars(writer, columns, rows);
  }

  @Override
  public void layer(String id, long total) {
    bars.add(id, total, "Preparing");
  }

  @Override
  public void waiting(String id) {
    bars.state(id, "Waiting");
  }

  @Override
  public void alreadyExists(String id) {
    bars.state(id, "Layer already exists");
  }

  @Override
  public void mounted(String id, String path) {
    bars.state(id, "Mounted from " + path);
  }

  @Override
  public void skipped(String id) {
    bars.state(id, "Skipped foreign layer");
  }

  @Override
  public void progress(String id, long done) {
    bars.progress(id, "Pushing", done);
  }

  @Override
  public void pushed(String id) {
    bars.state(id, "Pushed");
  }
}
