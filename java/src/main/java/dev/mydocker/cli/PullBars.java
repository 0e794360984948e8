package dev.mydocker.cli;

import dev.mydocker.image.PullListener;

/** A pull on a terminal. See {@link LayerBars}. */
final class PullBars implements PullListener {
  private final LayerBars bars;

  PullBars(PullLines.Writer writer, int columns, int rows) {
    this.bars = new LayerBars(writer, columns, rows);
  }

  @Override
  public void layer(String id, long total) {
    bars.add(id, total, "Pulling fs layer");
  }

  @Override
  public void alreadyExists(String id) {
    bars.state(id, "Already exists");
  }

  @Override
  public void progress(String id, long done) {
    bars.progress(id, "Downloading", done);
  }

  @Override
  public void verified(String id) {
    bars.state(id, "Download complete");
  }

  @Override
  public void unpacking(String id) {
    bars.state(id, "Extracting");
  }

  @Override
  public void done(String id) {
    bars.state(id, "Pull complete");
  }
}
